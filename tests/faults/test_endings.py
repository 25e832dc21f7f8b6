"""However a connection ends: told on stderr, and one truth about what is missing, whoever is asked."""

from __future__ import annotations

import json
import socket
import struct

import pytest

from recorder.wire.frames import Opcode

TOKEN = "an-opaque-token-1"


def closing(code, reason=b"r"):
    """A service that says nothing but Close, with this code (None: an empty one)."""

    def serve(visit):
        visit.let_in()
        payload = b"" if code is None else struct.pack("!H", code) + reason
        visit.sock.sendall(bytes((0x88, len(payload))) + payload)
        list(visit.frames_as_they_come())

    return serve


def resetting(visit):
    visit.let_in()
    visit.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def cutting(visit):
    visit.let_in()
    visit.sock.sendall(b"\x81\x05ab")


def answering_our_close(answer):
    """A service that sends these bytes once we close, and is gone."""

    def serve(visit):
        visit.let_in()
        for opcode, _, _ in visit.frames_as_they_come():
            if opcode == Opcode.CLOSE:
                visit.sock.sendall(answer)
                return

    return serve


def sending(data):
    """A service that sends these bytes, and waits."""

    def serve(visit):
        visit.let_in()
        visit.sock.sendall(data)
        list(visit.frames_as_they_come())

    return serve


answering = answering_our_close(b"\x88\x02\x03\xe8")


def recorded(start, service, serve, lines=b"", *options):
    process = start(
        "record", service(serve).place, "--token-env", "TOKEN", "--linger", "100ms", *options,
        env={"TOKEN": TOKEN},
    )  # fmt: skip
    _, stderr = process.communicate(lines, timeout=60)
    assert b"Traceback" not in stderr
    return process.returncode, stderr.decode()


@pytest.fixture
def asked(run):
    """What each command that is asked says of the completeness of the newest session."""

    def ask():
        (listed,) = [json.loads(line) for line in run("session", "list", "--json").stdout.splitlines()]
        (verdict,) = [json.loads(line) for line in run("archive", "verify", "--json").stdout.splitlines()]
        shown = json.loads(run("session", "show", "last", "--json").stdout)
        incomplete = listed["state"] == "interrupted"
        only = ("check", listed["session"], "--rule", "recording-incomplete")
        outcomes = [json.loads(line)["outcome"] for line in run(*only, "--json").stdout.splitlines()]
        assert outcomes == ["violated" if incomplete else "satisfied"]
        for output in ("junit", "sarif", "text") if incomplete else ():
            assert shown["detail"].split()[0] in run(*only, "--format", output).stdout, output
        strict = run(*only, "--error", "recording-incomplete")
        assert strict.exit_code == (3 if incomplete else 0)
        assert shown["state"] == listed["state"] == verdict["state"]
        assert run("archive", "verify").exit_code == (5 if incomplete else 0)
        return listed["state"]

    return ask


@pytest.mark.parametrize(
    ("serve", "lines", "code", "says"),
    [
        pytest.param(answering, b"", 0, "closed by the client with 1000; 1000: normal closure", id="ours"),
        pytest.param(closing(1000), b"", 0, "closed by the service with 1000 (r); 1000: normal", id="1000"),
        pytest.param(closing(1001), b"", 0, "closed by the service with 1001 (r); 1001: going", id="1001"),
        pytest.param(closing(None), b"", 0, "closed by the service with no code", id="no code"),
        pytest.param(closing(1008), b"", 5, "closed by the service with 1008 (r); 1008: policy", id="1008"),
        pytest.param(closing(1011), b"", 5, "closed by the service with 1011 (r); 1011: internal", id="1011"),
        pytest.param(closing(1012), b"", 5, "1012: the service restarts", id="1012"),
        pytest.param(closing(3000), b"", 0, "with 3000 (r); 3000: unauthorized", id="3000"),
        pytest.param(closing(3999), b"", 0, "3999: registered with IANA", id="3999"),
        pytest.param(closing(4429), b"", 0, "with 4429 (r); 4429: private use", id="4429"),
        pytest.param(closing(1000), b"words\n" * 100_000, 5, 'of stdin ("words") was not sent', id="unsent"),
        pytest.param(resetting, b"", 5, "lost", id="reset"),
        pytest.param(cutting, b"", 5, "within a frame of the service (4 of 7 bytes)", id="a frame cut short"),
        pytest.param(
            answering_our_close(b"\x88\x02\x03\xe8\x81\x05ab"), b"", 5,
            "within a frame of the service (4 of 7 bytes)", id="a frame cut short after our close",
        ),
        pytest.param(
            answering_our_close(b"\x88\x05\x03"), b"", 5, "within a frame of the service (3 of 7 bytes)",
            id="its Close frame cut short",
        ),
        pytest.param(
            answering_our_close(b"\x81\x7e\x01"), b"", 5, "within a frame of the service (3",
            id="a header cut short after our close",
        ),
        pytest.param(answering_our_close(b""), b"", 0, "without answering the Close", id="no answer to it"),
        pytest.param(
            answering_our_close(b"\x01\x02ab\x88\x02\x03\xe8"), b"", 5,
            "within a payload of the service (1 frame of it came, and not the last)",
            id="a fragment without the others",
        ),
        pytest.param(closing(4401), b"", 4, "closed by the service with 4401 (r)", id="4401 at once"),
        pytest.param(sending(b"\x83\x01x"), b"", 5, "opcode", id="a frame against the rules"),
        pytest.param(sending(b"\x88\x01\x03"), b"", 5, "1 byte", id="a Close frame against the rules"),
    ],
)  # fmt: skip
def test_who_ended_it_and_what_is_missing_is_told_by_everybody(
    start, service, asked, serve, lines, code, says
):
    exit_code, stderr = recorded(start, service, serve, lines)
    assert (exit_code, says in stderr) == (code, True), stderr
    assert asked() == {0: "complete", 4: "refused", 5: "interrupted"}[code]


