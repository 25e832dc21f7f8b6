"""Problems are collected once each, and raised together in the order of lines."""

from __future__ import annotations

import pytest

from recorder.documents import Problems
from recorder.documents.problems import MOST_PROBLEMS
from recorder.errors import BadScript


def problem(line: int | None, text: str = "wrong", file: str = "s.yaml") -> BadScript:
    return BadScript(file, text, line=line)


def raised(problems: Problems) -> list[str]:
    with pytest.raises(BadScript) as refused:
        problems.raise_if_any()
    return [str(each) for each in (refused.value, *refused.value.others)]


def test_problems_are_raised_in_the_order_of_lines_those_of_other_files_last():
    problems = Problems("s.yaml")
    problems.add([problem(1, file="other.yaml"), problem(10), problem(9)])
    problems.add([problem(None), problem(9)])
    assert raised(problems) == [
        "s.yaml: wrong",
        "s.yaml, line 9: wrong",
        "s.yaml, line 10: wrong",
        "other.yaml, line 1: wrong",
    ]


def test_an_attempt_that_fails_adds_its_problem_and_all_others():
    def read() -> int:
        inner = Problems("s.yaml")
        inner.add([problem(2), problem(1)])
        inner.raise_if_any()
        return 1

    problems = Problems("s.yaml")
    problems.raise_if_any()
    assert (problems.attempt(lambda: 7), len(problems)) == (7, 0)
    assert (problems.attempt(read), len(problems)) == (None, 2)


def test_reading_ends_at_the_hundredth_problem():
    problems = Problems("s.yaml")
    with pytest.raises(BadScript) as refused:
        problems.add(problem(line) for line in range(1, 10 * MOST_PROBLEMS))
    assert len(refused.value.others) == MOST_PROBLEMS - 1
