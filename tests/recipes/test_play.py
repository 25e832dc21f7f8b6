"""Playing: what ends it, and with which error; tokens and reconnecting against the simulator."""

from __future__ import annotations

import shlex
import socket
import sys
import threading
from pathlib import Path

import pytest

from recorder import recipes
from recorder.errors import CannotConnect, ExpectationFailed, OutputFailed, RecordingIncomplete, StorageFailed
from recorder.recipes.endpoints import simulated_token
from recorder.simulator.server import SimulatorServer
from recorder.wire.frames import Opcode, Side, encode
from recorder.wire.handshake import HandshakeReader, accept_for, header_values

PATIENCE_S = 5.0


@pytest.fixture
def script(tmp_path):
    def write(text):
        file = tmp_path / "s.yaml"
        file.write_text(text)
        return file

    return write


def printing(*tokens, folder):
    """A command that prints these tokens, one after the other, then the last one again and again."""
    file = str(folder / "count")
    code = (
        f"import pathlib; count = pathlib.Path({file!r})\n"
        "n = len(count.read_text()) if count.exists() else 0\n"
        f"count.write_text('x' * (n + 1)); tokens = {list(tokens)!r}; print(tokens[min(n, len(tokens) - 1)])"
    )
    return shlex.join([sys.executable, "-c", code])


EXPIRING = """
steps:
- open_conversation:
- say: before
- wait: 1500ms
- say: after
- close_conversation:
agent: []
simulator: {close_after: {code: 4401, after: 1200ms}}
"""


def test_an_expired_token_is_replaced_and_the_conversation_goes_on(archive, script, tmp_path):
    command = printing(simulated_token("x"), simulated_token("x"), folder=tmp_path)
    played = recipes.replay(script(EXPIRING), archive=archive, url="simulator", token_command=command)
    played.raise_if_failed()
    assert len((tmp_path / "count").read_text()) == 2
    assert [(end.connection, end.ended.code) for end in played.outcome.endings] == [(1, 4401), (2, 1000)]
    assert [message.text for message in played.messages] == ["before", "after"]


def test_whose_token_expires_later_was_let_in_and_leaves_the_rest_unsent(archive, script):
    played = recipes.replay(script(EXPIRING), archive=archive)
    with pytest.raises(RecordingIncomplete, match=r"4401, in step 4 \(say\), line 6") as raised:
        played.raise_if_failed()
    assert "fresh token" in raised.value.hint
    assert "not reached" in {result.outcome for result in played.outcome.results}
    with recipes.open_archive(archive) as opened:
        found = opened.find_session(played.session)
    assert found.state == "interrupted"
    assert "4401" in found.detail
    (verdict,) = recipes.verify(archive)
    assert verdict.state == "interrupted"


def test_an_end_that_was_not_to_come_is_an_expectation_that_failed(archive, script):
    """Its code would stand for a token that is no good; but that is what the script asks about."""
    text = """
steps:
- open_conversation:
- expect: {not: {close: any}, for: 3s}
agent: []
simulator: {close_after: {code: 4401, after: 1s}}
"""
    played = recipes.replay(script(text), archive=archive, clock="virtual")
    with pytest.raises(ExpectationFailed, match=r"step 2 \(expect\), line 4: .* closed by the service, 4401"):
        played.raise_if_failed()


def test_nobody_there_is_an_error_told_and_recorded(archive, script):
    told = []
    with pytest.raises(CannotConnect):
        recipes.replay(
            script("steps: [{wait: 1s}]"),
            archive=archive,
            url="ws://127.0.0.1:1/",
            token="a.b.c",
            on_end=told.append,
        )
    (played,) = told
    assert [(result.verb, result.outcome) for result in played.outcome.results] == [
        ("connect", "failed"),
        ("wait", "not reached"),
    ]
    assert played.cut_short is None
    with recipes.open_archive(archive) as opened:
        session = opened.find_session("last")
        assert session.state == "refused"
        assert [each.how for each in opened.connections(session)] == ["refused"]


def test_tokens_that_were_fetched_are_nowhere_in_the_archive(archive, script, tmp_path):
    secret = "Zm9vYmFy-opaque-Zm9vYmFy"
    said = []
    leaked = "hint: eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.sig"
    code = f"import sys; print({secret!r}); print({leaked!r}, file=sys.stderr)"
    command = shlex.join([sys.executable, "-c", code])
    recipes.replay(
        script("steps: [{open_conversation: }]\nagent: []\n"),
        archive=archive,
        url="simulator",
        token_command=command,
        say=said.append,
    ).raise_if_failed()
    for file in tmp_path.glob("archive.db*"):
        assert secret.encode() not in file.read_bytes()
    assert not any(secret in line or "eyJzdWIi" in line for line in said)
    assert any(line.startswith("token command: hint:") for line in said)


def upgrade_once_then_nothing(listener, go, told):
    """Serves one connection to its Close; takes another, and never says a word to it."""
    with listener.accept()[0] as sock:
        reader = HandshakeReader(Side.CLIENT)
        while reader.feed(sock.recv(65536)) is None:
            pass
        key = header_values(reader.request().headers, "Sec-WebSocket-Key")[0]
        sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {accept_for(key)}\r\n\r\n".encode()
        )
        sock.recv(65536)
        sock.sendall(encode(Opcode.CLOSE, b"\x03\xe8"))
    with listener.accept()[0]:
        told.append(go.wait(PATIENCE_S))


