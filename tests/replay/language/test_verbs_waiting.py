"""Verbs that wait for something to be so, or not to be so."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from recorder.replay.language.verbs_waiting import (
    AwaitVerb,
    ExpectVerb,
    KeepAliveVerb,
    MessageFilter,
    WaitVerb,
)


@pytest.mark.parametrize(
    "given",
    [
        {"message": "last_sent", "status": "read"},
        {"message": 3, "receipt": {"status": "READ", "by": "agent"}},
        {"message": "last_received", "text": "hi"},
        {"message": {"from": "agent", "matching": "x"}},
        {"message": {"from": "agent"}, "status": "read"},
        {"answer": 400},
        {"close": 4401},
        {"close": "any"},
        {"close": {"code": 1000, "by": "service"}},
        {"close": {}},
        {"not": {"message": {"from": "agent"}}, "for": "2s"},
        {"not": {"message": "last_sent", "status": "read"}, "for": "2s"},
        {"not": {"close": "any"}, "for": "2s"},
    ],
    ids=str,
)
def test_expect_takes_exactly_one_condition(given):
    ExpectVerb.model_validate(given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "say what of"),
        ({"message": "last_sent"}, "status: or receipt:, one of them"),
        ({"message": "last_sent", "status": "read", "text": "x"}, "one of them"),
        ({"message": "last_sent", "answer": 200}, "answer: stands alone"),
        ({"close": 4401, "status": "read"}, "close: stands alone"),
        ({"close": 4401, "answer": 200}, "stands alone"),
        ({"close": "soon"}, "a close code like 4401"),
        ({"close": True}, "a close code like 4401"),
        ({"close": 99}, "greater than or equal"),
        ({"not": {"message": {}}}, "not: needs for:"),
        ({"answer": 200, "for": "2s"}, "for: belongs to not:"),
        ({"not": {"message": {}}, "for": "1s", "within": "1s"}, "not: has for:"),
        ({"not": {}, "for": "1s"}, "say what must not happen"),
        ({"not": {"message": "last_sent"}, "for": "1s"}, "status: or receipt:"),
        ({"not": {"close": "any", "status": "read"}, "for": "1s"}, "one of them"),
        ({"message": {"form": "agent"}}, "form"),
    ],
    ids=str,
)
def test_expect_refuses_none_or_two_conditions(given, says):
    with pytest.raises(ValidationError, match=says):
        ExpectVerb.model_validate(given)


def test_a_message_is_named_or_described():
    named = ExpectVerb.model_validate({"message": "last_sent", "status": "read"})
    described = ExpectVerb.model_validate({"message": {"nth": 2}})
    assert (named.reference, named.message_filter) == ("last_sent", None)
    assert (described.reference, described.message_filter) == (None, MessageFilter(nth=2))


def test_expected_close_code_may_be_any():
    assert ExpectVerb.model_validate({"close": "any"}).close.code is None
    assert ExpectVerb.model_validate({"close": {"code": "any", "by": "client"}}).close.by == "client"


def test_wait_takes_a_random_delay():
    assert WaitVerb.model_validate("1s..2s").duration.bounds_s[0] == 1.0
    assert AwaitVerb.model_validate(None).message == MessageFilter()
    assert KeepAliveVerb.model_validate({"as": "clock"}).as_ == "clock"
