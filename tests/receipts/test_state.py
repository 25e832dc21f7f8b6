"""A new transcript knows nothing."""

from __future__ import annotations

from recorder.receipts.queries import view
from recorder.receipts.selves import selves_of
from recorder.receipts.state import STATUS_ORDER, Transcript


def test_a_new_transcript_knows_nothing():
    assert view(Transcript()) == []
    assert selves_of(Transcript()).ids == frozenset()


def test_status_order_is_accept_then_read():
    assert STATUS_ORDER == ("ACCEPT", "READ")
