"""Two sessions side by side: what is told, and that a session does not differ from itself."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recorder.messaging.events import Evidence, MessagePublished, Proof, ReceiptReported
from recorder.receipts.aliases import rewritten
from recorder.receipts.delays import Delay
from recorder.receipts.difference import difference
from recorder.receipts.fold import fold
from recorder.receipts.queries import view


class Side:
    """One session, told in a few words: every event a second after the one before, unless ``at_s`` says."""

    def __init__(self, *, me="me", agent="agent", dialog="d1", server=True):
        self.me, self.agent, self.dialog, self.server = me, agent, dialog, server
        self.heard = []

    def proof(self, level, at_s):
        frame = len(self.heard) + 1
        at_s = float(frame) if at_s is None else at_s
        theirs = round(at_s * 1_000) + 10**12 if self.server else None
        return Evidence(level, frame, 1, round(at_s * 1e6), round(at_s * 1e6), theirs)

    def says(self, sequence, text, *, by="agent", at_s=None):
        role = {"agent": "ASSIGNED_AGENT", "me": "CONSUMER"}[by]
        proof = self.proof(Proof.ANNOUNCED, at_s)
        who = getattr(self, by)
        self.heard.append(
            MessagePublished(
                self.dialog, sequence, None, who, role, by == "me", "text/plain", text, None, proof
            )
        )
        return self

    def gives(self, status, *sequences, by="me", at_s=None, level=Proof.ANNOUNCED):
        role = {"agent": "ASSIGNED_AGENT", "me": "CONSUMER"}[by]
        proof = self.proof(level, at_s)
        who = getattr(self, by)
        self.heard.append(
            ReceiptReported(self.dialog, sequences, who, role, by == "me", status, None, None, proof)
        )
        return self

    def seen(self):
        return view(fold(self.heard))


def told(first, second, **more):
    found = difference(first.seen(), second.seen(), **more)
    return [(change.kind, change.sentence) for change in found.changes]


def story(**more):
    """The agent asks, we accept and read, and answer; the agent reads that."""
    side = Side(**more).says(0, "Your number?").gives("ACCEPT", 0).gives("READ", 0)
    return side.says(3, "4711", by="me").gives("READ", 3, by="agent")


def test_ids_make_no_difference():
    assert told(story(), story(me="guest", agent="bob", dialog="other")) == []


def test_a_vanished_receipt_names_the_status_it_cost():
    after = Side().says(0, "Your number?").gives("ACCEPT", 0)
    after.says(2, "4711", by="me", at_s=4).gives("READ", 2, by="agent", at_s=5)
    assert told(story(), after) == [
        ("message-changed", 'message 0 by agent 1 "Your number?": status read became accepted'),
        (
            "receipt-vanished",
            'message 0 by agent 1 "Your number?": READ by you vanished (announced in #3, +2.000s)',
        ),
    ]
    assert [kind for kind, _ in told(after, story())] == ["message-changed", "receipt-appeared"]


def test_a_sequence_that_moved_on_is_shown_and_no_difference():
    shifted = Side().says(0, "Your number?").gives("ACCEPT", 0).gives("READ", 0)
    shifted.says(9, "4711", by="me").gives("READ", 9, by="agent")
    assert told(story(), shifted) == []
    shifted.gives("ACCEPT", 9, by="agent")
    assert told(story(), shifted) == [
        (
            "receipt-appeared",
            'message 3 (now 9) by you "4711": ACCEPT by agent 1 appeared (announced in #6, +2.000s)',
        )
    ]


def test_messages_appear_vanish_change_and_move():
    one = Side().says(0, "a").says(1, "b").says(2, "number 17").says(3, "gone").says(4, "z")
    other = Side().says(0, "b").says(1, "a").says(2, "number 18").says(4, "z").says(5, "new", by="me")
    found = difference(one.seen(), other.seen())
    assert {(change.kind, change.sequence) for change in found.changes} == {
        ("message-moved", 0), ("message-changed", 2), ("message-vanished", 3), ("message-appeared", 5),
    }  # fmt: skip
    appeared = found.changes[-1]
    assert (appeared.first, appeared.second.sequence, appeared.second.value) == (None, 5, "sent")


def test_a_proof_that_is_weaker_now_is_a_change():
    weaker = Side().says(0, "Your number?").gives("ACCEPT", 0)
    weaker.gives("READ", 0, level=Proof.ACKNOWLEDGED).says(3, "4711", by="me").gives("READ", 3, by="agent")
    ((kind, says),) = told(story(), weaker)
    assert kind == "receipt-changed"
    assert says.endswith("READ by you announced became acknowledged")


def test_receipts_of_one_person_in_another_order_have_moved():
    one = Side().says(0, "a").says(1, "b").gives("READ", 0).gives("READ", 1)
    other = Side().says(0, "a").says(1, "b").gives("READ", 1).gives("READ", 0)
    moved = [each for each in difference(one.seen(), other.seen()).changes if each.kind == "receipt-moved"]
    assert len(moved) == 1
    assert moved[0].participant == "you"
    assert "came " in moved[0].sentence
    assert "now after READ of message" in moved[0].sentence or "now first" in moved[0].sentence


def test_receipts_in_one_frame_have_no_order():
    one = Side().says(0, "a").says(1, "b").gives("READ", 0, 1)
    other = Side().says(0, "a").says(1, "b").gives("READ", 1, 0)
    assert told(one, other) == []


def test_another_dialog_is_compared_message_by_message():
    second = story()
    second.dialog = "survey"
    second.says(0, "How was it?")
    ((kind, says),) = told(story(), second)
    assert (kind, says) == ("message-appeared", 'message 0 by agent 1 "How was it?" appeared (sent)')
    assert difference(story().seen(), second.seen()).changes[0].dialog == 2


@pytest.mark.parametrize(
    ("moved_s", "delays_over_s", "listed", "differs"),
    [
        pytest.param(0.0, None, False, False, id="not at all"),
        pytest.param(0.049, None, False, False, id="less than is worth a line"),
        pytest.param(0.050, None, True, False, id="told, and no difference by itself"),
        pytest.param(0.100, 0.1, True, False, id="as much as is allowed"),
        pytest.param(0.101, 0.1, True, True, id="more than is allowed"),
        pytest.param(0.001, 0.0, True, True, id="all counts"),
        pytest.param(-0.5, 0.1, True, True, id="sooner counts too"),
    ],
)
def test_a_delay_alone_is_a_difference_only_beyond_what_is_allowed(moved_s, delays_over_s, listed, differs):
    one = Side().says(0, "a", at_s=1).gives("READ", 0, at_s=2)
    other = Side().says(0, "a", at_s=1).gives("READ", 0, at_s=2 + moved_s)
    found = difference(one.seen(), other.seen(), delays_over_s=delays_over_s)
    assert [change.kind for change in found.changes] == (["delay-moved"] if listed else [])
    assert found.differs is differs


def test_a_delay_that_the_service_dates_below_zero_is_compared_on_our_clock():
    usual = Side().says(0, "a", at_s=1).gives("READ", 0, at_s=2).seen()
    (sent,) = usual
    read = sent.receipts[0]
    server_ms = sent.sent.server_ms - 100_000
    skewed = [sent._replace(receipts=(read._replace(evidence=read.evidence._replace(server_ms=server_ms)),))]
    assert difference(usual, skewed, delays_over_s=0.0).changes == ()


def test_delays_are_compared_on_one_clock_only():
    """The service's where both sides have it, else ours; where one side has only theirs, not at all."""
    theirs = Side().says(0, "a", at_s=1).gives("READ", 0, at_s=2)
    ours = Side(server=False).says(0, "a", at_s=1).gives("READ", 0, at_s=3)
    (change,) = difference(theirs.seen(), ours.seen()).changes
    assert (change.first.delay, change.second.delay) == (Delay(1.0, "local"), Delay(2.0, "local"))
    only_theirs = Side().says(0, "a", at_s=1).gives("READ", 0, at_s=2)
    only_theirs.heard = [
        event._replace(evidence=event.evidence._replace(at_us=None, offset_us=None))
        for event in only_theirs.heard
    ]
    assert told(only_theirs, ours) == []


