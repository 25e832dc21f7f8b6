"""A service that does not let us in, and says why in the body of its answer: wherever people look."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
from collections.abc import Iterator

import pytest

SECRET = "s3cret-in-the-body-9471"
SAYS = "token expired at noon"
BODY = json.dumps({"error": {"message": SAYS, "code": "4401"}, "access_token": SECRET}).encode()


@contextlib.contextmanager
def answering(data: bytes, *, then_waits: bool = False) -> Iterator[str]:
    """The URL of a service that gives every upgrade this answer."""
    over = threading.Event()

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                peer.recv(65536)
                peer.sendall(data)
                over.wait(30 if then_waits else 0)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        over.set()
        listener.shutdown(socket.SHUT_RDWR)


def answer(status: str, headers: str = "", body: bytes = BODY) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}\r\n".encode() + body


WHOLE = answer("401 Unauthorized", f"Content-Length: {len(BODY)}\r\n")
GZIPPED = answer("401 Unauthorized", "Content-Encoding: gzip\r\n", gzip.compress(BODY))
CHUNKED = answer(
    "401 Unauthorized", "Transfer-Encoding: chunked\r\n", b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
)


@pytest.fixture
def refuse(run, tmp_path):
    """Have one of the commands refused; the result, and the session's id."""

    def invoke(url: str, command: str = "record", *options: str):
        if command == "record":
            result = run("record", url, *options)
        else:
            script = tmp_path / "s.yaml"
            script.write_text("steps: [{open_conversation: }]\nagent: []\n")
            many = ("--users", "1") if command == "replay --users" else ()
            result = run("replay", str(script), "--url", url, *many, *options)
        newest = json.loads(run("session", "list", "--json").stdout.splitlines()[-1])
        return result, newest

    return invoke


@pytest.mark.parametrize("command", ["record", "replay", "replay --users"])
def test_what_a_refusal_says_is_on_stderr_in_the_archive_and_in_every_view(refuse, run, archive, command):
    with answering(WHOLE) as url:
        result, session = refuse(url, command)
    assert result.exit_code == (3 if command == "replay --users" else 4)
    said = f'401 Unauthorized instead of 101: "{SAYS}"'
    # Among many users it is a cell of a table, cut to the width.
    assert (said if command != "replay --users" else said[:-16]) in " ".join(result.output.split())
    assert session["state"] == "refused"
    shown = run("session", "show", session["session"])
    assert f'answered 401, refused: the service answered 401 Unauthorized instead of 101: "{SAYS}"' in (
        shown.stdout
    )
    details = json.loads(run("session", "show", session["session"], "--json").stdout)["connection_details"]
    refusal = details[0]["refusal"]
    assert (refusal["status"], refusal["type"], refusal["size"]) == (401, "application/json", len(BODY))
    body = json.loads(refusal["body"])
    assert body["error"]["message"] == SAYS
    assert "⟦" in body["access_token"]
    checked = run("check", session["session"])
    assert (checked.exit_code, f'instead of 101: "{SAYS}"' in " ".join(checked.stdout.split())) == (0, True)
    exported = run("session", "export", session["session"]).stdout
    assert SAYS in exported
    for text in (result.output, shown.output, checked.output, exported):
        assert SECRET not in text
    for file in archive.parent.glob(f"{archive.name}*"):
        assert SECRET.encode() not in file.read_bytes()


@pytest.mark.parametrize("data", [GZIPPED, CHUNKED], ids=["gzip", "chunked"])
def test_chunks_and_compression_are_undone_before_secrets_are_looked_for(refuse, run, data):
    with answering(data) as url:
        result, session = refuse(url)
    assert f'"{SAYS}"' in result.stderr
    shown = run("session", "show", session["session"], "--json").stdout
    assert SAYS in shown
    assert SECRET not in shown + result.stderr


def test_a_secret_in_what_is_said_is_blanked_before_it_is_cut(refuse):
    jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSIsImF1ZCI6ImFjYzoxIn0.c2lnbmF0dXJlYWJjZGVmZ2hpamtsbW5vcA"
    text = f"{'very ' * 29}{jwt} is not a token for this account".encode()
    with answering(answer("403 Forbidden", f"Content-Length: {len(text)}\r\n", text)) as url:
        result, _ = refuse(url)
    assert "eyJ" not in result.output
    assert "very very" in result.stderr


@pytest.mark.parametrize(
    ("value", "words"),
    [("7", "in 7 s"), ("Fri, 27 Nov 2026 03:15:00 GMT", "at 2026-11-27 03:15:00 UTC")],
    ids=["seconds", "date"],
)
def test_when_to_ask_again_is_told(refuse, run, value, words):
    headers = f"Retry-After: {value}\r\nContent-Length: 9\r\n"
    with answering(answer("429 Too Many Requests", headers, b"slow down")) as url:
        result, session = refuse(url)
    assert '429 Too Many Requests instead of 101: "slow down"' in result.stderr
    assert f"again {words} (Retry-After)" in result.stderr
    assert f"answered 429 (try again {words})" in run("session", "show", session["session"]).stdout
    shown = json.loads(run("session", "show", session["session"], "--json").stdout)
    assert shown["connection_details"][0]["refusal"]["retry_after"] == value


def test_a_body_that_never_ends_is_not_waited_for_long(refuse, run):
    with answering(answer("503 Service Unavailable", body=b"going down"), then_waits=True) as url:
        result, session = refuse(url, "record", "--connect-timeout", "300ms")
    assert '503 Service Unavailable instead of 101: "going down"' in result.stderr
    shown = json.loads(run("session", "show", session["session"], "--json").stdout)
    assert shown["connection_details"][0]["refusal"] == {
        "status": 503, "retry_after": None, "type": "application/json", "size": None,
        "body": "going down",
    }  # fmt: skip


def test_a_body_of_megabytes_is_kept_up_to_its_limit(refuse, run):
    with answering(answer("500 Internal Server Error", body=b"so much " * 1_000_000)) as url:
        result, session = refuse(url)
    assert result.exit_code == 4
    assert len(result.stderr) < 800
    shown = json.loads(run("session", "show", session["session"], "--json").stdout)
    assert len(shown["connection_details"][0]["refusal"]["body"]) == 64 * 1024


def test_what_acts_on_a_terminal_is_escaped(refuse, run):
    with answering(answer("401 Unauthorized", body=b"\x1b]52;c;x\x07 \x9b31m no\r\nerror: forged")) as url:
        result, session = refuse(url)
    shown = run("session", "show", session["session"]).stdout
    assert not {"\x1b", "\x07", "\x9b"} & set(result.output + shown)
    assert "\nerror: forged" not in result.stderr
