"""Where a value stands, and what people call the place."""

from __future__ import annotations

import pytest

from recorder.documents import read_document

DOCUMENT = read_document(
    "steps:\n"
    "- say: hi\n"
    "- open_conversation\n"
    "- [x]\n"
    "agent:\n"
    "- on: message\n"
    "  do:\n"
    "  - say: a\n"
    "    after: 1s\n"
    "more: [1]\n",
    file="f.yaml",
)


@pytest.mark.parametrize(
    ("path", "line", "step"),
    [
        pytest.param((), 1, None, id="the whole"),
        pytest.param(("steps",), 1, None, id="a section"),
        pytest.param(("steps", 0), 2, "step 1 (say)", id="a step"),
        pytest.param(("steps", 0, "say"), 2, "step 1 (say)", id="inside a step"),
        pytest.param(("steps", 1), 3, "step 2 (open_conversation)", id="a bare verb"),
        pytest.param(("steps", 2), 4, "step 3", id="no verb"),
        pytest.param(("agent", 0), 6, "rule 1", id="a rule"),
        pytest.param(("agent", 0, "do", 0, "after"), 9, "rule 1, action 1 (say)", id="an action"),
        pytest.param(("more", 0), 10, "entry 1", id="any list"),
        pytest.param(
            ("steps", 0, "nowhere", 3), 2, "step 1 (say), entry 4", id="not there: what is around it"
        ),
    ],
)
def test_a_path_has_a_line_and_a_step_name(path, line, step):
    error = DOCUMENT.error(path, "wrong", hint="right")
    assert (error.file, error.line, error.step, error.problem, error.hint) == (
        "f.yaml",
        line,
        step,
        "wrong",
        "right",
    )


def test_a_list_at_the_top_is_a_list_of_rules():
    assert read_document("- on: message", file="agent.yaml").step((0,)) == "rule 1"


def test_values_are_found_by_path():
    assert DOCUMENT.at(("agent", 0, "do", 0, "after")) == "1s"
    with pytest.raises(LookupError):
        DOCUMENT.at(("agent", 7))
