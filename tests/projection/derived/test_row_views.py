"""Derived rows become the message view they were made of; rows that are never derived are refused."""

from __future__ import annotations

import pytest

from recorder.messaging.events import Evidence, Proof
from recorder.projection.derived.row_views import ContentRow, MessageRow, view_of
from recorder.receipts.queries import ContentView


def row(**columns):
    usual = {
        "dialog": "d", "place": 0, "sequence": 0, "author": "a", "role": None, "mine": 0, "type": "t",
        "text": "hi", "status": "sent", "status_by": None, "status_frame": None, "proof": "announced",
        "sent_frame": 3, "connection": 1, "sent_at_us": 5, "sent_offset_us": None, "server_ms": 7,
        "ask_frame": None, "echo": 0, "audience": None, "snapshot": 0,
    }  # fmt: skip
    return MessageRow(**{**usual, **columns})


def no_publish(_):
    raise AssertionError("a message without an echo needs no publish")


def test_a_message_reads_back_with_its_evidence():
    message = view_of(row(), (), (), no_publish)
    assert message.sent == Evidence(Proof.ANNOUNCED, 3, 1, 5, None, 7)
    assert (message.mine, message.decided_by, message.echo) == (False, None, None)


def test_a_probable_echo_names_the_publish_it_probably_is():
    publish = Evidence(Proof.CLAIMED, 2, 1, 4, None)
    message = view_of(row(echo=1, ask_frame=2), (), (), lambda number: publish)
    assert message.echo == (2, publish, message.sent)


def test_an_unknown_proof_level_is_refused():
    with pytest.raises(ValueError):
        view_of(row(proof="surely"), (), (), no_publish)


def test_a_message_of_a_snapshot_reads_back_with_its_audience_and_contents():
    others = [
        ContentRow(0, "a", "t", "hi", "announced", 3, 1, 5, None, 7, 1),
        ContentRow(0, "b", "t", None, "announced", 4, 1, 6, None, None, 0),
    ]
    message = view_of(row(snapshot=1, audience="ALL"), (), others, no_publish)
    assert message.sent == Evidence(Proof.ANNOUNCED, 3, 1, 5, None, 7, snapshot=True)
    assert message.audience == "ALL"
    assert message.contents == (
        ContentView("a", "t", "hi", message.sent),
        ContentView("b", "t", None, Evidence(Proof.ANNOUNCED, 4, 1, 6, None, None)),
    )
