"""Raw envelopes and frames, and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.replay.run.actions import AwaitMessage, CloseConnection, Send, SendBytes, SendRawFrame, Upload

OPEN = "steps:\n- open_conversation:\n"


def results(driver):
    return driver.player.outcome().results


@pytest.mark.parametrize(
    ("written", "action"),
    [
        ("{opcode: ping, text: hello}", SendRawFrame(9, b"hello")),
        (
            "{opcode: 3, hex: 'ff 00', rsv: 4, fin: false, mask: false}",
            SendRawFrame(3, b"\xff\x00", False, 4, False),
        ),
        ("{opcode: binary, data: aGk=}", SendRawFrame(2, b"hi")),
        ("{bytes: '81 05 68'}", SendBytes(b"\x81\x05h")),
    ],
)
def test_a_frame_goes_out_as_it_is_described(manual_driver, written, action):
    driver = manual_driver(f"steps:\n- send_frame: {written}\n- wait: 1s")
    assert driver.next() == driver.next() == action
    driver.player.sent_raw(None, 0.0)
    driver.advance_to(1.0)
    assert results(driver)[0].sentence == "no whole frame"


def test_a_whole_text_frame_may_ask_something(manual_driver):
    frame = """{opcode: text, text: '{"kind":"req","id":"x","type":"GetClock"}'}"""
    driver = manual_driver(f"steps:\n- send_frame: {frame}\n- wait: 1s")
    assert isinstance(driver.next(), SendRawFrame)
    driver.player.sent_raw(driver.stamp(), 0.0)
    assert driver.player.view.unanswered == {1}
    driver.advance_to(1.0)


def test_the_answer_to_an_envelope_is_waited_for_if_it_gets_a_name(manual_driver):
    driver = manual_driver(
        "steps:\n- send: {envelope: {kind: req, id: x, type: GetClock}, as: time}\n"
        "- send: {at: '${time.body.currentTime}'}\n- wait: 1s"
    )
    request = driver.send()
    assert driver.next() == AwaitMessage(10.0)
    driver.answer(request, body={"currentTime": 5})
    assert driver.send() == {"at": 5}


def test_what_falls_into_an_unfinished_frame_fails_its_step(manual_driver):
    driver = manual_driver("steps:\n- send_frame: {bytes: '81 fe'}\n- keep_alive:\n- wait: 1s")
    driver.next()
    driver.player.sent_raw(None, 0.0)
    assert isinstance(driver.next(), Send)
    driver.player.sent_raw(None, 0.0)
    assert driver.next() == CloseConnection()
    assert "went into the frame that was left unfinished" in results(driver)[1].sentence


# --- files ----------------------------------------------------------------------------------------------

FILE = OPEN + "- send_file: {file: cat.png, caption: 'my ${conversation.id}', as: cat}\n- wait: 1s\n"
ANSWER = {"relativePath": "/v1/cat.PNG", "queryParams": {"temp_url_sig": "a/b", "temp_url_expires": "9"}}


@pytest.fixture
def cat(manual_driver, tmp_path):
    (tmp_path / "cat.png").write_bytes(b"meow")
    driver = manual_driver(FILE, folder=tmp_path)
    driver.open()
    return driver


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
    cat.advance_to(1.0)
    assert cat.player.names.target("cat", cat.player.view) == ("conv-1", 2)
    assert cat.player.outcome().notes == ("announced only",)


def test_a_file_that_is_not_taken_fails_the_step(cat):
    cat.answer(cat.send(), body=ANSWER)
    cat.player.begun(cat.next(), 0.0)
    cat.player.not_uploaded("the server said 401", 0.0)
    assert cat.next() == CloseConnection()
    assert results(cat)[1].sentence == "the server said 401"


def test_an_answer_that_names_no_place_fails_the_step(cat):
    cat.answer(cat.send(), body={})
    cat.next()
    assert results(cat)[1].sentence.endswith("without a relativePath")


def test_the_simulator_takes_files(play_folder, tmp_path):
    (tmp_path / "cat.png").write_bytes(b"meow")
    played = play_folder(FILE, Path(tmp_path))
    assert played.outcome.failure is None
    (upload,) = played.line.uploads
    assert upload.data == b"meow"
