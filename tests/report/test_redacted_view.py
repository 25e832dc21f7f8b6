"""What is left out of a view is nowhere in it."""

from __future__ import annotations

import orjson
import pytest

from recorder.errors import BadOption
from recorder.redaction.people import withheld_text
from recorder.report.redacted_view import redacted_view


def test_a_text_is_its_length():
    assert (withheld_text("a"), withheld_text("secret")) == ("text of 1 character", "text of 6 characters")


def test_nothing_is_left_out_unless_asked(view_of):
    view = view_of("step-up.jsonl")
    assert redacted_view(view, ()) is view


def test_ids_are_nowhere_and_texts_stay(view_of):
    view = view_of("step-up.jsonl", redact="names")
    shown = repr((view.messages, view.findings, view.names, view.people))
    for name in ("guest-1", "user-7", "agent-9"):
        assert name not in shown
    assert "Please sign in." in shown
    assert "agent gave READ" in shown
    assert "d1" in shown  # the dialog is nobody


def test_texts_are_nowhere_and_ids_stay(view_of):
    view = view_of("step-up.jsonl", redact="text")
    shown = repr((view.messages, view.findings))
    assert "Please sign in." not in shown
    assert "text of 15 characters" in shown
    assert "agent-9" in shown


def test_a_name_that_somebody_writes_goes_with_the_names(view_of):
    """The name of a profile, and an id within a text; a word that only contains them stays."""

    def line(sender, **envelope):
        return orjson.dumps({"sender": sender, "text": orjson.dumps(envelope).decode()}).decode()

    body = {"userId": "consumer-77", "firstName": "Ann", "lastName": "Lee"}
    change = {
        "dialogId": "d", "sequence": 0, "originatorId": "consumer-77",
        "event": {"type": "ContentEvent", "contentType": "text/plain", "message": "consumer-77: Annual, Ann"},
    }  # fmt: skip
    lines = [
        line("client", kind="req", id="1", type="userprofile.GetUserProfile", body={"userId": "consumer-77"}),
        line(
            "service", kind="resp", reqId="1", code=200, type="userprofile.GetUserProfileResponse", body=body
        ),
        line(
            "service", kind="notification", type="ms.MessagingEventNotification", body={"changes": [change]}
        ),
    ]
    view = view_of("\n".join(lines), redact="names")
    (message,) = view.messages
    assert "consumer-77" not in repr(view.messages)
    assert "Annual" in message.text


def test_a_text_that_the_service_repeats_goes_with_the_texts(view_of):
    """The reason of a refusal quotes what was said."""
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": "my card is 4711"}
    publish = {
        "kind": "req", "id": "1", "type": "ms.PublishEvent", "body": {"dialogId": "d", "event": event},
    }  # fmt: skip
    answer = {"kind": "resp", "reqId": "1", "code": 400, "body": "cannot take: my card is 4711"}
    lines = [{"sender": "client", "text": orjson.dumps(publish).decode()}]
    lines.append({"sender": "service", "text": orjson.dumps(answer).decode()})
    written = "\n".join(orjson.dumps(each).decode() for each in lines)
    assert any("my card is 4711" in each.sentence for each in view_of(written).findings)
    hidden = view_of(written, redact="text").findings
    assert any("cannot take: text of 15 characters" in each.sentence for each in hidden)
    assert "4711" not in repr(hidden)


def test_another_part_is_refused(view_of):
    with pytest.raises(BadOption, match='"faces" cannot be left out'):
        view_of("tutorial.jsonl", redact="text,faces")
