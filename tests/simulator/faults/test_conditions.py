"""Which receipts, requests and connections a mood applies to."""

import pytest
from pydantic import TypeAdapter

from recorder.simulator.faults.conditions import (
    Condition,
    ReceiptCondition,
    RequestCondition,
    SendableCloseCode,
)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (True, Condition()),
        (None, Condition()),
        (0.5, Condition(probability=0.5)),
        ({"nth": 3}, Condition(nth=3)),
        (Condition(first=2), Condition(first=2)),
    ],
)
def test_a_bare_value_stands_for_the_short_key(given, meant):
    assert Condition.model_validate(given) == meant


@pytest.mark.parametrize("given", [{"nth": 0}, {"first": 0}, {"nth": 1, "first": 1}, 1.1, -0.1, "often", [1]])
def test_an_invalid_condition_is_refused(given):
    with pytest.raises(ValueError):
        Condition.model_validate(given)


@pytest.mark.parametrize(
    ("whose", "status", "concerned"),
    [
        ("agent", None, {"agent READ", "agent ACCEPT"}),
        ("consumer", None, {"consumer READ", "consumer ACCEPT"}),
        ("everybody", "READ", {"agent READ", "consumer READ"}),
        ("agent", "NACK", set()),
    ],
)
def test_receipts_are_chosen_by_side_and_status(whose, status, concerned):
    """A survey bot, a manager and the system are on the agent's side."""
    mood = ReceiptCondition(whose=whose, status=status)
    sides = {"agent": ("ASSIGNED_AGENT", "AGENT", "CONTROLLER", "MANAGER"), "consumer": ("CONSUMER",)}
    for side, roles in sides.items():
        for role in roles:
            for given in ("READ", "ACCEPT"):
                assert mood.matches(role=role, status=given) is (f"{side} {given}" in concerned)


@pytest.mark.parametrize(
    ("to", "event", "concerned"),
    [
        (None, None, ["publish text", "publish receipt", "clock"]),
        ("PublishEvent", None, ["publish text", "publish receipt"]),
        (".ams.ms.PublishEvent", "AcceptStatusEvent", ["publish receipt"]),
        (None, "ContentEvent", ["publish text"]),
        ("GetClock", None, ["clock"]),
    ],
)
def test_requests_are_chosen_by_type_and_event(to, event, concerned):
    asked = {
        "publish text": ("ms.PublishEvent", "ContentEvent"),
        "publish receipt": ("ms.PublishEvent", "AcceptStatusEvent"),
        "clock": ("GetClock", None),
    }
    mood = RequestCondition(to=to, event=event)
    assert [name for name, request in asked.items() if mood.matches(*request)] == concerned


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4401, 4407, 4999])
def test_sendable_close_codes_are_accepted(code):
    assert TypeAdapter(SendableCloseCode).validate_python(code) == code


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2999, 5000])
def test_close_codes_that_cannot_be_sent_are_refused(code):
    with pytest.raises(ValueError, match="cannot be sent"):
        TypeAdapter(SendableCloseCode).validate_python(code)
