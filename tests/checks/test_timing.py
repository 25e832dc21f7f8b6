"""Never, too late, too soon: and when a recording cannot tell."""

from __future__ import annotations

import pytest

V, S, N = "violated", "satisfied", "not-observable"
ME, AGENT, MANAGER = "consumer-1", "agent-1", "manager-1"


def sent(s, **more):
    """A message of ours at 0 s, in a dialog where the agent is."""
    s.i_am().snapshot(ME, AGENT)
    return s.message(0, by=ME, **more)


PRIVATE = {"by": AGENT, "audience": "AGENTS_AND_MANAGERS"}


def private(s, *, audience="AGENTS_AND_MANAGERS"):
    """An agent's message for agents, in a dialog where a manager and the consumer are."""
    s.i_am(AGENT).snapshot(ME, AGENT, MANAGER, roles=("CONSUMER", "ASSIGNED_AGENT", "MANAGER"))
    return s.message(0, by=AGENT, audience=audience)


def snapshot_only(s, **more):
    s.i_am().snapshot(ME, AGENT, last=s.content(0, by=ME, **more))


CASES = [
    ("never-read", "private: nobody", {}, lambda s: (private(s), s.at(99)), [N]),
    ("never-accepted", "private: nobody", {}, lambda s: (private(s), s.at(99)), [N]),
    ("late-read", "private: nobody", {"read_within_s": 1}, lambda s: (private(s), s.at(99)), [N]),
    (
        "late-accept",
        "private: read by the consumer",
        {"accept_within_s": 1},
        lambda s: (private(s), s.receipt("READ", 0, by=ME), s.at(99)),
        [N],
    ),
    (
        "never-read",
        "private: read by a manager",
        {},
        lambda s: (private(s), s.receipt("READ", 0, by=MANAGER), s.at(99)),
        [S],
    ),
    (
        "never-read",
        "private: to us, who are the consumer",
        {},
        lambda s: (s.i_am(), s.snapshot(ME, AGENT), s.message(0, **PRIVATE), s.at(99)),
        [N],
    ),
    ("never-read", "for all", {}, lambda s: (private(s, audience="ALL"), s.at(99)), [V]),
    ("never-read", "for whom nobody knows", {}, lambda s: (private(s, audience="BOTS"), s.at(99)), [N]),
    ("never-read", "in a snapshot alone", {}, lambda s: (snapshot_only(s), s.at(99)), [N]),
    (
        "never-read",
        "in a snapshot, and read",
        {},
        lambda s: (snapshot_only(s), s.receipt("READ", 0), s.at(99)),
        [S],
    ),
    (
        "late-read",
        "in a snapshot without a time, and read",
        {"read_within_s": 1},
        lambda s: (snapshot_only(s, ms=None), s.at(9).receipt("READ", 0, ms=None), s.at(99)),
        [N],
    ),
    (
        "never-read",
        "in a snapshot, and announced",
        {},
        lambda s: (snapshot_only(s), s.message(0, by=ME), s.at(99)),
        [V],
    ),
    (
        "never-read",
        "the agent read its own",
        {},
        lambda s: (s.i_am(), s.message(0), s.receipt("READ", 0), s.at(99)),
        [V],
    ),
    (
        "never-read",
        "we read our own, whoever we are",
        {},
        lambda s: (s.answer(s.say(), 0), s.answer(s.give("READ", 0), 1), s.at(99)),
        [N],
    ),
    ("never-accepted", "accepted", {}, lambda s: (sent(s), s.at(1).receipt("ACCEPT", 0)), [S]),
    ("never-accepted", "read is as good", {}, lambda s: (sent(s), s.at(1).receipt("READ", 0)), [S]),
    (
        "never-accepted",
        "the author's own does not count",
        {},
        lambda s: (sent(s), s.at(1).receipt("ACCEPT", 0, by=ME), s.at(11)),
        [V],
    ),
    ("never-accepted", "not in ten seconds", {}, lambda s: (sent(s), s.at(10)), [V]),
    ("never-accepted", "not in nine", {}, lambda s: (sent(s), s.at(9)), [N]),
    ("never-accepted", "nine were allowed eight", {"accept_within_s": 8}, lambda s: (sent(s), s.at(9)), [V]),
    (
        "never-accepted",
        "asked for by us, unanswered",
        {},
        lambda s: (s.i_am(), s.message(0), s.give("ACCEPT", 0), s.at(11)),
        [V],
    ),
    (
        "never-accepted",
        "nobody else was there",
        {},
        lambda s: (s.i_am(), s.snapshot(ME), s.message(0, by=ME), s.at(99)),
        [N],
    ),
    (
        "never-accepted",
        "somebody came, and had not the time",
        {},
        lambda s: (s.i_am(), s.message(0, by=ME), s.at(90), s.snapshot(ME, AGENT), s.at(99)),
        [N],
    ),
    (
        "never-accepted",
        "somebody came, and had the time",
        {},
        lambda s: (s.i_am(), s.message(0, by=ME), s.at(90), s.snapshot(ME, AGENT), s.at(100)),
        [V],
    ),
    ("never-accepted", "no times", {}, lambda s: (s.at(None), sent(s), s.raw(b"{}", from_client=False)), [N]),
    (
        "never-read",
        "accepted is not read",
        {},
        lambda s: (sent(s), s.at(1).receipt("ACCEPT", 0), s.at(60)),
        [V],
    ),
    ("never-read", "read", {}, lambda s: (sent(s), s.at(1).receipt("READ", 0)), [S]),
    (
        "never-read",
        "the next one is read",
        {},
        lambda s: (sent(s), s.message(1, by=ME), s.at(1).receipt("READ", 1), s.at(61)),
        [V],
    ),
    (
        "never-read",
        "the dialog was closed",
        {},
        lambda s: (sent(s), s.at(5).snapshot(ME, AGENT, dialog_state="CLOSE"), s.at(99)),
        [N],
    ),
    ("never-read", "the connection ended", {}, lambda s: (sent(s), s.at(5).ends("lost"), s.at(99)), [N]),
    (
        "never-read",
        "the connection ended, and another went on",
        {},
        lambda s: (sent(s), s.at(5).ends("lost"), s.on(2).message(0, by=ME), s.at(99)),
        [V],
    ),
    ("never-read", "ours to read, and we were there", {}, lambda s: (s.i_am(), s.message(0), s.at(60)), [V]),
    ("never-read", "only receipts for it were seen", {}, lambda s: (s.receipt("ACCEPT", 0), s.at(99)), []),
    ("late-accept", "nothing was promised", {}, lambda s: (sent(s), s.at(99).receipt("ACCEPT", 0)), []),
    (
        "late-accept",
        "in time",
        {"accept_within_s": 2},
        lambda s: (sent(s), s.at(2).receipt("ACCEPT", 0)),
        [S],
    ),
    (
        "late-accept",
        "late",
        {"accept_within_s": 2},
        lambda s: (sent(s), s.at(2.001).receipt("ACCEPT", 0)),
        [V],
    ),
    (
        "late-accept",
        "somebody was in time",
        {"accept_within_s": 2},
        lambda s: (sent(s), s.at(1).receipt("ACCEPT", 0, by="bot"), s.at(9).receipt("ACCEPT", 0)),
        [S],
    ),
    (
        "late-accept",
        "never, and it was waited for",
        {"accept_within_s": 2},
        lambda s: (sent(s), s.at(3)),
        [V],
    ),
    ("late-accept", "never, and it was not", {"accept_within_s": 2}, lambda s: (sent(s), s.at(1)), [N]),
    (
        "late-read",
        "on the service's clock, though it came a little late",
        {"read_within_s": 60},
        lambda s: (sent(s, ms=1_700_000_000_000), s.at(60.9).receipt("READ", 0, ms=1_700_000_060_000)),
        [S],
    ),
    (
        "late-read",
        "on our clock, where the service's says another time",
        {"read_within_s": 60},
        lambda s: (sent(s, ms=1_700_000_000_000), s.at(99).receipt("READ", 0, ms=1_700_000_060_000)),
        [V],
    ),
    (
        "late-read",
        "on our clock, where the service's goes backwards",
        {"read_within_s": 60},
        lambda s: (sent(s, ms=1_700_000_000_000), s.at(99).receipt("READ", 0, ms=1_699_999_900_000)),
        [V],
    ),
    (
        "late-accept",
        "the first who accepted is dated before the message, and came in time",
        {"accept_within_s": 2},
        lambda s: (
            sent(s, ms=1_700_000_005_000),
            s.receipt("ACCEPT", 0, by="bot", ms=1_700_000_000_000),
            s.at(9).receipt("ACCEPT", 0, ms=1_700_000_014_000),
        ),
        [S],
    ),
    (
        "late-read",
        "late on the service's clock",
        {"read_within_s": 60},
        lambda s: (sent(s, ms=1_700_000_000_000), s.at(1).receipt("READ", 0, ms=1_700_000_060_001)),
        [V],
    ),
    (
        "late-read",
        "never mixing clocks",
        {"read_within_s": 60},
        lambda s: (sent(s, ms=1_600_000_000_000), s.at(5).receipt("READ", 0, ms=None)),
        [S],
    ),
    (
        "late-read",
        "no clock saw both",
        {"read_within_s": 60},
        lambda s: (s.at(None), sent(s, ms=1_700_000_000_000), s.at(None).receipt("READ", 0, ms=None)),
        [N],
    ),
    ("read-too-fast", "in 15 ms", {}, lambda s: (sent(s), s.at(0.015).receipt("READ", 0)), [V]),
    ("read-too-fast", "in 100 ms", {}, lambda s: (sent(s), s.at(0.1).receipt("READ", 0)), [S]),
    (
        "read-too-fast",
        "in 100 ms of 200",
        {"min_read_s": 0.2},
        lambda s: (sent(s), s.at(0.1).receipt("READ", 0)),
        [V],
    ),
    (
        "read-too-fast",
        "before the message, by the service's clock",
        {},
        lambda s: (sent(s, ms=1_700_000_000_000), s.receipt("READ", 0, ms=1_699_999_999_000)),
        [V],
    ),
    (
        "read-too-fast",
        "our own at once, though the service was told late",
        {},
        lambda s: [
            s.i_am(),
            s.message(0),
            one := s.at(0.005).give("READ", 0),
            s.at(0.4).answer(one, 1),
            s.receipt("READ", 0, by=ME, own=1),
        ],
        [V],
    ),
    (
        "read-too-fast",
        "our own, of a message that was sent long ago and arrived just now",
        {},
        lambda s: [
            s.i_am(),
            s.message(0, ms=1_600_000_000_000),
            one := s.at(0.005).give("READ", 0),
            s.answer(one, 1),
            s.receipt("READ", 0, by=ME, own=1),
        ],
        [V],
    ),
    (
        "read-too-fast",
        "our own at once, and refused",
        {},
        lambda s: [
            s.i_am(),
            s.message(0),
            one := s.at(0.005).give("READ", 0),
            s.answer(one, code=400),
            two := s.at(1).give("READ", 0),
            s.answer(two, 1),
        ],
        [S],
    ),
    (
        "read-too-fast",
        "heard before the message",
        {},
        lambda s: (s.receipt("READ", 0, ms=None), s.at(1).message(0, by=ME, ms=None)),
        [N],
    ),
]


