"""From a frame back to what it proves."""

from __future__ import annotations

from typing import get_args

import pytest

from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    ConversationOpened,
    ConversationTaken,
    Event,
    OddityNoticed,
    ParticipantNamed,
    Proof,
    PublishLost,
    RequestAnswered,
    RequestMade,
)
from recorder.receipts import proofs as module
from recorder.receipts.fold import fold
from recorder.receipts.proofs import proven_facts


def proofs(heard, frame):
    return proven_facts(heard, fold(heard), frame)


def says(heard, frame):
    return [(fact.sentence, fact.proof.word, fact.better) for fact in proofs(heard, frame)]


def test_a_receipt_links_back_to_the_messages_it_is_for(build):
    heard = [
        build.message(2, by="agent", role="ASSIGNED_AGENT"), build.message(3, by="agent"), build.i_am("me"),
        build.receipt("READ", 2, 3, by="me"), build.receipt("READ", 2, by="agent"),
    ]  # fmt: skip
    assert says(heard, 4) == [
        ("READ by you on message 2 of dialog d1", "announced", None),
        ("READ by you on message 3 of dialog d1", "announced", None),
    ]
    assert says(heard, 5) == [("READ by agent on message 2 of dialog d1", "announced", None)]
    (fact, _) = proofs(heard, 4)
    assert (fact.kind, fact.dialog_id, fact.sequence, fact.participant, fact.mine, fact.status) == (
        "receipt", "d1", 2, "me", True, "READ",
    )  # fmt: skip


def test_a_weaker_proof_names_the_better_one(build):
    """The request, its answer and the announcement all prove one READ; the last is what is shown."""
    claim = build.claim("READ", 0)
    heard = [claim, build.acknowledge(claim), build.i_am("me"), build.receipt("READ", 0, by="me")]
    heard += [build.message(0, by="agent"), build.message(0, by="agent")]
    assert says(heard, 1) == [("READ by you on message 0 of dialog d1", "claimed", 4)]
    assert says(heard, 2) == [("READ by you on message 0 of dialog d1", "acknowledged", 4)]
    assert says(heard, 4) == [("READ by you on message 0 of dialog d1", "announced", None)]
    assert says(heard, 6) == [("message 0 by participant agent in dialog d1", "announced", 5)]


def test_refusals_prove_that_it_was_tried(build):
    claim, ask = build.claim("READ", 0), build.publish()
    heard = [claim, ask, build.refuse_receipt(claim, 429), build.refuse(ask, 400)]
    assert says(heard, 2) == [("a publish by you in dialog d1", "claimed", None)]
    assert says(heard, 3) == [("429 for READ by you on message 0 of dialog d1", "refused", None)]
    assert says(heard, 4) == [("400 for your publish of frame #2", "refused", None)]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda proof: RequestMade("7", "GetClock", proof), 'a request GetClock with id "7"'),
        (lambda proof: RequestMade(None, "GetClock", proof), "a request GetClock without an id"),
        (
            lambda proof: RequestAnswered(3, "7", None, 200, proof),
            "200 in answer to the request of frame #3",
        ),
        (
            lambda proof: RequestAnswered(None, "7", None, None, proof),
            "no code in answer to no request that is known",
        ),
        (
            lambda proof: ChatStateReported("d1", "a", "MANAGER", False, "GONE", proof),
            "GONE by manager in dialog d1",
        ),
        (lambda proof: ConversationOpened("c", 3, proof), "conversation c was opened"),
        (
            lambda proof: ConversationChanged("c", (), (), "CLOSE", None, 1, False, proof),
            "conversation c is CLOSE",
        ),
        (
            lambda proof: ConversationChanged("c", (), (), "OPEN", None, 1, True, proof),
            "conversation c left this subscription",
        ),
        (lambda proof: OddityNoticed("unreadable", "not JSON", proof), "odd: not JSON"),
    ],
)
def test_every_kind_of_fact_is_one_sentence(build, make, words):
    event = make(build.proof(Proof.ANNOUNCED))
    assert [fact.sentence for fact in proofs([event], 1)] == [words]


def test_who_a_token_says_we_are_is_a_fact_of_its_frame(build):
    assert [fact.sentence for fact in proofs([build.i_am("me")], 1)] == ["on connection 1 you are me"]


def test_a_frame_without_events_proves_nothing(build):
    ask = build.publish()
    heard = [ask, build.lose(ask), build.message(0, by="agent")]
    assert proofs(heard, 9) == []
    assert len(proofs(heard, 1)) == 1


def test_a_message_that_a_snapshot_shows_is_its_word(build):
    message = build.message(0, by="agent", role="ASSIGNED_AGENT")
    message = message._replace(evidence=message.evidence._replace(snapshot=True))
    (fact,) = proven_facts([message], fold([message]), 1)
    assert fact.sentence == "message 0 by agent in dialog d1, shown in a snapshot"


def test_every_event_that_a_frame_proves_is_told():
    assert set(module._READERS) == set(get_args(Event)) - {PublishLost}


def test_profiles_and_taken_rings_are_told(build):
    heard = [
        build.i_am("me"), build.message(0, by="a-1", role="ASSIGNED_AGENT"),
        ParticipantNamed("a-1", "Ann", build.proof(Proof.ANNOUNCED)),
        ParticipantNamed(None, "Bob", build.proof(Proof.ACKNOWLEDGED)),
        ConversationTaken("c-1", build.proof(Proof.ANNOUNCED)),
    ]  # fmt: skip
    assert [says(heard, frame) for frame in (3, 4, 5)] == [
        [('a profile names agent "Ann"', "announced", None)],
        [('a profile names you "Bob"', "acknowledged", None)],
        [("conversation c-1 was taken by you", "announced", None)],
    ]
