"""The facts of a page, read back as its script reads them, are the views that they were made from."""

from __future__ import annotations

import math

from recorder.messaging.events import Proof
from recorder.receipts.delays import clocks_by_dialog
from recorder.receipts.fold import fold
from recorder.receipts.queries import view
from recorder.receipts.state_changes import FrameEvents, StateTracker
from recorder.report.session_page.people import People
from recorder.report.session_page.states import FACT_KINDS, STATUSES, StateColumns, people_in, places_of


def written(batches):
    changes = list(StateTracker().follow(batches))
    messages = view(fold(event for batch in batches for event in batch.events))
    people = People({}, people_in(changes))
    columns = StateColumns(places_of(changes), people, clocks_by_dialog(messages), lambda text: text)
    for change in changes:
        columns.add(change)
    return columns


def facts(columns):
    table = columns.facts
    names = ("from", "message", "kind", "a", "b", "earlier", "proof")
    return [
        dict(zip(names, row, strict=True))
        for row in zip(*(table.column(name) for name in names), strict=True)
    ]


def each_alone(*events):
    return [FrameEvents(event.evidence.frame, [event]) for event in events]


def test_a_receipt_is_one_fact_more_and_changes_the_status(build):
    columns = written(
        each_alone(
            build.message(1, by="agent-1", text="hi"),
            build.receipt("ACCEPT", 1, by="consumer-1"),
            build.receipt("READ", 1, by="consumer-1"),
        )
    )
    told = [(row["from"], FACT_KINDS[row["kind"]]) for row in facts(columns)]
    first = told[0][0]
    assert told == [
        (first, "content"), (first, "sent"), (first, "status"), (first + 1, "receipt"), (first + 1, "status"),
        (first + 2, "receipt"), (first + 2, "status"),
    ]  # fmt: skip
    statuses = [STATUSES[row["a"]] for row in facts(columns) if FACT_KINDS[row["kind"]] == "status"]
    assert statuses == ["sent", "accepted", "read"]
    assert {row["proof"] for row in facts(columns) if row["earlier"] == 0 and row["proof"]} == {
        Proof.ANNOUNCED
    }
    assert columns.receipt_words.values == ["ACCEPT", "READ"]


def test_a_publish_stands_behind_what_was_there_when_it_went_out_and_goes_with_its_answer(build):
    first = build.message(1, by="agent-1")
    publish = build.publish("mine")
    answer = build.answer(publish, 2)
    later = build.message(3, by="agent-1")
    batches = each_alone(first, publish, answer, later)
    places = places_of(StateTracker().follow(batches))
    asked = publish.evidence.frame
    assert [key[1] for key in places.keys] == [1, asked, 2, 3] or [key[1] for key in places.keys] == [
        1,
        2,
        asked,
        3,
    ]
    kinds = [
        FACT_KINDS[row["kind"]] for row in facts(written(batches)) if row["message"] == places.of[None, asked]
    ]
    assert kinds[-1] == "gone"


def test_a_publish_has_no_sequence(build):
    publish = build.publish("mine")
    columns = written(each_alone(publish))
    assert math.isnan(columns.messages.column("sequence")[0])
    assert list(columns.messages.column("publish")) == [publish.evidence.frame]