MESSAGES = st.builds(
    lambda sequence, text, by: ("says", sequence, text, by),
    st.integers(0, 4), st.sampled_from(["a", "b"]), st.sampled_from(["me", "agent"]),
)  # fmt: skip
RECEIPTS = st.builds(
    lambda status, sequences, by: ("gives", status, sequences, by),
    st.sampled_from(["ACCEPT", "READ", "ACCESS"]), st.lists(st.integers(0, 4), min_size=1, max_size=3),
    st.sampled_from(["me", "agent"]),
)  # fmt: skip
SESSIONS = st.lists(MESSAGES | RECEIPTS, max_size=12)


def played(acts, **more):
    side = Side(**more)
    for act, *what, by in acts:
        if act == "says":
            side.says(*what, by=by)
        else:
            side.gives(what[0], *what[1], by=by)
    return side


@given(SESSIONS)
def test_a_session_does_not_differ_from_itself(acts):
    seen = played(acts).seen()
    assert difference(seen, seen, delays_over_s=0.0).changes == ()


@given(SESSIONS)
def test_nor_from_the_same_under_other_names(acts):
    one, other = played(acts), played(acts, me="guest", agent="bob", dialog="d9")
    assert difference(one.seen(), other.seen(), delays_over_s=0.0).changes == ()
    renamed = view(fold(rewritten(one.heard, {"me": "guest", "agent": "bob"})))
    assert difference(one.seen(), renamed).changes == ()


