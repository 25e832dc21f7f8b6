"""Sequences of any size, from capture to command: what is asked, announced and read is told to the digit."""

from __future__ import annotations

import pytest
from builders.two_sides import AGENT, CONSUMER, Capture, Told

LONG = 10**30
LAST = 2**63 - 1


@pytest.fixture
def told(tmp_path):
    about = Told(tmp_path)
    capture = Capture().opened(1, token=CONSUMER)
    subscription = {"dialogId": "d", "fromSeq": 0}
    capture.request(1, "ms.SubscribeMessagingEvents", subscription, {})
    capture.say(1, 0, "Hello?", by=CONSUMER).say(0, LAST, "Hi.", by=AGENT)
    capture.say(0, LONG, "Anybody?", by=AGENT).give(1, "READ", LONG, LONG + 1, by=CONSUMER)
    capture.give(1, "READ", LONG + 7, LONG + 2, by=CONSUMER)
    about.imports(capture, "long")
    return about


@pytest.mark.parametrize("dialog", [(), ("--dialog", "d")], ids=["session", "dialog"])
def test_they_are_listed_and_have_their_receipts(told, dialog):
    listed = told.run("message", "list", "last", "--json", *dialog)
    assert f'"sequence":{LONG},' in listed
    assert f'"sequence":{LAST},' in listed
    message = told.messages()[2]
    assert (message["sequence"], message["text"], message["status"]) == (LONG, "Anybody?", "read")
    assert str(LONG) in told.run("message", "list", "last", *dialog)
    assert f"message {LONG} in dialog d" in told.run("message", "show", "last", str(LONG))


def test_they_have_no_row_and_that_is_said(told):
    assert told.rows("message", "sequence", "text", "dialog") == [(0, "Hello?", "d"), (LAST, "Hi.", "d")]
    assert told.rows("projection", "left_out", "version", "frame")[0][0] == 1
    odd = [each for each in told.findings("malformed-envelope") if each["outcome"] == "violated"]
    assert [each["says"] for each in odd] == [f"message {LONG}, a number of more than 64 bits"]


def test_a_receipt_for_one_that_the_dialog_has_not_names_a_number_beyond_it(told):
    (finding,) = told.findings("malformed-sequence-list")
    beyond = f"you gave READ for message {LONG + 7}; the dialog has none beyond {LONG + 2}"
    assert finding["says"] == f"{beyond}; the service took it all the same (200)"
    assert finding["outcome"] == "violated"
