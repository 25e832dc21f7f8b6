"""The life of a message tells every frame that bears on it, in order, and what was heard before."""

from __future__ import annotations

from recorder.messaging.events import Proof
from recorder.receipts.evidence import timeline
from recorder.receipts.fold import fold
from recorder.receipts.queries import view


def lived(heard, sequence=0, *, dialog="d1"):
    transcript = fold(heard)
    (message,) = [m for m in view(transcript) if (m.dialog_id, m.sequence) == (dialog, sequence)]
    return timeline(heard, transcript, message)


def said(rungs):
    return [(rung.evidence.frame, rung.kind, rung.sentence) for rung in rungs]


def test_the_life_of_our_message_runs_from_the_request_to_every_receipt(build):
    ask = build.publish()
    other = build.publish("other")
    heard = [
        ask, other, build.answer(ask, 0), build.message(0, by="me"), build.message(1, by="agent"),
        build.receipt("ACCEPT", 0, by="agent"), build.receipt("READ", 0, 1, by="agent"),
        build.receipt("READ", 0, by="agent"),
    ]  # fmt: skip
    assert said(lived(heard)) == [
        (1, "asked", "publish requested"),
        (3, "answered", "publish answered with this sequence"),
        (4, "echoed", "message echoed"),
        (6, "receipt", "ACCEPT announced"),
        (7, "receipt", "READ announced"),
        (8, "repeated", "READ given again, first in #7"),
    ]


def test_every_timeline_entry_names_its_participant(build):
    ask = build.publish()
    heard = [
        ask, build.answer(ask, 0), build.message(0, by="me", role="CONSUMER"),
        build.receipt("READ", 0, by="agent", role="ASSIGNED_AGENT"),
    ]  # fmt: skip
    assert [(rung.participant, rung.role, rung.mine) for rung in lived(heard)] == [
        ("me", "CONSUMER", True), ("me", "CONSUMER", True), ("me", "CONSUMER", True),
        ("agent", "ASSIGNED_AGENT", False),
    ]  # fmt: skip


def test_who_we_are_may_stay_unknown(build):
    claim = build.claim("READ", 2)
    heard = [build.message(2, by="agent"), claim, build.acknowledge(claim)]
    assert [(rung.participant, rung.mine) for rung in lived(heard, 2)] == [
        ("agent", None), (None, True), (None, True),
    ]  # fmt: skip


def test_refusals_belong_to_the_life(build):
    message, claim = build.message(2, by="agent"), build.claim("READ", 2)
    heard = [message, claim, build.refuse_receipt(claim, 429), build.claim("READ", 2)]
    assert said(lived(heard, 2)) == [
        (1, "announced", "message announced"),
        (2, "asked", "READ requested"),
        (3, "refused", "READ refused with 429"),
        (4, "asked", "READ requested again, first in #2"),
    ]


def test_a_publish_without_a_sequence_has_a_life_too(build):
    ask = build.publish()
    heard = [ask, build.refuse(ask, 400), build.message(0, by="agent")]
    assert said(lived(heard, None)) == [
        (1, "asked", "publish requested"), (2, "refused", "publish refused with 400"),
    ]  # fmt: skip


def test_replays_are_recognised_by_known_sequences(build):
    """After a reconnect the service tells all again: the message and the receipt, each under its number."""
    message = build.message(0, by="agent")
    read = build.receipt("READ", 0, by="me")._replace(own_sequence=1)
    again = [event._replace(evidence=build.proof(Proof.ANNOUNCED)) for event in (message, read)]
    another = build.receipt("READ", 0, by="me")._replace(own_sequence=7)
    rungs = lived([message, read, *again, another])
    assert said(rungs) == [
        (1, "announced", "message announced"),
        (2, "receipt", "READ announced"),
        (3, "replayed", "message replayed, same sequence as in #1"),
        (4, "replayed", "READ replayed, same sequence as in #2"),
        (5, "repeated", "READ given again, first in #2"),
    ]
    assert [rung.repeats for rung in rungs] == [None, None, 1, 2, 2]
    assert [rung.own_sequence for rung in rungs] == [0, 1, 0, 1, 7]


def test_one_sequence_with_other_content_is_a_conflict(build):
    heard = [build.message(0, by="agent", text="a"), build.message(0, by="agent", text="b")]
    assert said(lived(heard))[1] == (2, "conflict", "announced with other content than in #1")


def test_repetitions_inside_one_history_are_repeated_or_conflicts(build):
    """One notification with a whole history: two READs under numbers of their own, and two texts for 0."""
    proof = build.proof(Proof.ANNOUNCED)
    first, other = build.message(0, by="agent", text="a"), build.message(0, by="agent", text="b")
    reads = [build.receipt("READ", 0, by="me")._replace(own_sequence=own) for own in (1, 2)]
    rungs = lived([event._replace(evidence=proof) for event in (first, other, *reads)])
    assert said(rungs) == [
        (1, "announced", "message announced"),
        (1, "conflict", "announced with other content than in #1"),
        (1, "receipt", "READ announced"),
        (1, "repeated", "READ given again, first in #1"),
    ]


def test_a_repeated_answer_is_listed_twice(build):
    ask = build.publish()
    rungs = lived([ask, build.answer(ask, 0), build.answer(ask, 0)])
    assert rungs[-1].sentence == "publish answered with this sequence, as in #2"
    assert rungs[-1].repeats == 2


def test_what_is_probably_ours_says_why(build):
    me, ask = build.i_am("me"), build.publish()
    heard = [me, ask, build.lose(ask), build.message(4, by="me"), build.receipt("READ", 4, by="agent")]
    assert said(lived(heard, 4)) == [
        (2, "asked", "publish requested"),
        (3, "echoed", "same text announced, so #2 was probably stored"),
        (4, "receipt", "READ announced"),
    ]


def test_other_dialogs_and_sequences_have_their_own_life(build):
    heard = [build.message(0, by="agent"), build.message(1, by="agent"), build.receipt("READ", 1, by="me")]
    build.dialog = "d2"
    heard += [build.message(0, by="agent"), build.receipt("READ", 0, by="me")]
    assert [rung.evidence.frame for rung in lived(heard)] == [1]
    assert [rung.evidence.frame for rung in lived(heard, dialog="d2")] == [4, 5]


def in_snapshot(message):
    return message._replace(evidence=message.evidence._replace(snapshot=True))


def test_what_a_snapshot_shows_is_no_replay_and_no_second_message(build):
    heard = [
        in_snapshot(build.message(0, by="agent")), in_snapshot(build.message(0, by="agent")),
        build.message(0, by="agent"), in_snapshot(build.message(0, by="agent")), build.message(0, by="agent"),
    ]  # fmt: skip
    assert said(lived(heard)) == [
        (1, "snapshot", "announced in a snapshot"),
        (2, "snapshot", "shown again in a snapshot, as in #1"),
        (3, "announced", "message announced"),
        (5, "replayed", "message replayed, same sequence as in #3"),
    ]


def test_a_snapshot_may_show_another_content(build):
    heard = [
        build.message(0, by="agent", text="a"), in_snapshot(build.message(0, by="agent", text="b")),
        build.message(0, by="agent", text="b"),
    ]  # fmt: skip
    assert said(lived(heard)) == [
        (1, "announced", "message announced"),
        (2, "conflict", "announced in a snapshot with other content than in #1"),
        (3, "conflict", "announced with other content than in #1"),
    ]