@given(SESSIONS, SESSIONS)
def test_what_appeared_one_way_vanished_the_other_way(first, second):
    one, other = played(first).seen(), played(second).seen()
    there = [change.kind for change in difference(one, other).changes]
    back = [change.kind for change in difference(other, one).changes]
    # Of two messages that changed places either may count as the one that moved; neighbours follow from it.
    assume("message-moved" not in there)
    for appeared, vanished in (("appeared", "vanished"), ("vanished", "appeared"), ("changed", "changed")):
        for what in ("message", "receipt"):
            assert there.count(f"{what}-{appeared}") == back.count(f"{what}-{vanished}")


def test_two_sides_of_one_conversation_are_paired_by_its_sequences():
    """The same people: who is "you" to the one side is the agent to the other."""
    consumer, agent = Side(me="guest", agent="bob"), Side(me="guest", agent="bob")
    for side in (consumer, agent):
        side.says(0, "Hello?", by="me").gives("ACCEPT", 0, by="agent")
    agent.gives("READ", 0, by="agent")
    agent.heard = [
        each._replace(mine=not each.mine, evidence=each.evidence._replace(proof=Proof.ACKNOWLEDGED))
        if each.role == "ASSIGNED_AGENT"
        else each._replace(mine=False)
        for each in agent.heard
    ]
    for side in (consumer, agent):
        side.says(3, "Hello?", by="agent")
    agent.heard[-1] = agent.heard[-1]._replace(mine=True)
    name = 'message 0 by consumer 1 "Hello?"'
    only = "READ by agent 1 is in the {} recording only (acknowledged in #3, +2.000s)"
    assert told(consumer, agent) == [
        ("message-changed", f"{name}: status accepted in the first recording, read in the second"),
        ("receipt-appeared", f"{name}: {only.format('second')}"),
    ]
    assert told(agent, consumer) == [
        ("message-changed", f"{name}: status read in the first recording, accepted in the second"),
        ("receipt-vanished", f"{name}: {only.format('first')}"),
    ]