def test_a_payload_that_is_longer_than_is_taken_makes_it_incomplete(start, service, asked):
    data = b"\x81\x7f" + struct.pack("!Q", 2_000) + b"x" * 2_000
    exit_code, stderr = recorded(start, service, sending(data), b"", "--max-payload", "1000")
    assert (exit_code, asked()) == (5, "interrupted"), stderr


def test_exit_4_is_for_who_was_never_let_in(start, service, asked):
    exit_code, stderr = recorded(start, service, closing(4401))
    assert (exit_code, "hint: get a fresh token" in stderr) == (4, True)
    assert asked() == "refused"


def test_a_token_that_expires_later_ends_what_had_begun(start, service, asked):
    def serve(visit):
        visit.let_in()
        visit.sock.sendall(b"\x81\x02hi\x88\x02\x11\x31")
        list(visit.frames_as_they_come())

    exit_code, stderr = recorded(start, service, serve)
    assert (exit_code, "hint: get a fresh token" in stderr) == (5, True)
    assert asked() == "interrupted"


def test_hostile_reasons_and_secrets_reach_nobody(start, service, run):
    exit_code, stderr = recorded(
        start, service, closing(1011, b"\x1b[2J " + TOKEN.encode()), b"say " + TOKEN.encode() + b"\n"
    )
    assert exit_code == 5
    assert "\x1b" not in stderr
    assert TOKEN not in stderr + run("session", "show", "last").stdout


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 401 Unauthorized\r\nX-Why: expired\r\nContent-Length: 0\r\n\r\n", b"no HTTP\r\n\r\n", b""],
)
def test_what_never_connected_is_refused_and_never_the_last(start, run, service, answer):
    """Of nothing every check would hold: asked for by its id it can be looked at, with its answer."""
    exit_code, _ = recorded(start, service, lambda visit: visit.sock.sendall(answer), b"", "--name", "ci")
    assert exit_code == 4
    (refused,) = [json.loads(line) for line in run("session", "list", "--json").stdout.splitlines()]
    assert refused["state"] == "refused"
    for command in (("message", "list"), ("check",), ("frame", "list")):
        result = run(*command, "last")
        assert (result.exit_code, refused["session"] in result.stderr) == (2, True), result.stderr
    assert recorded(start, service, answering, b"", "--name", "ci")[0] == 0
    assert recorded(start, service, lambda visit: visit.sock.sendall(answer), b"", "--name", "ci")[0] == 4
    for name in ("last", "ci"):
        assert run("check", name).exit_code == 0
        assert len(run("frame", "list", name, "--json").stdout.splitlines()) == 2
    assert json.loads(run("session", "show", "last", "--json").stdout)["state"] == "refused"
    shown = json.loads(run("session", "show", refused["session"], "--json").stdout)
    assert shown["connection_details"][0]["response_status"] == (401 if b"401" in answer else None)
    assert run("archive", "verify").exit_code == 0


def test_an_imported_frame_that_was_cut_short_makes_the_session_incomplete(run, tmp_path, asked):
    capture = tmp_path / "capture.jsonl"
    capture.write_text('{"sender": "service", "raw": "gQVhYg==", "violation": "unfinished: 4 of 7 bytes"}\n')
    assert run("import", str(capture)).exit_code == 0
    assert asked() == "interrupted"
    exported = tmp_path / "again.jsonl"
    exported.write_text(run("session", "export", "last").stdout)
    assert run("session", "delete", "last", "--yes").exit_code == 0
    assert run("import", str(exported)).exit_code == 0
    assert asked() == "interrupted"
