"""Which occasions a mood takes, and of what."""

import pytest
from pydantic import TypeAdapter

from recorder.simulator.faults.conditions import Chance, OfReceipts, OfRequests, SendableCloseCode


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (True, Chance()),
        (None, Chance()),
        (0.5, Chance(probability=0.5)),
        ({"nth": 3}, Chance(nth=3)),
        (Chance(first=2), Chance(first=2)),
    ],
)
def test_a_bare_value_stands_for_what_a_mood_needs_most(given, meant):
    assert Chance.model_validate(given) == meant


@pytest.mark.parametrize("given", [{"nth": 0}, {"first": 0}, {"nth": 1, "first": 1}, 1.1, -0.1, "often", [1]])
def test_what_is_no_chance_is_refused(given):
    with pytest.raises(ValueError):
        Chance.model_validate(given)


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
    mood = OfReceipts(whose=whose, status=status)
    sides = {"agent": ("ASSIGNED_AGENT", "AGENT", "CONTROLLER", "MANAGER"), "consumer": ("CONSUMER",)}
    for side, roles in sides.items():
        for role in roles:
            for given in ("READ", "ACCEPT"):
                assert mood.concerns(role=role, status=given) is (f"{side} {given}" in concerned)


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
    mood = OfRequests(to=to, event=event)
    assert [name for name, request in asked.items() if mood.concerns(*request)] == concerned


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4401, 4407, 4999])
def test_what_a_close_frame_may_carry_may_be_asked_for(code):
    assert TypeAdapter(SendableCloseCode).validate_python(code) == code


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2999, 5000])
def test_what_it_may_not_carry_is_refused(code):
    with pytest.raises(ValueError, match="cannot be sent"):
        TypeAdapter(SendableCloseCode).validate_python(code)
