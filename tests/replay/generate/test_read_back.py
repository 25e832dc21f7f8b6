"""Parts of a script, read back one by one."""

from __future__ import annotations

import pytest

from recorder.errors import BadScript
from recorder.replay.generate.read_back import ANY_VARIABLE, ReadBack, read_steps


@pytest.mark.parametrize(
    "line",
    [
        "- open_conversation",
        "- say: Hi ${ANY} $${x",
        "- send: {kind: req, id: '${conversation.id}'}",
        "- wait: 2s",
    ],
)
def test_a_step_that_loads_has_no_problem(line):
    assert ReadBack().step(line) is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("- wait: 31d", "31d"),
        ("- say: ${x.text}", 'unknown name "x"'),
        ("- read: nothing", 'unknown message "nothing"'),
        ("- send: {a: " + "[" * 70 + "]" * 70 + "}", "nested deeper"),
        ('- say: "\\uFDD0"', "no characters"),
        ('- say: "\\uD800"', "surrogate"),
        ("- say: [", "bracket"),
    ],
)
def test_why_a_step_does_not_load_is_told(line, problem):
    assert problem in (ReadBack().step(line) or "")


def test_a_name_is_known_behind_the_step_that_gives_it_and_given_once():
    read_back = ReadBack()
    assert read_back.step("- read: hello") is not None
    assert read_back.step("- say: {text: Hi, as: hello}") is None
    assert read_back.step("- read: hello") is None
    assert "given already" in (read_back.step("- say: {text: Hi, as: hello}") or "")


def test_a_step_that_does_not_load_gives_no_name():
    read_back = ReadBack()
    assert read_back.step("- say: {text: '${x.text}', as: hello}") is not None
    assert read_back.step("- read: hello") is not None


def test_the_other_sections_are_read_by_who_knows_them():
    asked: list[str] = []

    def read(text: str) -> None:
        asked.append(text)
        read_steps(text)
        if "shout" in text:
            raise BadScript("x", "there is no such verb")

    read_back = ReadBack(read)
    assert read_back.agent_action("say: Hi") is None
    assert read_back.agent_action("shout: Hi") == "there is no such verb"
    assert read_back.consumer_setting("brand: x") is None
    assert "skin" in (read_back.consumer_setting("skin: x") or "")
    assert read_back.section("name: [") is not None
    assert len(asked) == 5


def test_without_a_reader_everything_is_taken_to_load():
    trusting = ReadBack(None)
    assert trusting.step("- nothing") is None
    assert trusting.agent_action("[") is None


def test_every_variable_is_set():
    assert "ANY" in ANY_VARIABLE
    assert ANY_VARIABLE["ANY"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("- say: [", None),
        (f"- say: {'x' * 200_000}", None),
        (f"- say: {'x' * 1_100_000}", "are the limit"),
        (f"- say: [{'x, ' * 100_001}]", "more than 100,000 values"),
        (f"- say: [{'x' * 100_000}", None),
    ],
    ids=["broken", "large", "too long", "too many values", "large and broken"],
)
def test_without_reading_only_what_is_too_large_alone_is_found(line, problem):
    for told in (ReadBack(None).step(line), ReadBack(None).section(line)):
        assert told is None if problem is None else problem in told
