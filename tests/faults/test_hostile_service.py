"""A service that is broken or means harm: one sentence and an exit code, whatever it does."""

from __future__ import annotations

import base64
import contextlib
import json
import signal
import socket
import struct
import threading

import pytest

from recorder.recipes import open_archive
from recorder.wire.frames import UNFINISHED, Opcode, Side

ENDLESS = b"x" * 1_000_000


def spoken(stderr: bytes) -> str:
    """The one sentence; nothing else may look like an error of ours."""
    assert b"Traceback" not in stderr, stderr
    said = [line for line in stderr.decode().splitlines() if line.startswith("error: ")]
    assert len(said) == 1, stderr
    return said[0]


def without_end(visit, chunk):
    with contextlib.suppress(OSError):
        while True:
            visit.sock.sendall(chunk)


def answering(head: bytes, body: bytes = b""):
    """A service that answers the upgrade with this head, and with this body for ever."""

    def serve(visit):
        visit.sock.sendall(head)
        if body:
            without_end(visit, body)
        with contextlib.suppress(OSError):
            while visit.sock.recv(65536):
                pass

    return serve


@pytest.mark.parametrize(
    ("serve", "says"),
    [
        pytest.param(answering(b"HTTP/1.1 200 OK\r\n\r\n", ENDLESS), "200 OK", id="a body without end"),
        pytest.param(answering(b"HTTP/1.1 101 S\r\nX: ", ENDLESS), "65536", id="a header without end"),
        pytest.param(answering(b"HTTP/1.1 101 S\r\n", b"X: y\r\n" * 1000), "65536", id="headers without end"),
        pytest.param(
            answering(b"", b"HTTP/1.1 100 C\r\n\r\n" * 1000), "cannot connect", id="interim answers"
        ),
        pytest.param(answering(b"", ENDLESS), "not HTTP", id="no HTTP"),
        pytest.param(
            answering(b"HTTP/1.1 307 T\r\nLocation: ws://127.0.0.1:9/\r\n\r\n"), "307", id="sent elsewhere"
        ),
        pytest.param(answering(b"HTTP/1.1 407 P\r\n\r\n"), "407", id="407"),
        pytest.param(answering(b"HTTP/1.1 429 T\r\nRetry-After: 9999999\r\n\r\n"), "429", id="429"),
        pytest.param(
            lambda visit: visit.let_in("Sec-WebSocket-Extensions: permessage-deflate\r\n"),
            "extension nobody asked for",
            id="an extension",
        ),
        pytest.param(
            lambda visit: visit.let_in("Sec-WebSocket-Protocol: x\r\n"),
            "nobody asked for",
            id="a subprotocol",
        ),
    ],
)
def test_an_answer_that_lets_nobody_in_is_one_sentence(start, run, service, serve, says):
    """However long it is, it is read no further than needed, and nothing is asked elsewhere."""
    hosting = service(serve)
    process = start("record", hosting.place, "--token-env", "TOKEN", env={"TOKEN": "an-opaque-token-1"})
    _, stderr = process.communicate(b"", timeout=60)
    assert process.returncode == 4
    assert says in spoken(stderr)
    assert len(hosting.visits) == 1
    assert run("archive", "verify").exit_code == 0


def close(code: int, reason: bytes = b"") -> bytes:
    return struct.pack(">H", code) + reason


