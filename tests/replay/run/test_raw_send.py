"""Raw envelopes and frames, and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.replay.run.actions import AwaitMessage, HangUp, Send, SendBytes, SendFrame, Upload

OPEN = "steps:\n- open_conversation:\n"


def results(hand):
    return hand.player.outcome().results


@pytest.mark.parametrize(
    ("written", "action"),
    [
        ("{opcode: ping, text: hello}", SendFrame(9, b"hello")),
        (
            "{opcode: 3, hex: 'ff 00', rsv: 4, fin: false, mask: false}",
            SendFrame(3, b"\xff\x00", False, 4, False),
        ),
        ("{opcode: binary, data: aGk=}", SendFrame(2, b"hi")),
        ("{bytes: '81 05 68'}", SendBytes(b"\x81\x05h")),
    ],
)
def test_a_frame_goes_out_as_it_is_described(by_hand, written, action):
    hand = by_hand(f"steps:\n- send_frame: {written}\n- wait: 1s")
    assert hand.next() == hand.next() == action
    hand.player.sent_raw(None, 0.0)
    hand.until(1.0)
    assert results(hand)[0].says == "no whole frame"


def test_a_whole_text_frame_may_ask_something(by_hand):
    frame = """{opcode: text, text: '{"kind":"req","id":"x","type":"GetClock"}'}"""
    hand = by_hand(f"steps:\n- send_frame: {frame}\n- wait: 1s")
    assert isinstance(hand.next(), SendFrame)
    hand.player.sent_raw(hand.stamp(), 0.0)
    assert hand.player.known.unanswered == {1}
    hand.until(1.0)


def test_the_answer_to_an_envelope_is_waited_for_if_it_gets_a_name(by_hand):
    hand = by_hand(
        "steps:\n- send: {envelope: {kind: req, id: x, type: GetClock}, as: time}\n"
        "- send: {at: '${time.body.currentTime}'}\n- wait: 1s"
    )
    request = hand.send()
    assert hand.next() == AwaitMessage(10.0)
    hand.answer(request, body={"currentTime": 5})
    assert hand.send() == {"at": 5}


def test_what_falls_into_an_unfinished_frame_fails_its_step(by_hand):
    hand = by_hand("steps:\n- send_frame: {bytes: '81 fe'}\n- keep_alive:\n- wait: 1s")
    hand.next()
    hand.player.sent_raw(None, 0.0)
    assert isinstance(hand.next(), Send)
    hand.player.sent_raw(None, 0.0)
    assert hand.next() == HangUp()
    assert "went into the frame that was left unfinished" in results(hand)[1].says


# --- files ----------------------------------------------------------------------------------------------

FILE = OPEN + "- send_file: {file: cat.png, caption: 'my ${conversation.id}', as: cat}\n- wait: 1s\n"
ANSWER = {"relativePath": "/v1/cat.PNG", "queryParams": {"temp_url_sig": "a/b", "temp_url_expires": "9"}}


@pytest.fixture
def cat(by_hand, tmp_path):
    (tmp_path / "cat.png").write_bytes(b"meow")
    hand = by_hand(FILE, folder=tmp_path)
    hand.open()
    return hand


def test_a_file_is_asked_for_handed_over_and_published(cat):
    asked = cat.send()
    assert asked["type"] == "ms.GenerateURLForUploadFile"
    assert asked["body"] == {"fileSize": "4", "fileType": "PNG"}
    cat.answer(asked, body=ANSWER)
    upload = Upload("/v1/cat.PNG?temp_url_sig=a%2Fb&temp_url_expires=9", b"meow", "image/png", "consumer")
    assert cat.next() == upload
    cat.player.begun(upload, 0.0)
    assert cat.next() == AwaitMessage(None)
    cat.player.uploaded(0.0, note="announced only")
    published = cat.send()
    event = published["body"]["event"]
    assert event["contentType"] == "hosted/file"
    assert event["message"] == {
        "caption": "my conv-1",
        "relativePath": "/v1/cat.PNG",
        "fileType": "PNG",
        "preview": "data:image/png;base64,bWVvdw==",
    }
    cat.answer(published, body={"sequence": 2})
    cat.until(1.0)
    assert cat.player.names.target("cat", cat.player.known) == ("conv-1", 2)
    assert cat.player.outcome().notes == ("announced only",)


def test_a_file_that_is_not_taken_fails_the_step(cat):
    cat.answer(cat.send(), body=ANSWER)
    cat.player.begun(cat.next(), 0.0)
    cat.player.not_uploaded("the server said 401", 0.0)
    assert cat.next() == HangUp()
    assert results(cat)[1].says == "the server said 401"


def test_an_answer_that_names_no_place_fails_the_step(cat):
    cat.answer(cat.send(), body={})
    cat.next()
    assert results(cat)[1].says.endswith("without a relativePath")


def test_the_simulator_takes_files(play_folder, tmp_path):
    (tmp_path / "cat.png").write_bytes(b"meow")
    played = play_folder(FILE, Path(tmp_path))
    assert played.outcome.failure is None
    (upload,) = played.line.uploads
    assert upload.data == b"meow"
