"""What nobody described, and who we are."""

from __future__ import annotations

import pytest

V, S, N = "violated", "satisfied", "not-observable"
ME, AGENT = "consumer-1", "agent-1"

CASES = [
    ("unreadable-payload", "text", lambda s: s.raw(b"hello", from_client=False), [V]),
    ("unreadable-payload", "an array", lambda s: s.raw(b"[1]", from_client=True), [V]),
    ("unreadable-payload", "readable", lambda s: s.say(), [S]),
    ("malformed-envelope", "a change without an event", lambda s: s.notify({}), [V]),
    (
        "malformed-envelope",
        "a message without a dialog",
        lambda s: s.notify(
            {"sequence": 1, "originatorId": "a", "event": {"type": "ContentEvent", "message": "x"}}
        ),
        [V],
    ),
    ("malformed-envelope", "a time in seconds", lambda s: s.message(1, ms=1_700_000_000), [V]),
    ("malformed-envelope", "fine", lambda s: s.message(1), [S]),
    (
        "malformed-envelope",
        "unreadable is for another rule",
        lambda s: s.raw(b"hello", from_client=False),
        [S],
    ),
    ("undescribed", "a new event", lambda s: s.notify(s.change(1, AGENT, {"type": "WinkEvent"})), [V]),
    ("undescribed", "a new request", lambda s: s.request("ms.Wink"), [V]),
    ("undescribed", "known", lambda s: s.message(1), [S]),
    ("several-ids", "one", lambda s: (s.i_am(), s.say()), [S]),
    ("several-ids", "none is told", lambda s: s.message(1), [N]),
    ("several-ids", "two tokens", lambda s: (s.i_am("a"), s.on(2).i_am("b")), [V]),
    (
        "several-ids",
        "two consumers in one conversation",
        lambda s: (
            s.i_am("b"),
            s.snapshot("a", AGENT, roles=("CONSUMER", "ASSIGNED_AGENT")),
            s.snapshot("b", AGENT, roles=("CONSUMER", "ASSIGNED_AGENT")),
        ),
        [V],
    ),
]


@pytest.mark.parametrize(
    ("rule", "story", "outcomes"), [pytest.param(r, s, o, id=f"{r}: {name}") for r, name, s, o in CASES]
)
def test_strange_things(session, rule, story, outcomes):
    story(session)
    assert session.outcomes(rule) == outcomes


def test_what_is_alike_is_one_finding_with_all_its_frames(session):
    frames = [session.request("ms.Wink", id=number) for number in range(3)]
    (finding,) = session.check("undescribed")
    assert finding.frames == tuple(frames)
    assert finding.sentence.endswith("(3 times)")


def test_several_ids_names_the_first_frame_of_each_id(session):
    """A token in the headers is in no frame; what the id says later is."""
    session.i_am("guest")
    echo = session.message(0, by="guest")
    session.message(1, by="guest")
    session.on(2).i_am("anna")
    (finding,) = session.check("several-ids")
    assert finding.frames == (echo,)
