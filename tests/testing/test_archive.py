"""An archive for one test: what a bot did, judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import websocket

from recorder.documents import read_document
from recorder.errors import BadOption, BadScript, NotFound
from recorder.testing import ArchiveForATest, PretendService

SAMPLES = Path(__file__).parents[2] / "samples"
OPEN = '{"kind":"req","id":1,"type":"cm.ConsumerRequestConversation"}'
GREETER = [{"on": "conversation", "do": [{"say": "Hello"}]}]


@pytest.fixture
def service():
    made = PretendService()
    yield made
    made.stop()


@pytest.fixture
def archive(tmp_path):
    return ArchiveForATest(tmp_path)


def read_greeting(service, *, sequence=0, status="READ"):
    """A bot: opens a conversation, and sends one receipt."""
    socket = websocket.create_connection(
        service.url, header=["Authorization: jwt x"], timeout=20, suppress_origin=True
    )
    socket.send(OPEN)
    dialog_id = json.loads(socket.recv())["body"]["conversationId"]
    service.wait_for(lambda one: b"Hello" in one.data)
    event = {"type": "AcceptStatusEvent", "status": status, "sequenceList": [sequence]}
    body = {"dialogId": dialog_id, "event": event}
    socket.send(json.dumps({"kind": "req", "id": 2, "type": "ms.PublishEvent", "body": body}))
    service.wait_for(lambda one: b'"reqId":"2"' in one.data)
    socket.close()


def test_keep_stores_a_session_with_receipts(service, archive):
    service.start(GREETER)
    read_greeting(service)
    session = archive.keep(service, name="my bot")
    (message,) = archive.messages("my bot")
    assert (message.text, message.status) == ("Hello", "read")
    assert archive.messages(session) == archive.messages("last")
    assert len(archive.frames()) == len(service.said)


def test_of_several_sessions_with_one_name_the_newest_is_meant(service, archive, capsys):
    service.start(GREETER)
    archive.keep(service, name="my bot")
    read_greeting(service)
    archive.keep(service, name="my bot")
    assert len(archive.messages("my bot")) == 1
    assert capsys.readouterr().err == "my bot: the newest of 2\n"
    assert archive.frames("my bot~1") == archive.frames("last~1") == []
    assert capsys.readouterr().err == ""


def test_check_finds_a_receipt_for_no_message(service, archive):
    service.start(GREETER)
    read_greeting(service, sequence=99)
    archive.keep(service)
    assert [message.status for message in archive.messages() if message.sequence == 0] == ["sent"]
    assert any(one.outcome == "violated" for one in archive.check())


def test_keeping_the_same_payloads_twice_stores_one_session(service, archive):
    service.start(GREETER)
    read_greeting(service)
    first = archive.keep(service)
    assert archive.keep(service) == first
    read_greeting(service)
    assert archive.keep(service) != first


def test_keep_stores_binary_payloads(service, archive):
    socket = websocket.create_connection(
        service.url, header=["Authorization: jwt x"], timeout=20, suppress_origin=True
    )
    socket.send_binary(b"\xff\x00")
    assert json.loads(socket.recv())["code"] == 400
    socket.close()
    archive.keep(service)
    assert archive.frames()[0].payload == b"\xff\x00"
    assert archive.frames()[0].opcode == 2


def test_record_stores_a_session(service, archive):
    service.start(GREETER)
    archive.record(service.url, [OPEN], token="me", linger="20ms")
    assert [message.text for message in archive.messages()] == ["Hello"]


def test_replay_stores_a_session(service, archive, tmp_path):
    service.start([{"on": "message", "do": ["accept", "read"]}])
    script = tmp_path / "script.yaml"
    script.write_text(
        "steps:\n  - open_conversation:\n  - say: Hi\n"
        "  - expect: {message: last_sent, status: read, within: 5s}\n"
    )
    played = archive.replay(script, url=service.url, token="me", name="played")
    played.raise_if_failed()
    assert [message.status for message in archive.messages("played")] == ["read"]
    assert service.published("ContentEvent")[0]["message"] == "Hi"


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_sample_plays_at_a_url_with_its_variables_unset(service, archive, sample):
    agent = read_document(sample.read_text(), file=sample.name).value.get("agent")
    service.start(agent)
    archive.replay(sample, url=service.url).raise_if_failed()


def test_replay_of_a_script_that_names_a_service_wants_to_be_told_where(archive, tmp_path):
    script = tmp_path / "script.yaml"
    script.write_text('consumer: {url: "ws://127.0.0.1:1/"}\nsteps: [{open_conversation: }]\n')
    with pytest.raises(BadOption, match="say whether it is meant"):
        archive.replay(script)
    archive.replay(script, url="simulator").raise_if_failed()


def test_raise_if_violated_raises_with_rule_and_frames(service, archive):
    service.start(GREETER)
    read_greeting(service)
    archive.keep(service, name="good")
    archive.raise_if_violated("good")
    service.stop()
    other = PretendService().start(GREETER)
    read_greeting(other, sequence="first")
    other.stop()
    archive.keep(other, name="bad")
    (grave,) = {one.rule for one in archive.check("bad") if one.fails} - {"refused-receipt", "error-answer"}
    assert grave == "malformed-sequence-list"
    with pytest.raises(AssertionError, match=f"{grave}: .* [(]frames #"):
        archive.raise_if_violated("bad")
    archive.raise_if_violated("bad", rule=["late-read"], read_within="20s")


def test_all_that_is_wrong_with_a_script_is_in_the_failure(archive, tmp_path):
    script = tmp_path / "s.yaml"
    script.write_text('nmae: x\nsteps:\n  - say: "${UNSET}"\n')
    with pytest.raises(BadScript, match="line 1") as refused:
        archive.replay(script)
    assert [note.partition(":")[0] for note in refused.value.__notes__] == ["error", "hint"]
    assert "line 3, step 1 (say): the variable UNSET is not set" in refused.value.__notes__[0]


def test_an_archive_into_which_nothing_was_recorded_says_what_comes_before(archive):
    for ask in (archive.messages, archive.frames, archive.check, archive.raise_if_violated):
        with pytest.raises(NotFound, match='no session "last"') as missing:
            ask()
        assert "ums_archive.keep(ums_simulator) comes before" in missing.value.hint
