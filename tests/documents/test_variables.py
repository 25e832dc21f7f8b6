"""Variables are filled in once, where text stands, and missed with their line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.documents import (
    DEFERRED_REFERENCE,
    read_document,
    restore_references,
    substitute,
    substitute_known,
)
from recorder.errors import BadScript

GIVEN = {"NAME": "Ada", "EMPTY": "", "TRICKY": "${NAME}", "_x9": "ok"}


def filled(text: str) -> str:
    document = read_document("a: x", file="f.yaml")._replace(value={"a": text})
    return substitute(document, GIVEN).value["a"]


@pytest.mark.parametrize("text", ["${NAME", "Hi ${", "${a${NAME}", "${a{b}}"])
def test_an_unclosed_variable_is_refused(text):
    """A brace that was forgotten must not reach the other side."""
    with pytest.raises(BadScript, match="is not closed with }"):
        filled(text)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("${NAME}", "Ada"),
        ("Hi ${NAME}, ${NAME}!", "Hi Ada, Ada!"),
        ("${NOPE:-somebody}", "somebody"),
        ("${NOPE:-}", ""),
        ("${NOPE:-a:-b}", "a:-b"),
        ("${NAME:-somebody}", "Ada"),
        ("${EMPTY:-somebody}", ""),
        ("$${NAME}", "${NAME}"),
        ("$NAME {NAME} $", "$NAME {NAME} $"),
        ("${_x9}", "ok"),
        ("$${", "${"),
        ("$${${NAME}", "${Ada"),
        ("$$NAME", "$$NAME"),
    ],
)
def test_variables_are_filled_in(text, result):
    assert filled(text) == result


def test_values_of_variables_are_not_expanded():
    """S19: no recursion."""
    assert filled("${TRICKY}") == "${NAME}"


def test_an_undefined_variable_is_named_with_its_line():
    document = read_document('a: 1\nsteps:\n- say: "Hello ${NOPE}"', file="f.yaml")
    with pytest.raises(BadScript) as missed:
        substitute(document, GIVEN)
    assert str(missed.value) == "f.yaml, line 3, step 1 (say): the variable NOPE is not set"
    assert "${NOPE:-…}" in (missed.value.hint or "")


@pytest.mark.parametrize("text", ["${}", "${a b}", "${9a}", "${NAME:+x}", "${NÄME}"])
def test_what_is_no_variable_is_refused(text):
    with pytest.raises(BadScript, match="is no variable"):
        filled(text)


def test_only_the_part_asked_for_is_filled_in():
    document = read_document("a: ${NOPE}\nb: [{c: '${NAME}'}]", file="f.yaml")
    assert substitute(document, GIVEN, at=("b",)).value == {"a": "${NOPE}", "b": [{"c": "Ada"}]}
    assert document.value["b"] == [{"c": "${NAME}"}], "the document itself is left alone"


def deferred(text: str, **variables: str) -> str:
    document = read_document("a: x", file="f.yaml")._replace(value={"a": text})
    return substitute(document, variables, is_reference=lambda inside: "." in inside).value["a"]


def test_references_are_marked_apart_from_other_text():
    assert DEFERRED_REFERENCE.findall(deferred("a ${b.c} $${d.e} ${X}{f.g}", X="$")) == ["b.c"]
    assert DEFERRED_REFERENCE.sub("!", deferred("a ${b.c} $${d.e} ${X}{f.g}", X="$")) == "a ! ${d.e} ${f.g}"
    assert DEFERRED_REFERENCE.sub("!", deferred("${X}${b.c}", X="${d.e}")) == "${d.e}!"
    assert restore_references(deferred("a ${b.c}")) == "a ${b.c}"


@pytest.mark.parametrize("text", ["\ufdd0", "\ufdd1", "${NAME}"])
def test_reference_marks_cannot_be_forged(text):
    with pytest.raises(BadScript, match="are no characters"):
        deferred(text, NAME="\ufdd0b.c\ufdd1")


@given(st.text(alphabet="ab ${}:-N", max_size=30))
def test_text_without_a_dollar_and_brace_is_left_alone(text):
    if "${" not in text:
        assert filled(text) == text


def test_texts_that_cannot_be_filled_in_stay_and_say_why():
    """A variable that several texts lack is one problem, and the only one of each of them."""
    document = read_document("a: ${NOPE} ${NAME} ${NONE}\nb: ['${NAME}', '${NOPE}']\nc: ${\n", file="f.yaml")
    known = substitute_known(document, GIVEN)
    assert known.value == {"a": "${NOPE} ${NAME} ${NONE}", "b": ["Ada", "${NOPE}"], "c": "${"}
    assert {path: each.problem for path, each in known.unfilled.items()} == {
        ("a",): "the variable NOPE is not set",
        ("b", 1): "the variable NOPE is not set",
        ("c",): "a ${ is not closed with }",
    }
    assert [each.problem for each in known.unfilled["a",].others] == ["the variable NONE is not set"]
    assert known.error(("b", 1), "it is too long") is known.unfilled["b", 1]
    assert known.error(("b", 0), "it is too long").problem == "it is too long"