@pytest.mark.parametrize(
    ("rule", "limits", "story", "outcomes"),
    [pytest.param(r, limits, s, o, id=f"{r}: {name}") for r, name, limits, s, o in CASES],
)
def test_when(session, rule, limits, story, outcomes):
    story(session)
    assert session.outcomes(rule, **limits) == outcomes


def test_absence_is_never_worded_as_a_fact_about_people(session):
    sent(session)
    session.at(99)
    (finding,) = session.check("never-read")
    assert finding.sentence == (
        "no READ of message 0 was seen in this recording, "
        "in the 99 s until the recording ended after frame #2"
    )
    assert (finding.dialog, finding.sequence) == ("d", 0)


@pytest.mark.parametrize(
    ("story", "known"),
    [
        (lambda s: s.at(0).message(0), "sent or seen"),
        (lambda s: (s.at(0).message(0), s.give("READ", 0)), "seen"),
        (lambda s: sent(s), "seen"),
    ],
)
def test_a_missing_receipt_is_unsent_only_where_it_was_ours_to_send(session, story, known):
    session.i_am().snapshot(ME, AGENT)
    story(session)
    session.at(99)
    (finding,) = session.check("never-read")
    assert finding.sentence.startswith(f"no READ of message 0 was {known} in this recording")


def test_a_late_receipt_says_how_late_and_by_which_clock(session):
    message = sent(session)
    receipt = session.at(75).receipt("READ", 0)
    (finding,) = session.check("late-read", read_within_s=60)
    assert finding.sentence == "READ of message 0 came after 75 s (server clock); 60 s are allowed"
    assert finding.frames == (message, receipt)
    assert finding.fails


def test_a_fast_reader_is_one_finding(session):
    session.i_am().snapshot(ME, AGENT)
    for sequence in range(0, 60, 2):
        session.at(sequence)
        session.message(sequence, by=ME)
        session.at(sequence + 0.01)
        session.receipt("READ", sequence, own=sequence + 1)
    (finding,) = session.check("read-too-fast")
    assert "0.01 s" in finding.sentence
    assert "and 22 more" in finding.sentence


def test_the_reason_why_a_private_message_is_not_observable_is_said(session):
    private(session)
    session.at(99)
    (finding,) = session.check("never-read")
    assert finding.sentence == (
        "no READ of message 0 was seen; its audience is AGENTS_AND_MANAGERS: consumers cannot give it"
    )
