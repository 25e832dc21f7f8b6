"""All of us in a session: known by id, or by connection alone."""

from __future__ import annotations

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.participants import KnownParticipant
from recorder.receipts.self_facts import SelfFact, connection_of, self_facts, self_roles
from recorder.receipts.selves import Selves
from recorder.receipts.state import OwnPublish, Transcript


def asked(connection: int) -> OwnPublish:
    return OwnPublish(asked=Evidence(Proof.CLAIMED, 7, connection, None, None))


def test_a_connection_that_something_was_sent_on_is_somebody():
    transcript = Transcript(own_publishes={1: asked(1), 2: asked(2)})
    selves = Selves({1: "me"}, frozenset({"me"}))
    assert self_facts(transcript, selves) == [SelfFact("me", None, (1,)), SelfFact(None, None, (2,))]
    assert self_roles(transcript, selves) == {"me": KnownParticipant(None), 2: KnownParticipant(None)}


def test_a_connection_that_nothing_was_sent_on_is_nobody():
    assert self_facts(Transcript()) == []


def test_who_speaks_on_no_known_connection_comes_last():
    selves = Selves({3: "me"}, frozenset({"me", "again"}))
    assert self_facts(Transcript(), selves) == [SelfFact("me", None, (3,)), SelfFact("again", None, ())]


def test_no_frame_is_on_no_connection():
    assert connection_of(None) is None
