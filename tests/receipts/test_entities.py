"""What is registered beside the messages: requests, dialogs, people."""

from __future__ import annotations

from recorder.messaging.events import (
    ConversationChanged,
    Dialog,
    Evidence,
    Identified,
    MessagePublished,
    Participant,
    Proof,
    ReceiptReported,
    RequestAnswered,
    RequestMade,
)
from recorder.receipts.batch_fold import fold_batches
from recorder.receipts.entities import SessionEntities
from recorder.receipts.state import Transcript


def at(frame):
    return Evidence(Proof.ANNOUNCED, frame, 1, None, None)


def entities_of(*events):
    entities, transcript = SessionEntities(), Transcript()
    fold_batches(events, transcript, entities=entities)
    return entities


def published(frame, sequence, author="agent"):
    return MessagePublished("d", sequence, "c", author, None, False, "text/plain", "hi", None, at(frame))


def test_a_dialog_spans_from_its_first_frame_to_its_last():
    receipt = ReceiptReported("d", (7,), "me", None, False, "READ", None, None, at(5))
    entities = entities_of(published(2, 0), published(3, 0), published(4, 1), receipt)
    span = entities.dialogs["d"]
    assert (span.first_frame, span.last_frame, span.conversation_id) == (2, 5, "c")
    assert entities.participants == {"agent": 2, "me": 5}


def test_the_conversation_of_a_dialog_is_the_first_that_was_named_with_it():
    snapshot = ConversationChanged(
        "late", (), (Dialog("d", "MAIN", None, "OPEN"),), None, None, None, False, at(3)
    )
    assert entities_of(snapshot, published(2, 0)).dialogs["d"].conversation_id == "c"
    assert entities_of(snapshot, published(4, 0)).dialogs["d"].conversation_id == "late"


def test_a_snapshot_names_dialogs_and_people():
    snapshot = ConversationChanged(
        "c",
        (Participant("boss", "MANAGER"),),
        (Dialog("d", "MAIN", None, "OPEN"),),
        None,
        None,
        None,
        False,
        at(3),
    )
    entities = entities_of(snapshot)
    assert entities.dialogs["d"].conversation_id == "c"
    assert entities.participants == {"boss": 3}


def test_responses_belong_to_their_request_and_a_late_handshake_is_still_the_first():
    asked, answer = RequestMade("1", "x", at(4)), RequestAnswered(4, "1", None, 200, at(6))
    lonely = RequestAnswered(None, "1", None, 200, at(7))
    entities = entities_of(published(2, 0, author="me"), asked, answer, lonely, Identified("me", at(0)))
    assert (entities.requests, entities.responses) == ({4: asked}, {4: answer})
    assert entities.participants["me"] == 0
