"""Requests, dialogs and participants as rows."""

from __future__ import annotations

import pytest

from recorder.messaging.events import ConversationChanged, Dialog, Evidence, MessagePublished, Proof
from recorder.projection.derived.other_rows import OtherRows
from recorder.receipts.batch_fold import fold_batches
from recorder.receipts.change_set import Conclusions
from recorder.receipts.entities import SessionEntities


def at(frame):
    return Evidence(Proof.ANNOUNCED, frame, 1, frame, None, None)


@pytest.mark.parametrize(
    ("dialogs", "row"),
    [
        pytest.param((), ("c", "c", None, "CLOSE"), id="before there were dialogs, the state is its own"),
        pytest.param(
            (Dialog("c", "MAIN", None, "OPEN"),),
            ("c", "c", "MAIN", "OPEN"),
            id="listed, it has one of its own",
        ),
        pytest.param((Dialog("x", "OTHER", None, "OPEN"),), ("c", "c", None, None), id="others are listed"),
    ],
)
def test_a_main_dialog_belongs_to_the_conversation_of_its_id_though_nothing_says_so(dialogs, row):
    message = MessagePublished("c", 0, None, "a", None, False, "text/plain", "hi", None, at(1))
    snapshot = ConversationChanged("c", (), dialogs, "CLOSE", None, None, False, at(2))
    entities = SessionEntities()
    transcript = fold_batches([message, snapshot], entities=entities)
    made = OtherRows(1, transcript, entities, Conclusions.of(transcript))
    assert [each[1:5] for each in made.dialogs(["c"])] == [row]
