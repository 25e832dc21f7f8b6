"""What a frame says, in a few words."""

from __future__ import annotations

import orjson
import pytest

from recorder.messaging import requests
from recorder.messaging.envelopes import dump
from recorder.report.frame_words import FrameWords, short_type
from recorder.wire.frames import Opcode, Side
from recorder.wire.records import RecordedFrame


def frame(payload, sender=Side.SERVICE, opcode=Opcode.TEXT, *, number=1, connection=1, fin=True):
    return RecordedFrame(number, connection, number - 1, sender, 1, 1, opcode, fin, 0, payload)


def sent(request, **more):
    return frame(dump(request).encode(), Side.CLIENT, **more)


def came(**envelope):
    return frame(orjson.dumps(envelope))


def notified(*events, **change):
    changes = [{"sequence": place, "event": event, **change} for place, event in enumerate(events)]
    return came(kind="notification", type="ms.MessagingEventNotification", body={"changes": changes})


OPENED = [{"type": "UPSERT", "result": {"conversationDetails": {"state": "OPEN"}}}]
TEXT = {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (sent(requests.accept("1", "d", [0, 2])), "PublishEvent ACCEPT [0, 2]"),
        (sent(requests.read("1", "d", range(12))), "PublishEvent READ [0, 1, 2, 3, 4, 5, 6, 7, …]"),
        (sent(requests.publish_text("1", "d", "hello")), 'PublishEvent Content "hello"'),
        (sent(requests.publish_chat_state("1", "d", "COMPOSING")), "PublishEvent ChatState COMPOSING"),
        (sent(requests.publish("1", "d", {"type": "RichContentEvent"})), "PublishEvent RichContent"),
        (sent(requests.request("1", "ms.PublishEvent", {"event": 7})), "PublishEvent"),
        (sent(requests.init_connection("1", "x")), "InitConnection"),
        (notified(TEXT), 'Content [0] "hi"'),
        (notified(TEXT, {"type": "ChatStateEvent", "chatState": "GONE"}), 'Content [0] "hi"; ChatState GONE'),
        (notified({"type": "AcceptStatusEvent", "status": "READ", "sequenceList": 7}), "READ [7]"),
        (notified({"type": 7}, 9), "an event without a type; MessagingEvent without an event"),
        (notified(), "MessagingEvent"),
        (
            came(
                kind="notification",
                type="cqm.ExConversationChangeNotification",
                body={
                    "changes": [{"type": "UPSERT", "result": {"conversationDetails": {"state": "OPEN"}}}, 7]
                },
            ),
            "ExConversationChange UPSERT OPEN ",
        ),
        (
            came(kind="resp", reqId="9", code=200, type="ms.PublishEventResponse"),
            "PublishEventResponse → 200",
        ),
        (came(kind="notification"), "a notification without a type"),
        (frame(b"ping?"), "ping?"),
        (frame(b""), "empty"),
        (frame(b"\x00\xff", opcode=Opcode.BINARY), "binary 00 ff"),
        (frame(b"x", opcode=Opcode.PING), "ping"),
        (frame(b"", opcode=Opcode.PONG), "pong"),
        (frame(b"", opcode=0xB), "opcode 0xb"),
        (frame(b"\x11\x31token", opcode=Opcode.CLOSE), "close 4401 token"),
        (frame(b"", opcode=Opcode.CLOSE), "close"),
    ],
)
def test_a_frame_in_words(shown, words):
    assert FrameWords().feed(shown) == words


def test_an_answer_is_told_by_what_it_answers_the_oldest_first():
    words = FrameWords()
    words.feed(sent(requests.accept("7", "d", [0])))
    words.feed(sent(requests.publish_text("7", "d", "hello")))
    words.feed(sent(requests.get_clock("7"), connection=2))
    refused = came(kind="resp", reqId=7, code=404, body="no dialog")
    assert words.feed(refused) == 'PublishEvent ACCEPT [0] → 404 "no dialog"'
    taken = came(kind="resp", reqId=7, code=200, body={"sequence": 3})
    assert words.feed(taken) == "PublishEvent Content → 200 [3]"
    assert words.feed(taken) == "an answer → 200"
    assert FrameWords("->").feed(taken) == "an answer -> 200"


def test_fragments_are_told_by_the_last_of_them():
    words = FrameWords()
    text = dump(requests.get_clock("1")).encode()
    assert words.feed(frame(text[:9], Side.CLIENT, fin=False)) == "a fragment of 9 bytes"
    assert words.feed(frame(text[9:], Side.CLIENT, Opcode.CONTINUATION)) == "GetClock"


def test_types_are_shortened_to_their_names():
    assert short_type("ms.PublishEvent") == "PublishEvent"
    assert short_type("ms.token.GenerateUploadToken") == "GenerateUploadToken"
    assert short_type("cqm.ExConversationChangeNotification") == "ExConversationChange"