@pytest.mark.parametrize(
    ("frames", "code", "says"),
    [
        pytest.param(b"\x81\x7f" + (1 << 62).to_bytes(8, "big") + b"abc", 5, "longer than", id="2^62 bytes"),
        pytest.param(b"\x81\x7f" + b"\xff" * 8 + b"abc", 5, "longer than", id="2^64-1 bytes"),
        pytest.param(b"\x01\x01a" + b"\x00\x01a" * 9000, 5, "pieces", id="fragments without end"),
        pytest.param(b"\x89\x7e\x00\x7e" + b"p" * 126, 5, "125 bytes", id="a long ping"),
        pytest.param(b"\x09\x01p", 5, "fragmented control", id="half a ping"),
        pytest.param(b"\x81\x02\xff\xfe", 5, "UTF-8", id="no UTF-8"),
        pytest.param(b"\x83\x01x", 5, "opcode", id="reserved opcode"),
        pytest.param(b"\xc1\x01x", 5, "reserved bits", id="compressed unasked"),
        pytest.param(b"\x80\x01x", 5, "continuation of nothing", id="continuation of nothing"),
        pytest.param(b"\x88\x01\x03", 5, "1 byte", id="close of one byte"),
        pytest.param(b"\x88\x02\x03\xe7", 5, "close code", id="close 999"),
        pytest.param(b"\x88\x02\xff\xff", 5, "close code", id="close 65535"),
        pytest.param(b"\x88\x04\x0f\xa0\xff\xfe", 0, None, id="close with no UTF-8"),
        pytest.param(b"\x88\x02\x03\xe8\x81\x01x\x81\x01y", 0, None, id="data after close"),
        pytest.param(b"\x88\x08\x11\x31\x1b[2J\x00\x07", 4, "4401", id="a close that draws on the terminal"),
        pytest.param(b"\x81\x05ab", 5, "without a Close frame", id="half a frame"),
    ],
)
def test_frames_against_all_rules_are_recorded_and_told_in_one_sentence(
    archive, start, run, service, frames, code, says
):
    """The bytes are in the archive as they came, labelled, and archive and exit code say the same."""

    def serve(visit):
        visit.let_in()
        visit.sock.sendall(frames)
        if frames != b"\x81\x05ab":
            with contextlib.suppress(OSError):
                list(visit.frames_as_they_come())

    process = start("record", service(serve).place)
    stdout, stderr = process.communicate(b"", timeout=60)
    assert process.returncode == code, stderr
    assert b"\x1b" not in stderr + stdout
    if says is not None:
        assert says in spoken(stderr)
    with open_archive(str(archive)) as opened:
        recorded = list(opened.frames(opened.find_session("last").session))
    heard = [frame for frame in recorded if frame.sender is Side.SERVICE]
    raw = b"".join((frame.head or b"") + frame.payload for frame in heard)
    assert frames.startswith(raw)
    assert raw == frames or len(heard) > 4096
    assert run("archive", "verify").exit_code == (code if code == 5 else 0)


# --- a service that speaks the protocol, and floods -----------------------------------------------------

SCRIPT = """
name: hostile
receipts: {accept: 300ms, read: 600ms}
steps:
  - open_conversation:
  - await: {message: {matching: "^go"}, within: 20s}
  - wait: 700ms
"""


@pytest.fixture
def script(archive):
    file = archive.parents[1] / "hostile.yaml"
    file.write_text(SCRIPT)
    return str(file)


def told(wire, **what) -> bytes:
    return wire.frame_of(1, json.dumps(what).encode())


def message(wire, sequence: int, text: str) -> bytes:
    event = {"type": "ContentEvent", "message": text, "contentType": "text/plain"}
    change = {
        "sequence": sequence,
        "originatorId": "agent",
        "originatorMetadata": {"id": "agent", "role": "ASSIGNED_AGENT"},
        "dialogId": "c1",
        "event": event,
    }
    kind = {"kind": "notification", "type": "ms.MessagingEventNotification"}
    return told(wire, **kind, body={"changes": [change]})


def messaging(wire, attack=lambda visit, say: None, *, headers=""):
    """Lets in, answers everything, says "go" in the conversation, and attacks."""

    def serve(visit):
        visit.let_in(headers)
        turn = threading.Lock()

        def say(data):
            with turn:
                visit.sock.sendall(data)

        for opcode, _, payload in visit.frames_as_they_come():
            if opcode == Opcode.CLOSE:
                say(wire.frame_of(8, payload[:2]))
                return
            if opcode != Opcode.TEXT:
                continue
            asked = json.loads(payload)
            body = {"conversationId": "c1", "sequence": len(visit.heard)}
            say(told(wire, kind="resp", reqId=asked["id"], code=200, type="x", body=body))
            if asked["type"].endswith("SubscribeMessagingEvents"):
                say(message(wire, 0, "go"))
                threading.Thread(target=attack, args=(visit, say), daemon=True).start()

    return serve


def outcome_of(process, timeout=120):
    stdout, stderr = process.communicate(timeout=timeout)
    assert b"Traceback" not in stderr, stderr
    return [json.loads(line) for line in stdout.splitlines()][1:], stderr


@pytest.mark.parametrize("kind", ["pings", "pushes", "fragments"])
def test_a_flood_holds_up_no_receipt_and_nothing_of_it_is_lost(archive, start, service, wire, script, kind):
    """Numbered frames, as fast as they are taken, until both receipts are there."""
    count = 20_000
    flood = {
        "pings": lambda n: wire.frame_of(9, b"%d" % n),
        "pushes": lambda n: told(wire, kind="notification", type="x.Flood", body={"n": n}),
        "fragments": lambda n: wire.frame_of(
            0 if n % 1000 else 1, b" %d" % n, fin=n % 1000 == 999
        ),
    }[kind]  # fmt: skip
    flooded = {"pings": Opcode.PING, "pushes": Opcode.TEXT}.get(kind)

    def attack(visit, say):
        with contextlib.suppress(OSError):
            for begin in range(0, count, 1000):
                say(b"".join(flood(n) for n in range(begin, begin + 1000)))

    process = start("replay", script, "--json", "--url", service(messaging(wire, attack)).place)
    steps, stderr = outcome_of(process)
    assert process.returncode == 0, stderr
    receipts = [receipt for step in steps for receipt in step["receipts"]]
    assert [receipt["status"] for receipt in receipts] == ["ACCEPT", "READ"]
    with open_archive(str(archive)) as opened:
        frames = list(opened.frames(opened.find_session("last").session))
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    came = [
        frame.payload
        for frame in frames
        if frame.sender is Side.SERVICE
        and (frame.opcode == flooded if flooded else frame.opcode in (0, 1))
        and (kind != "pushes" or b"x.Flood" in frame.payload)
        and (kind != "fragments" or frame.payload[:1] == b" ")
    ]
    numbers = [int(payload) if kind != "pushes" else json.loads(payload)["body"]["n"] for payload in came]
    assert len(numbers) > 1000
    assert numbers == list(range(len(numbers)))


