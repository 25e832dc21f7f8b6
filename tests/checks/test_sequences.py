"""The numbers of a dialog: one content each, no gaps, rising."""

from __future__ import annotations

import json

import pytest

V, S, N = "violated", "satisfied", "not-observable"
ME, AGENT = "consumer-1", "agent-1"

CASES = [
    ("conflicting-content", "replayed", lambda s: (s.message(1), s.message(1)), [S]),
    ("conflicting-content", "another text", lambda s: (s.message(1), s.message(1, text="ho")), [V]),
    ("conflicting-content", "another author", lambda s: (s.message(1), s.message(1, by=ME)), [V]),
    (
        "conflicting-content",
        "another dialog",
        lambda s: (s.message(1), s.message(1, text="ho", dialog="e")),
        [S],
    ),
    (
        "conflicting-content",
        "a message and a receipt",
        lambda s: (s.message(1), s.receipt("READ", 0, own=1)),
        [V],
    ),
    (
        "conflicting-content",
        "a receipt replayed",
        lambda s: (s.receipt("READ", 0, own=1), s.receipt("READ", 0, own=1)),
        [S],
    ),
    (
        "conflicting-content",
        "two receipts",
        lambda s: (s.receipt("READ", 0, own=1), s.receipt("ACCEPT", 0, own=1)),
        [V],
    ),
    (
        "conflicting-content",
        "receipts without numbers",
        lambda s: (s.receipt("READ", 0), s.receipt("READ", 1)),
        [],
    ),
    (
        "conflicting-content",
        "an answer is no announcement",
        lambda s: (s.answer(s.say("a"), 1), s.message(1, text="b")),
        [S],
    ),
    ("echo-differs", "the same", lambda s: s.own("hi", 1), [S]),
    ("echo-differs", "masked", lambda s: (s.answer(s.say("4111"), 1), s.message(1, by=ME, text="****")), [V]),
    ("echo-differs", "no echo", lambda s: s.answer(s.say("hi"), 1), []),
    (
        "sequence-gap",
        "explained by a receipt",
        lambda s: (s.message(0), s.receipt("READ", 0, own=1), s.message(2)),
        [S],
    ),
    ("sequence-gap", "unexplained", lambda s: (s.message(0), s.message(2)), [V]),
    (
        "sequence-gap",
        "explained by an answer",
        lambda s: (s.message(0), s.answer(s.give("READ", 0), 1), s.message(2)),
        [S],
    ),
    ("sequence-gap", "begins later", lambda s: (s.message(7), s.message(8)), [S]),
    ("sequence-gap", "each dialog for itself", lambda s: (s.message(0), s.message(1, dialog="e")), [S]),
    (
        "sequence-gap",
        "a snapshot shows the last one alone",
        lambda s: (s.message(0), s.message(1), s.snapshot(last=s.content(9)), s.snapshot(last=s.content(12))),
        [S],
    ),
    (
        "sequence-gap",
        "a snapshot closes one",
        lambda s: (s.message(0), s.snapshot(last=s.content(1)), s.message(2)),
        [S],
    ),
    (
        "sequence-gap",
        "nothing but snapshots",
        lambda s: (s.snapshot(last=s.content(0)), s.snapshot(last=s.content(9))),
        [],
    ),
    (
        "out-of-order",
        "a snapshot before its history",
        lambda s: (s.snapshot(last=s.content(2)), s.message(1)),
        [S],
    ),
    (
        "conflicting-content",
        "a snapshot shows another",
        lambda s: (s.message(0, text="a"), s.snapshot(last=s.content(0, text="b"))),
        [V],
    ),
    (
        "conflicting-content",
        "a snapshot shows it again",
        lambda s: (s.message(0), s.snapshot(last=s.content(0))),
        [S],
    ),
    ("out-of-order", "rising", lambda s: (s.message(0), s.message(1)), [S]),
    ("out-of-order", "falling", lambda s: (s.message(2), s.message(1)), [V]),
    ("out-of-order", "replayed", lambda s: (s.message(1), s.message(2), s.message(1)), [S]),
    (
        "out-of-order",
        "history after a subscription",
        lambda s: (s.message(2), s.subscribe(), s.message(1)),
        [S],
    ),
    ("out-of-order", "on another connection", lambda s: (s.message(2), s.on(2).message(1)), [S]),
    (
        "out-of-order",
        "a receipt overtakes its message",
        lambda s: (s.receipt("READ", 1, own=2), s.message(1)),
        [V],
    ),
    (
        "out-of-order",
        "together in one frame",
        lambda s: s.notify(*(s.change(n, AGENT, {"type": "ContentEvent", "message": "x"}) for n in (2, 1))),
        [S],
    ),
    (
        "server-time-backwards",
        "rising",
        lambda s: (s.message(0, ms=1_700_000_000_000), s.message(1, ms=1_700_000_000_000)),
        [S],
    ),
    (
        "server-time-backwards",
        "falling",
        lambda s: (s.message(0, ms=1_700_000_000_001), s.message(1, ms=1_700_000_000_000)),
        [V],
    ),
    ("server-time-backwards", "none", lambda s: s.message(0, ms=None), [N]),
    (
        "server-time-backwards",
        "numbered anew after a reconnect",
        lambda s: [
            s.message(n, text=f"{life} {n}", ms=1_700_000_000_000 + life * 900_000 + n)
            for life in range(2)
            for n in range(3)
        ],
        [S],
    ),
]


