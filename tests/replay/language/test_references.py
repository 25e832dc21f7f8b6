"""What stands between ${ and } is filled in when the step is played, whatever is around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.replay.language.references import (
    Reference,
    as_text,
    fill,
    fill_value,
    parse_reference,
    references_in,
    references_too_early,
)
from recorder.replay.language.script import load
from recorder.replay.language.verbs import AwaitVerb, SayVerb

FOUND = {"q": {"text": "Hello", "sequence": 3, "body": {"a": [1, None]}}}


def find(reference: Reference) -> object:
    value: object = FOUND[reference.name]
    for part in reference.path:
        value = value[part]  # type: ignore[index]
    return value


def step(text: str, **variables: str):
    head = "steps:\n- await: {as: q}\n- keep_alive: {as: clock}\n"
    return load(head + text, file="s.yaml", variables=variables).steps[2]


@pytest.mark.parametrize(
    ("inside", "reference"),
    [
        ("q.text", Reference("q", ("text",))),
        ("opened.body.conversationId", Reference("opened", ("body", "conversationId"))),
        ("a-1.body.0.x", Reference("a-1", ("body", "0", "x"))),
        ("NAME", None),
        ("NAME:-a.b", None),
        ("q.", None),
        (".q", None),
        ("1.a", None),
    ],
)
def test_a_reference_is_a_name_and_a_path(inside, reference):
    assert parse_reference(inside) == reference
    if reference is not None:
        assert str(reference) == f"${{{inside}}}"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("${q.text}", "Hello"),
        ("You said ${q.text}, #${q.sequence}.", "You said Hello, #3."),
        ("$${q.text} is ${q.text}", "${q.text} is Hello"),
        ("${X}${q.text}", "$Hello"),
        ("${Y}${q.text}", "${q.text}Hello"),
        ("${X}{q.text} ${q.text}", "${q.text} Hello"),
    ],
)
def test_references_are_filled_in_and_nothing_else_is_touched(written, said):
    """What came out of a variable is text, even if it looks like a mark or makes one with its neighbours."""
    one = step(f"- say: '{written}'", X="$", Y="${q.text}")
    assert one.references
    assert fill(one.arguments, find).text == said


def test_a_text_without_references_is_final():
    one = step("- say: 'a $${q.text} b'")
    assert one.references == ()
    assert one.arguments.text == "a ${q.text} b"


def test_in_an_envelope_a_reference_alone_keeps_its_type():
    one = step('- send: {n: "${q.sequence}", t: "#${q.sequence}", l: ["${q.text}"]}')
    assert fill(one.arguments, find).envelope == {"n": 3, "t": "#3", "l": ["Hello"]}
    assert fill_value(one.arguments.envelope["n"], find) == 3


def test_references_in_a_message_filter_are_filled_in():
    one = step('- await: {message: {from: "${q.text}", nth: 2}}')
    filled = fill(one.arguments, find)
    assert isinstance(filled, AwaitVerb)
    assert (filled.message.from_, filled.message.nth) == ("Hello", 2)


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (3, "3"), (None, "null"), (True, "true"), ({"a": [1]}, '{"a":[1]}')]
)
def test_values_in_texts_are_as_json_writes_them(value, text):
    assert as_text(value) == text


def test_references_are_found_in_order_at_any_depth():
    one = step('- send: {a: ["${q.text}", {b: "x${q.sequence}y${q.text}"}]}')
    found = [str(reference) for reference in references_in(one.arguments)]
    assert found == ["${q.text}", "${q.sequence}", "${q.text}"]


def test_references_too_early_names_the_argument():
    late = step('- say: "${q.text}"').arguments.text
    assert [key for key, _ in references_too_early(SayVerb, {"text": late, "within": late})] == ["within"]
    assert list(references_too_early(SayVerb, late)) == []


@given(st.text(alphabet="ab $\\{}.q", max_size=30))
def test_text_without_references_is_left_alone(text):
    assert fill_value(text, find) == text
