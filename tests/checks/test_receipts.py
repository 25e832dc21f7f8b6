"""Giving receipts: once, forwards, answered and echoed."""

from __future__ import annotations

import pytest

V, S, N = "violated", "satisfied", "not-observable"
ME = "consumer-1"

CASES = [
    (
        "duplicate-receipt",
        "asked, answered and echoed is one",
        lambda s: (s.i_am(), s.message(1), s.given("READ", 1, 2)),
        [S],
    ),
    (
        "duplicate-receipt",
        "given twice",
        lambda s: (s.i_am(), s.message(1), s.given("READ", 1, 2), s.given("READ", 1, 3)),
        [V],
    ),
    (
        "duplicate-receipt",
        "asked twice, unanswered the second time",
        lambda s: (s.i_am(), s.message(1), s.given("READ", 1, 2), s.give("READ", 1)),
        [V],
    ),
    (
        "duplicate-receipt",
        "the agent gave it twice",
        lambda s: (s.message(1, by=ME), s.receipt("READ", 1, own=2), s.receipt("READ", 1, own=3)),
        [V],
    ),
    (
        "duplicate-receipt",
        "the same receipt replayed",
        lambda s: (s.message(1, by=ME), s.receipt("READ", 1, own=2), s.receipt("READ", 1, own=2)),
        [S],
    ),
    (
        "duplicate-receipt",
        "replayed without a number, with its time",
        lambda s: (s.receipt("READ", 1, ms=1_700_000_000_000), s.receipt("READ", 1, ms=1_700_000_000_000)),
        [S],
    ),
    (
        "duplicate-receipt",
        "neither number nor time",
        lambda s: (s.receipt("READ", 1, ms=None), s.receipt("READ", 1, ms=None)),
        [N, S],
    ),
    (
        "duplicate-receipt",
        "two participants",
        lambda s: (s.receipt("READ", 1, own=2), s.receipt("READ", 1, by="bot", own=3)),
        [S],
    ),
    (
        "duplicate-receipt",
        "two dialogs",
        lambda s: (s.receipt("READ", 1, own=2), s.receipt("READ", 1, own=2, dialog="other")),
        [S],
    ),
    (
        "duplicate-receipt",
        "refused, then given",
        lambda s: (s.i_am(), s.answer(s.give("READ", 1), code=500), s.given("READ", 1, 2)),
        [S],
    ),
    (
        "duplicate-receipt",
        "unanswered, then given",
        lambda s: (s.i_am(), s.give("READ", 1), s.on(2), s.given("READ", 1, 2)),
        [S],
    ),
    (
        "duplicate-receipt",
        "two clicks",
        lambda s: (s.receipt("ACTION", 1, own=2), s.receipt("ACTION", 1, own=3)),
        [],
    ),
    (
        "duplicate-receipt",
        "echo before the answer",
        lambda s: [
            s.i_am(),
            s.message(1),
            ask := s.give("READ", 1),
            s.receipt("READ", 1, by=ME, own=2),
            s.answer(ask, 2),
        ],
        [S],
    ),
    (
        "duplicate-receipt",
        "echo before the answer, and nobody knew who we are",
        lambda s: [
            s.message(1),
            ask := s.give("READ", 1),
            s.receipt("READ", 1, by=ME, own=2),
            s.answer(ask, 2),
        ],
        [S],
    ),
    (
        "duplicate-receipt",
        "left to history-read-again",
        lambda s: (
            s.i_am(),
            s.message(1),
            s.given("READ", 1, 2),
            s.subscribe(),
            s.message(1),
            s.given("READ", 1, 3),
        ),
        [S],
    ),
    (
        "history-read-again",
        "read once more after resubscribing",
        lambda s: (
            s.i_am(),
            s.message(1),
            s.given("READ", 1, 2),
            s.subscribe(),
            s.message(1),
            s.given("READ", 1, 3),
        ),
        [V],
    ),
    (
        "history-read-again",
        "replayed, and left alone",
        lambda s: (s.i_am(), s.message(1), s.given("READ", 1, 2), s.subscribe(), s.message(1)),
        [S],
    ),
    (
        "history-read-again",
        "first subscription brings what was read before",
        lambda s: (
            s.i_am(),
            s.subscribe(),
            s.message(1),
            s.receipt("READ", 1, by=ME, own=2),
            s.given("READ", 1, 3),
        ),
        [V],
    ),
    (
        "history-read-again",
        "twice without a subscription between",
        lambda s: (s.i_am(), s.subscribe(), s.message(1), s.given("READ", 1, 2), s.given("READ", 1, 3)),
        [],
    ),
    (
        "history-read-again",
        "a new message after resubscribing",
        lambda s: (
            s.i_am(),
            s.message(1),
            s.given("READ", 1, 2),
            s.subscribe(),
            s.message(3),
            s.given("READ", 3, 4),
        ),
        [],
    ),
    (
        "regressed-receipt",
        "ACCEPT then READ",
        lambda s: (s.receipt("ACCEPT", 1, own=2), s.receipt("READ", 1, own=3)),
        [S],
    ),
    (
        "regressed-receipt",
        "READ then ACCEPT",
        lambda s: (s.receipt("READ", 1, own=2), s.receipt("ACCEPT", 1, own=3)),
        [V],
    ),
    (
        "regressed-receipt",
        "NACK after READ",
        lambda s: (s.receipt("READ", 1, own=2), s.receipt("NACK", 1, own=3)),
        [V],
    ),
    (
        "regressed-receipt",
        "arrived the other way round, numbers tell",
        lambda s: (s.receipt("READ", 1, own=3), s.receipt("ACCEPT", 1, own=2)),
        [S],
    ),
    (
        "regressed-receipt",
        "of two participants",
        lambda s: (s.receipt("READ", 1, own=2), s.receipt("ACCEPT", 1, by="bot", own=3)),
        [S],
    ),
    (
        "regressed-receipt",
        "of two messages",
        lambda s: (s.receipt("READ", 1, own=2), s.receipt("ACCEPT", 0, own=3)),
        [S],
    ),
    (
        "regressed-receipt",
        "ours, without numbers",
        lambda s: [s.i_am(), one := s.give("READ", 1), s.answer(one), s.give("ACCEPT", 1)],
        [V],
    ),
    (
        "regressed-receipt",
        "a refused one does not count",
        lambda s: [
            s.i_am(),
            one := s.give("READ", 1),
            s.answer(one),
            s.answer(s.give("ACCEPT", 1), code=400),
        ],
        [S],
    ),
    (
        "read-without-accept",
        "of a message that only a snapshot shows",
        lambda s: (s.i_am(), s.snapshot(last=s.content(3)), s.given("READ", 3, 4)),
        [N],
    ),
    (
        "read-without-accept",
        "both",
        lambda s: (s.receipt("ACCEPT", 1, own=2), s.receipt("READ", 1, own=3)),
        [S],
    ),
    (
        "read-without-accept",
        "READ alone, of many",
        lambda s: (
            s.message(1),
            s.message(2),
            s.receipt("READ", 1, by="bot", own=3),
            s.receipt("READ", 2, by="bot", own=4),
        ),
        [V],
    ),
    (
        "read-without-accept",
        "the message, and perhaps its ACCEPT, came before the recording",
        lambda s: (s.message(5), s.receipt("READ", 3, by="bot", own=6)),
        [N],
    ),
    (
        "read-without-accept",
        "an ACCEPT of ours that nobody answered",
        lambda s: (s.message(1), s.give("ACCEPT", 1), s.answer(s.give("READ", 1), 2)),
        [N],
    ),
    (
        "read-without-accept",
        "an ACCEPT of ours that was refused",
        lambda s: (s.message(1), s.answer(s.give("ACCEPT", 1), code=400), s.answer(s.give("READ", 1), 2)),
        [V],
    ),
    (
        "read-without-accept",
        "ACCEPT by another",
        lambda s: (s.message(1), s.receipt("ACCEPT", 1, own=2, by="bot"), s.receipt("READ", 1, own=3)),
        [V],
    ),
    ("read-without-accept", "asked and refused", lambda s: s.answer(s.give("READ", 1), code=400), []),
    ("refused-receipt", "refused", lambda s: s.answer(s.give("READ", 1), code=400), [V]),
    ("refused-receipt", "taken", lambda s: s.answer(s.give("READ", 1), 2), [S]),
    ("refused-receipt", "unanswered", lambda s: s.give("READ", 1), []),
    ("refused-receipt", "a refused publish is none", lambda s: s.answer(s.say(), code=400), []),
    ("unanswered-receipt", "answered", lambda s: s.answer(s.give("READ", 1), 2), [S]),
    ("unanswered-receipt", "refused is answered", lambda s: s.answer(s.give("READ", 1), code=400), [S]),
    ("unanswered-receipt", "not for a long time", lambda s: (s.give("READ", 1), s.at(11)), [V]),
    (
        "unanswered-receipt",
        "connection ended first",
        lambda s: (s.give("READ", 1), s.at(2).ends("lost"), s.at(99)),
        [N],
    ),
    ("unanswered-receipt", "no times", lambda s: s.at(None).give("READ", 1), [N]),
    ("unechoed-receipt", "echoed", lambda s: (s.i_am(), s.given("READ", 1, 2)), [S]),
    (
        "unechoed-receipt",
        "others were",
        lambda s: (s.i_am(), s.given("ACCEPT", 1, 2), s.answer(s.give("READ", 1), 3), s.at(11)),
        [V],
    ),
    (
        "unechoed-receipt",
        "our messages were",
        lambda s: (s.i_am(), s.own("hi", 0), s.answer(s.give("READ", 1), 3), s.at(11)),
        [V],
    ),
    (
        "unechoed-receipt",
        "nothing of ours was",
        lambda s: (s.i_am(), s.answer(s.give("READ", 1), 3), s.at(11)),
        [N],
    ),
    (
        "unechoed-receipt",
        "no time left",
        lambda s: (s.i_am(), s.own("hi", 0), s.answer(s.give("READ", 1), 3), s.at(1)),
        [N],
    ),
]


