"""Verbs that send receipts: for one message or several, now, later, with another one, or never."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from recorder.documents import Duration
from recorder.replay.language.verbs_receipts import AcceptVerb, ReadVerb, ReceiptVerb


def test_receipt_verbs_take_one_message_or_a_list():
    assert ReadVerb.model_validate("a").messages == ("a",)
    assert ReadVerb.model_validate(["a", 3]).messages == ("a", 3)
    assert AcceptVerb.model_validate(None).messages == ("last_received",)
    assert ReceiptVerb.model_validate({"status": "nack", "message": [1, 2]}).messages == (1, 2)


def test_receipt_delays_may_be_random_or_never():
    assert ReadVerb.model_validate({"after": "never"}).after == "never"
    assert ReadVerb.model_validate({"after": "2s"}).after == Duration(2)
    assert ReadVerb.model_validate({"after": "1s..2s"}).after.longest_s == 2.0
    assert ReceiptVerb.model_validate({"status": "READ", "after": "1s ± 1s"}).after.shortest_s == 0.0


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"with": "b", "after": "1s"}, "both say when"),
        ({"message": ["a", "b"], "with": "b"}, "with itself"),
        ({"message": []}, "the list of messages is empty"),
    ],
)
def test_contradicting_receipt_arguments_are_refused(given, says):
    with pytest.raises(ValidationError, match=says):
        AcceptVerb.model_validate(given)
    assert AcceptVerb.model_validate({"message": "a", "with": "b"}).with_ == "b"
