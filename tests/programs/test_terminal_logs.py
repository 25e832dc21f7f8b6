"""What a real wscat and wsdump show in a terminal is a capture."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from builders.terminal import Terminal

from recorder import recipes
from recorder.simulator import SimulatorServer, agent_from
from recorder.wire.frames import Opcode, Side

WSCAT = shutil.which("wscat")
WSDUMP = Path(sys.executable).with_name("wsdump")
TOKEN = {"type": ".ams.headers.ConsumerAuthentication", "jwt": "me"}
TYPED = [
    {"kind": "req", "id": "0", "type": "InitConnection", "headers": [TOKEN]},
    {"kind": "req", "id": "1", "type": "GetClock", "body": "é 😀"},
    {"kind": "req", "id": "2", "type": "cm.ConsumerRequestConversation"},
]


def imported(tmp_path: Path, shown: bytes) -> tuple[list[tuple[Side, int, bytes]], str]:
    (tmp_path / "log").write_bytes(shown)
    with recipes.open_archive(str(tmp_path / "x.db"), mode="write", create=True) as archive:
        session = recipes.import_capture(archive, tmp_path / "log")
        (connection,) = archive.connections(session)
        assert (connection.provenance, connection.fidelity, session.source) == ("text", "lines", "text")
        return [(each.sender, each.opcode, each.payload) for each in archive.frames(session)], session.session


@pytest.fixture
def server():
    with SimulatorServer(agent_from([{"on": "conversation", "do": [{"say": "some agent text"}]}])) as running:
        yield running


def talk(terminal: Terminal) -> list[dict[str, object]]:
    """Type the requests, each once the one before is answered and the prompt is there."""
    for request in TYPED:
        terminal.until_it_reads_keys()
        terminal.type(json.dumps(request, ensure_ascii=False))
        terminal.until(rb'"reqId":"%s"[^\n]*\n[^\n]*> ' % str(request["id"]).encode())
    terminal.until(rb"some agent text[^\n]*\n")
    return TYPED


def check(frames: list[tuple[Side, int, bytes]]) -> None:
    texts = [(sender, json.loads(payload)) for sender, opcode, payload in frames if opcode == Opcode.TEXT]
    sent = [envelope["id"] for sender, envelope in texts if sender is Side.CLIENT]
    assert sent == ["0", "1", "2"]
    answered = [envelope["reqId"] for _, envelope in texts if envelope["kind"] == "resp"]
    assert answered == ["0", "1", "2"]
    assert {sender for sender, envelope in texts if envelope["kind"] != "req"} == {Side.SERVICE}
    assert texts[2] == (Side.CLIENT, TYPED[1])


@pytest.mark.skipif(WSCAT is None, reason="no wscat here: npm install -g wscat")
@pytest.mark.parametrize("options", [(), ("-P", "--slash", "--no-color")], ids=["plain", "pings"])
def test_what_wscat_shows_is_imported(tmp_path, server, options):
    terminal = Terminal(WSCAT, "--connect", server.url, *options)
    terminal.until(b"Connected")
    try:
        talk(terminal)
        if options:
            terminal.type("/ping hi")
            terminal.until(b"Received pong")
            terminal.type("/close 1000")
            terminal.until(b"Disconnected[^\n]*\n")
    finally:
        terminal.close()
    frames, session = imported(tmp_path, terminal.shown)
    check(frames)
    control = [each for each in frames if each[1] != Opcode.TEXT]
    talk_of_control = [(Side.CLIENT, 9, b"hi"), (Side.SERVICE, 10, b"hi"), (Side.CLIENT, 8, b"\x03\xe8")]
    assert control == (talk_of_control if options else [])
    with recipes.open_archive(str(tmp_path / "x.db")) as archive:
        (connection,) = archive.connections(session)
    assert (connection.close_code, connection.how) == ((1000, "closed") if options else (None, None))


@pytest.mark.parametrize("options", [(), ("--timings", "--verbose")], ids=["plain", "timings"])
def test_what_wsdump_shows_is_imported(tmp_path, server, options):
    terminal = Terminal(WSDUMP, server.url, *options)
    terminal.until(b"Press Ctrl")
    try:
        talk(terminal)
    finally:
        terminal.close()
    frames, session = imported(tmp_path, terminal.shown)
    check(frames)
    with recipes.open_archive(str(tmp_path / "x.db")) as archive:
        offsets = [frame.offset_us for frame in archive.frames(session) if frame.sender is Side.SERVICE]
    assert (None not in offsets) == bool(options)
    assert not options or offsets == sorted(offsets)