@pytest.mark.parametrize(
    ("rule", "story", "outcomes"), [pytest.param(r, s, o, id=f"{r}: {name}") for r, name, s, o in CASES]
)
def test_giving_receipts(session, rule, story, outcomes):
    story(session)
    assert session.outcomes(rule) == outcomes


def test_a_duplicate_names_both_frames(session):
    session.i_am().message(1)
    first = session.give("READ", 1)
    session.answer(first, 2)
    second = session.give("READ", 1)
    (finding,) = session.check("duplicate-receipt")
    assert finding.frames == (first, second)
    assert finding.sentence == f"you gave READ for message 1 again, after frame #{first}"


def test_a_whole_history_read_again_is_one_finding(session):
    session.i_am()
    for sequence in range(0, 40, 2):
        session.message(sequence)
        session.given("READ", sequence, sequence + 1)
    subscription = session.on(2).subscribe()
    for sequence in range(0, 40, 2):
        session.message(sequence)
    for sequence in range(0, 40, 2):
        session.given("READ", sequence, 100 + sequence)
    (finding,) = session.check("history-read-again")
    assert finding.frames[0] == subscription
    assert "READ was given again for 20 messages of the history" in finding.sentence
    assert session.outcomes("duplicate-receipt") == [S]


def test_read_without_accept_is_one_finding_for_a_reader(session):
    for sequence in range(1, 400, 2):
        session.message(sequence)
        session.receipt("READ", sequence, by="bot", own=sequence + 1)
    (finding,) = session.check("read-without-accept")
    assert "messages 1, 3, 5, 7, 9, 11, 13, 15 and 192 more" in finding.sentence
    assert len(finding.frames) == 20