OPAQUE = "kQ7zP2mX9vB4tR8wL1nC5yH3Jd"
"""A token without a shape: only who knows it can find it."""

SPELLINGS = [
    OPAQUE,
    base64.b64encode(OPAQUE.encode()).decode().rstrip("="),
    "".join(f"%{byte:02x}" for byte in OPAQUE.encode()),
]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=["as it is", "base64", "percent"])
@pytest.mark.parametrize("place", ["status line", "close"])
@pytest.mark.parametrize(
    "users", [(), ("--users", "2", "--spawn-rate", "50", "--csv", "out", "--html", "o.html")]
)
def test_a_replay_that_is_not_let_in_never_repeats_the_token(
    archive, start, service, wire, script, spelling, place, users
):
    """The service quotes it everywhere: in a refusal, in headers and texts, in the reason of a Close."""

    def refuse(visit):
        visit.sock.sendall(f"HTTP/1.1 401 no {spelling}\r\nX-Why: {spelling}\r\n\r\n{spelling}".encode())

    def attack(visit, say):
        say(message(wire, 1, f"you said {spelling}"))
        say(wire.frame_of(9, spelling.encode()))
        say(wire.frame_of(8, close(4401, f"no {spelling}".encode())))

    serve = refuse if place == "status line" else messaging(wire, attack, headers=f"X-Why: {spelling}\r\n")
    process = start(
        "replay", script, "--url", service(serve).place, "--token-env", "TOKEN", *users,
        *(() if users else ("--junit", "out.xml")), env={"TOKEN": OPAQUE},
    )  # fmt: skip
    stdout, stderr = process.communicate(timeout=60)
    never_let_in = place == "status line"  # the other one is put out later
    assert process.returncode == (3 if users else 4 if never_let_in else 5), stderr
    assert b"Traceback" not in stderr
    files = b"".join(file.read_bytes() for file in archive.parent.rglob("*") if file.is_file())
    for form in SPELLINGS:
        for where in (stdout, stderr, files):
            assert form.encode() not in where


# --- signals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_a_recording_that_waits_to_be_let_in(start, run, service, number, code):
    """The service accepts and says nothing; nobody has to wait for the time limit."""
    visited = threading.Event()
    let_go = threading.Event()

    def serve(visit):
        visited.set()
        let_go.wait(60)

    process = start("record", service(serve).place)
    assert visited.wait(60)
    process.send_signal(number)
    assert process.wait(12) == code  # the limit for connecting is 15 s
    let_go.set()
    assert b"Traceback" not in process.stderr.read()
    (told_of,) = [json.loads(line) for line in run("session", "list", "--json").stdout.splitlines()]
    assert told_of["state"] == "refused"


def test_a_signal_ends_a_recording_whose_service_does_not_read(archive, start, run, service):
    """What is being sent gets a few seconds more, and not the half minute that a slow service has."""
    let_go = threading.Event()

    def serve(visit):
        visit.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        visit.let_in()
        let_go.wait(60)

    process = start("record", service(serve).place)
    lines = threading.Thread(target=_write, args=(process.stdin, (b"x" * 100_000 + b"\n") * 200), daemon=True)
    lines.start()
    while b"connected" not in process.stderr.readline():
        pass
    lines.join(1.0)  # until the pipe is full as well
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130  # a send may take 30 s
    let_go.set()
    with open_archive(str(archive)) as opened:
        session = opened.find_session("last")
        cut = any((frame.violation or "").startswith(UNFINISHED) for frame in opened.frames(session.session))
    # Whether the stop came within a frame is chance; that everybody says the same about it is not.
    assert session.state == "interrupted" if cut else session.state in ("interrupted", "complete")
    assert run("archive", "verify").exit_code == (0 if session.state == "complete" else 5)


def _write(pipe, data: bytes) -> None:
    with contextlib.suppress(OSError, ValueError):
        pipe.write(data)
