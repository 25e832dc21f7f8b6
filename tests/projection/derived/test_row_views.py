"""Rows become the message they were made of; those nobody made are refused."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from recorder.messaging.events import Evidence, Proof
from recorder.projection.derived.row_views import in_listing_order, view_of


def row(**told):
    usual = {
        "dialog": "d", "place": 0, "sequence": 0, "author": "a", "role": None, "mine": 0, "type": "t",
        "text": "hi", "status": "sent", "status_by": None, "status_frame": None, "proof": "announced",
        "sent_frame": 3, "connection": 1, "sent_at_us": 5, "sent_offset_us": None, "server_ms": 7,
        "ask_frame": None, "echo": 0,
    }  # fmt: skip
    return SimpleNamespace(**{**usual, **told})


def never(_):
    raise AssertionError("nobody asked")


def test_a_message_reads_back_with_its_evidence():
    message = view_of(row(), (), never)
    assert message.sent == Evidence(Proof.ANNOUNCED, 3, 1, 5, None, 7)
    assert (message.mine, message.decided_by, message.echo) == (False, None, None)


def test_a_probable_echo_names_the_publish_it_probably_is():
    asked = Evidence(Proof.CLAIMED, 2, 1, 4, None)
    message = view_of(row(echo=1, ask_frame=2), (), lambda number: asked)
    assert message.echo == (2, asked, message.sent)


def test_a_proof_that_is_none_is_refused():
    with pytest.raises(ValueError):
        view_of(row(proof="surely"), (), never)


def test_publishes_without_a_sequence_come_last_in_the_order_they_went_out():
    rows = [row(place=-9, sequence=None), row(place=-2, sequence=None), row(place=1, sequence=1), row()]
    assert [each.place for each in in_listing_order(rows)] == [0, 1, -2, -9]