@pytest.mark.parametrize(
    ("rule", "story", "outcomes"), [pytest.param(r, s, o, id=f"{r}: {name}") for r, name, s, o in CASES]
)
def test_the_numbers_of_a_dialog(session, rule, story, outcomes):
    story(session)
    assert session.outcomes(rule) == outcomes


def test_a_gap_says_what_is_missing_and_what_explains_the_rest(session):
    first = session.message(0)
    session.receipt("READ", 0, by="bot", own=1)
    session.receipt("READ", 4, by="bot", own=7)
    session.message(9)
    (finding,) = session.check("sequence-gap")
    assert finding.sentence.startswith(
        "between 0 and 9, 6 numbers were not seen: 2–6, 8; of those seen, receipts took 1, 7"
    )
    assert "receipts name 4" in finding.sentence
    assert "lost; fetching again" in finding.sentence
    assert first not in finding.frames


def fetched(s, *announcement, kind=".ams.ms.QueryMessages"):
    """A history that was asked for, with these messages in it."""
    change = {"dialogId": "d", "originatorId": "a", "serverTimestamp": 1_700_000_000_000}
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}
    ask = s.request(kind, {"dialogId": "d", "newerThanSequence": 0})
    body = [{**change, "sequence": sequence, "event": event} for sequence in announcement]
    raw = {
        "kind": "resp",
        "reqId": s._request_ids[ask],
        "code": 200,
        "type": f"{kind}$Response",
        "body": body,
    }
    s.raw(json.dumps(raw).encode(), from_client=False)


@pytest.mark.parametrize(
    ("story", "found"),
    [
        pytest.param(lambda s: fetched(s, 1, 2), [(V, 0)], id="fetched from 1 on"),
        pytest.param(lambda s: fetched(s, 0, 1), [(S, None)], id="fetched from 0 on"),
        pytest.param(lambda s: fetched(s, 5, 6), [(S, None)], id="a later piece was asked for"),
        pytest.param(lambda s: (fetched(s, 1), s.message(0)), [(S, None)], id="0 came otherwise"),
        pytest.param(lambda s: (fetched(s), s.message(1)), [(S, None)], id="nothing was fetched"),
        pytest.param(lambda s: (s.subscribe(), s.message(1)), [(S, None)], id="a subscription"),
        pytest.param(lambda s: fetched(s, 1, 4), [(V, None), (V, 0)], id="and a gap beside"),
    ],
)
def test_a_history_that_v2_fetched_may_lack_its_first_number(session, story, found):
    """ "Newer than 0" is all that v2 can ask for, and nothing says whether that includes 0."""
    story(session)
    findings = session.check("sequence-gap")
    assert [(finding.outcome.value, finding.sequence) for finding in findings] == found


def test_a_gap_is_explained_by_receipts_of_its_own_dialog_only(session):
    session.message(0)
    session.message(9)
    session.receipt("READ", 4, dialog="e")
    (finding,) = (found for found in session.check("sequence-gap") if found.dialog == "d")
    assert "receipts name" not in finding.sentence


def test_out_of_order_tells_the_distance(session):
    session.message(9)
    session.message(4)
    (finding,) = session.check("out-of-order")
    assert finding.sentence == "4 arrived after 9, 5 behind"
