"""Playing: what fails it, and with which error; tokens and reconnecting against the simulator."""

from __future__ import annotations

import shlex
import socket
import sys
import threading

import pytest

from recorder import recipes
from recorder.errors import CannotConnect, ExpectationFailed
from recorder.recipes.places import simulated_token
from recorder.recipes.playing import Played
from recorder.replay.outcome import Outcome, ReceiptSent
from recorder.simulator.server import SimulatorServer
from recorder.wire.frames import Opcode, Side, encode
from recorder.wire.handshake import HandshakeReader, accept_for, header_values

PATIENCE_S = 5.0

LATE = ReceiptSent("d", 2, "READ", None, 12.0, 12.025, 26)
IN_TIME = LATE._replace(frame=24, sent_s=12.001)


def played(*receipts, tolerance_s, troubles=()):
    outcome = Outcome((), receipts, troubles, (), None)
    return Played("abc", [], outcome, began_s=10.0, tolerance_s=tolerance_s)


def test_a_receipt_that_is_later_than_tolerated_fails_and_is_named():
    with pytest.raises(ExpectationFailed) as caught:
        played(IN_TIME, LATE, tolerance_s=0.02).raise_if_failed()
    assert str(caught.value) == (
        "READ for #2 (frame 26) was planned for +2.000000s and left at +2.025000s: 25.00 ms late, "
        "20 ms are tolerated"
    )


@pytest.mark.parametrize("tolerance_s", [None, 0.025000001, 1.0])
def test_what_is_tolerated_does_not_fail(tolerance_s):
    played(IN_TIME, LATE, tolerance_s=tolerance_s).raise_if_failed()


def test_what_failed_the_script_goes_before_what_was_late():
    with pytest.raises(ExpectationFailed, match="refused"):
        played(LATE, tolerance_s=0.0, troubles=("it was refused",)).raise_if_failed()


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
    played = recipes.replay(script(EXPIRING), archive=archive, token_command=command)
    played.raise_if_failed()
    assert len((tmp_path / "count").read_text()) == 2
    assert [(end.connection, end.ended.code) for end in played.outcome.endings] == [(1, 4401), (2, 1000)]
    assert [message.text for message in played.messages] == ["before", "after"]


def test_who_is_not_let_in_for_good_cannot_connect(archive, script):
    played = recipes.replay(script(EXPIRING), archive=archive)
    with pytest.raises(CannotConnect, match=r"4401, in step 4 \(say\), line 6"):
        played.raise_if_failed()
    assert "not reached" in {result.outcome for result in played.outcome.results}


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


def test_nobody_there_is_an_error_and_recorded(archive, script):
    with pytest.raises(CannotConnect):
        recipes.replay(script("steps: [{wait: 1s}]"), archive=archive, url="ws://127.0.0.1:1/", token="a.b.c")
    with recipes.open_archive(archive) as opened:
        session = opened.find_session("last")
        assert session.state == "complete"
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

    with SimulatorServer(heard=heard) as server, socket.create_server(("127.0.0.1", 0)) as listener:
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