def test_receipts_of_one_consumer_do_not_wait_for_the_connection_of_another(archive, script):
    """Ben connects again, to a service that takes the connection and never answers the upgrade."""
    go, told = threading.Event(), []

    def heard(client, side, payload):
        if side is Side.CLIENT and b'"READ"' in payload:
            go.set()

    with SimulatorServer(on_payload=heard) as server, socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=upgrade_once_then_nothing, args=(listener, go, told))
        thread.start()
        text = f"""
consumers:
  anna: {{url: "{server.url}", token: "{simulated_token()}", receipts: {{accept: 100ms, read: 200ms}}}}
  ben: {{url: "ws://127.0.0.1:{listener.getsockname()[1]}/"}}
steps:
- disconnect: {{consumer: ben}}
- open_conversation:
- await:
- reconnect: {{consumer: ben}}
"""
        played = recipes.replay(script(text), archive=archive, url="script")
        thread.join(PATIENCE_S)
    assert told == [True]
    failed = played.outcome.results[3]
    assert (failed.verb, failed.outcome) == ("reconnect", "failed")
    receipts = played.outcome.receipts
    assert [receipt.status for receipt in receipts] == ["ACCEPT", "READ"]


# --- ends before the end --------------------------------------------------------------------------------

PATIENT = """
steps:
- open_conversation:
- say: hello
- wait: 10m
- say: never
agent: []
"""


class StopAt:
    """Asked to stop once this many steps are over; ``say`` counts them."""

    def __init__(self, steps):
        self._left, self._wakes = steps, []

    def is_set(self):
        return self._left <= 0

    def on_stop(self, wake):
        self._wakes.append(wake)

    def say(self, says):
        self._left -= says.startswith("step ")
        if self.is_set():
            for wake in self._wakes:
                wake()


@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_a_stop_tells_the_steps_that_are_over_the_one_it_came_in_and_the_rest(archive, script, clock):
    stop, told = StopAt(2), []
    played = recipes.replay(
        script(PATIENT), archive=archive, clock=clock, stop=stop, say=stop.say, on_end=told.append
    )
    assert told == [played]
    results = played.outcome.results
    assert [result.outcome for result in results] == ["ok", "ok", "stopped", "not reached"]
    assert results[2].sentence == played.cut_short == "stopped from outside before it was over"
    assert results[2].began_s <= results[2].ended_s < results[2].began_s + 60
    assert "hello" in results[2].shown[0]
    assert [message.text for message in played.messages] == ["hello"]
    played.raise_if_failed()


def test_a_script_that_is_over_when_the_stop_comes_was_not_cut_short(archive, script):
    """All is said and the goodbye is under way: nothing is left that could be stopped."""
    stop = StopAt(1)
    played = recipes.replay(
        script("steps: [{open_conversation: }]\nagent: []\n"), archive=archive, clock="virtual",
        say=lambda says: stop.say("step 1" if "came out as written" in says else ""), stop=stop,
    )  # fmt: skip
    assert stop.is_set()
    assert played.cut_short is None
    assert played.outcome.passed


def test_an_archive_that_takes_no_more_is_told_with_the_step_it_came_in(archive, script):
    """Somebody moves the file away: that is noticed before long, and nothing of it is a failed step."""
    moved, told = [], []

    def say(says):
        if says.startswith("step 2") and not moved:
            moved.append(Path(archive).rename(f"{archive}.moved"))

    text = PATIENT.replace("- wait: 10m", "- repeat: {times: 200, steps: [{say: again}, {wait: 50ms}]}")
    with pytest.raises(StorageFailed, match="removed or renamed") as caught:
        recipes.replay(script(text), archive=archive, say=say, on_end=told.append)
    (played,) = told
    assert played.cut_short == str(caught.value)
    outcomes = [result.outcome for result in played.outcome.results]
    assert outcomes[:2] == ["ok", "ok"]
    assert "failed" not in outcomes
    assert outcomes[-1] == "not reached"
    (cut,) = [result for result in played.outcome.results if result.outcome == "stopped"]
    assert cut.sentence == played.cut_short


def test_ctrl_c_that_nobody_handles_is_told_and_goes_on(archive, script):
    """As a library, in somebody else's program: KeyboardInterrupt, as everywhere in Python."""
    told = []

    def say(says):
        if says.startswith("step 2"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recipes.replay(script(PATIENT), archive=archive, say=say, on_end=told.append)
    assert [result.outcome for result in told[0].outcome.results].count("not reached") == 2
    with recipes.open_archive(archive) as opened:
        assert opened.find_session("last").state == "complete"


def test_what_cannot_be_told_on_a_full_disk_does_not_hide_why_it_ended(archive, script):
    said = []

    def fail(_):
        raise OutputFailed("out.xml", "the disk is full")

    with pytest.raises(CannotConnect):
        recipes.replay(
            script("steps: [{wait: 1s}]"), archive=archive, url="ws://127.0.0.1:1/", token="a.b.c",
            say=said.append, on_end=fail,
        )  # fmt: skip
    assert said[-1] == "cannot write out.xml: the disk is full"
