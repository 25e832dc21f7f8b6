"""What all verbs share: short forms, names, references to messages."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from pydantic import TypeAdapter, ValidationError

from recorder.documents import Duration
from recorder.replay.language.verb_model import (
    ConsumerName,
    ConsumerVerb,
    DelayOrNever,
    FirstSequence,
    MessageName,
    MessageReference,
    MessageReferences,
    Pattern,
    ReceiptStatus,
    Verb,
    accepts,
    has_key,
    has_none_of,
    is_name,
)


class Wave(ConsumerVerb):
    """A verb with a short form."""

    short: ClassVar[str | None] = "hand"
    hand: str = "left"


class Nod(Verb):
    """A verb that says nothing more."""


def test_a_bare_value_fills_the_short_field():
    assert Wave.model_validate("right") == Wave.model_validate({"hand": "right"})
    assert Wave.model_validate(None).hand == "left"
    assert Wave.model_validate({"consumer": "ben"}).consumer == "ben"


def test_a_verb_without_a_short_form_says_so():
    with pytest.raises(ValidationError, match="it takes no value here"):
        Nod.model_validate(3)


def test_needs_no_arguments_if_all_have_defaults():
    assert accepts(Wave, None)
    assert not accepts(type("Point", (Verb,), {"__annotations__": {"at": str}, "__doc__": "."}), None)


@pytest.mark.parametrize(
    ("kind", "given", "read"),
    [
        (MessageName, "question-2", "question-2"),
        (MessageName, "größe", "größe"),
        (ConsumerName, "anna", "anna"),
        (MessageReference, 3, 3),
        (MessageReference, "last_sent", "last_sent"),
        (MessageReferences, ["a", 0], ("a", 0)),
        (MessageReferences, "a", "a"),
        (ReceiptStatus, "read", "READ"),
        (DelayOrNever, "never", "never"),
        (DelayOrNever, "1s", Duration(1)),
        (FirstSequence, "last", "last"),
        (FirstSequence, 0, 0),
        (Pattern, "a|b", "a|b"),
    ],
)
def test_shared_field_types_accept_valid_values(kind: Any, given: object, read: object):
    assert TypeAdapter(kind).validate_python(given) == read


@pytest.mark.parametrize(
    ("kind", "given", "says"),
    [
        (MessageName, "2nd", "begins with a letter"),
        (MessageName, "last_sent", "names a message already"),
        (MessageName, "round", "has a meaning in"),
        (MessageName, 5, "a name is letters"),
        (ConsumerName, "a b", "a consumer's name is letters"),
        (MessageReference, -1, "a message is a name"),
        (MessageReference, True, "a message is a name"),
        (MessageReferences, [], "the list of messages is empty"),
        (MessageReferences, ["a", "a"], '"a" is in the list twice'),
        (MessageReferences, ["a", None], "a message is a name"),
        (ReceiptStatus, "a b", "a word like ACCEPT"),
        (DelayOrNever, "soon", "is no duration"),
        (FirstSequence, "first", "history begins at a sequence"),
        (FirstSequence, -1, "history begins at a sequence"),
        (Pattern, "(a", "is no regular expression"),
    ],
)
def test_shared_field_types_refuse_other_values(kind: Any, given: object, says: str):
    with pytest.raises(ValidationError, match="(?s)" + says):
        TypeAdapter(kind).validate_python(given)


@pytest.mark.parametrize(
    ("given", "ok"), [("a", True), ("a-1_b", True), ("1a", False), ("", False), (1, False)]
)
def test_a_name_begins_with_a_letter(given: object, ok: bool):
    assert is_name(given) is ok


def test_has_key_and_has_none_of_treat_null_as_absent():
    """As the loader does."""
    from jsonschema import Draft202012Validator

    for given, has in (({"a": 1}, True), ({"a": None}, False), ({}, False)):
        assert Draft202012Validator(has_key("a")).is_valid(given) is has
        assert Draft202012Validator(has_none_of("a")).is_valid(given) is not has
