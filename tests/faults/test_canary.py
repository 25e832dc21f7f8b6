"""Canary tokens, planted wherever a token can stand: nothing we write or say of our own holds a trace of one.

What ``record`` prints on stdout is the caller's own data, delivered as it came: there a token that the
service echoes is printed, by design. So stdout of ``record`` is not searched; everything else is.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import os
import re
import secrets
import signal
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from urllib.parse import quote

import pytest

from recorder.recipes.assistant_tools import AssistantTools
from recorder.store.tables import metadata

WINDOW = 16
"""So many letters in a row of a secret, in whatever spelling, are a trace of it."""


# --- what is planted ------------------------------------------------------------------------------------


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def jwt(consumer: str) -> str:
    """A token as LivePerson's are: with whose it is, and with more that is nobody's business."""
    claims = {
        "lp.ext": {"private": secrets.token_hex(12)},
        "sub": consumer,
        "aud": "acc:12345678",
        "exp": 1_900_000_000,
    }
    head = {"alg": "RS256", "kid": secrets.token_hex(6)}
    return f"{encoded(head)}.{encoded(claims)}.{secrets.token_urlsafe(64)}"


def opaque() -> str:
    """A token without a shape, with letters in it that URLs, JSON and base64 spell differently."""
    return f"{secrets.token_urlsafe(15)}+/{secrets.token_urlsafe(15)}1/"


@dataclass(frozen=True)
class Canaries:
    """One secret for each place that may hold one."""

    header: str
    first_request: str
    typed: str
    extra_header: str
    cookie: str
    set_cookie: str
    query: str
    brand: str
    payload: str

    def __iter__(self) -> Iterator[str]:
        return iter(vars(self).values())


@pytest.fixture
def canaries() -> Canaries:
    plain = [opaque() for _ in range(4)]
    return Canaries(
        jwt("in-the-header"), jwt("in-the-first-request"), jwt("typed-by-hand"), *plain,
        secrets.token_urlsafe(30) + "Aa1", secrets.token_urlsafe(30) + "Bb2",
    )  # fmt: skip


# --- how a trace is recognised --------------------------------------------------------------------------


def spellings(secret: str) -> Iterator[str]:
    """Every way it may be written. Of base64 those letters that it alone decides."""
    yield secret
    yield secret[::-1]
    yield quote(secret, safe="")
    yield quote(quote(secret, safe=""), safe="")
    yield json.dumps(secret)[1:-1].replace("/", "\\/")
    yield secret.encode().hex()
    yield secret.encode().hex().upper()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for skew in range(3):
            letters = encode(b"\0" * skew + secret.encode()).decode()
            yield letters[(skew * 8 + 5) // 6 : (skew + len(secret)) * 8 // 6]


def marks(secret: str) -> set[bytes]:
    """What to look for: every window of every spelling of the token.

    Of a JWT the first part does not count: it is the same for all tokens of one issuer.
    """
    parts = secret.split(".")[1:] if secret.startswith("eyJ") else [secret]
    return {window for part in parts for spelt in spellings(part) for window in windows(spelt.encode())}


def windows(text: bytes) -> set[bytes]:
    return {text[at : at + WINDOW] for at in range(len(text) - WINDOW + 1)}


def traces(canaries: Canaries, *, within: bytes) -> set[str]:
    """The names of those canaries of which a trace is there. What two of them have in common is no trace."""
    told = {name: marks(secret) for name, secret in vars(canaries).items()}
    common = {mark for one, other in combinations(told.values(), 2) for mark in one & other}
    # A hex dump breaks what it shows with blanks, line ends and a column of letters.
    seen = (windows(within) | windows(re.sub(rb"\s", b"", within))) - common
    return {name for name, looked_for in told.items() if not looked_for.isdisjoint(seen)}


@pytest.mark.parametrize(
    "disguise",
    [
        pytest.param(lambda text: text, id="raw"),
        pytest.param(lambda text: quote(text, safe=""), id="percent"),
        pytest.param(lambda text: json.dumps(text).replace("/", "\\/"), id="json"),
        pytest.param(lambda text: text.encode().hex(), id="hex"),
        *(
            pytest.param(
                lambda text, skew=skew: base64.b64encode(b"x" * skew + text.encode()).decode(),
                id=f"base64+{skew}",
            )
            for skew in range(3)
        ),
        pytest.param(lambda text: text[7:-7], id="most-of-it"),
    ],
)
def test_the_search_finds_a_canary_in_every_disguise(canaries, disguise):
    """The search itself: a test that could not find one would prove nothing."""
    for name, secret in vars(canaries).items():
        assert traces(canaries, within=f"…{disguise(secret)}…".encode()) == {name}
    assert traces(canaries, within=secrets.token_bytes(10_000)) == set()


# --- the service that tells it all ----------------------------------------------------------------------


@pytest.fixture
def gossip(service, wire, canaries):
    """A service that gives out a cookie and a token, repeats all it hears, and the cookie at parting."""

    def serve(visit):
        visit.let_in(f"Set-Cookie: session={canaries.set_cookie}; HttpOnly\r\nX-Seen: {canaries.header}\r\n")
        token = {"type": "GetTokenResponse", "body": {"token": canaries.payload, "seen": canaries.header}}
        request = {"request": visit.request.decode()}
        visit.sock.sendall(b"".join(wire.frame_of(1, json.dumps(told).encode()) for told in (token, request)))
        for opcode, _, payload in visit.frames_as_they_come():
            if opcode == 1:
                text = payload.decode()
                echo = {"echo": json.loads(text), "quoted": text}
                visit.sock.sendall(wire.frame_of(1, json.dumps(echo).encode()))
            if opcode == 8:
                visit.sock.sendall(wire.frame_of(8, b"\x03\xe8goodbye " + canaries.set_cookie.encode()))
                return

    return service(serve)


@pytest.fixture
def arguments(canaries, gossip) -> list[str]:
    """``record`` of the gossip, with every place filled that can hold a secret."""
    return asking(gossip.place, canaries)


def asking(place: str, canaries: Canaries) -> list[str]:
    path = f"/ws_api/account/12345678/messaging/brand/{canaries.brand}?v=2"
    return [
        "record",
        f"{place}{path}&token={quote(canaries.query, safe='')}",
        *("--token-env", "CANARY"),
        *("--header", f"X-Auth-Token: {canaries.extra_header}"),
        *("--header", f"Cookie: id={canaries.cookie}; theme=dark"),
        *("--linger", "300ms"),
    ]


def typed(canaries: Canaries) -> bytes:
    """What somebody types who opens a session the browser's way, by hand, and again quoted in a text."""
    body = {"headers": [{"type": ".ams.headers.ConsumerAuthentication", "jwt": canaries.typed}]}
    first = {"kind": "req", "id": "1", "type": "InitConnection", "body": body}
    again = {"kind": "req", "id": "2", "type": "x", "body": {"note": json.dumps({"said": canaries.query})}}
    return b"".join(json.dumps(each).encode() + b"\n" for each in (first, again))


def files_of(archive: Path) -> bytes:
    """Every file in the archive's folder, and their names."""
    files = sorted(archive.parent.rglob("*"))
    assert archive in files
    return b"\n".join(file.name.encode() + b"\n" + file.read_bytes() for file in files)


def all_views(run, archive: Path) -> bytes:
    """Whatever can be made of the last session: listings, frames in hex, exports, to a file too."""
    # By its id: a session that was refused is not the last one of messages and frames.
    session = json.loads(run("session", "list", "--json").stdout.splitlines()[-1])["session"]
    count = run("frame", "list", session, "--json").stdout.count("\n")
    views = [
        *(
            ("session", "list"),
            ("session", "show", session),
            ("message", "list", session),
            ("frame", "list", session),
        ),
        *(("frame", "show", session, str(number)) for number in range(1, count + 1)),
        *(("archive", "info"), ("archive", "verify")),
    ]
    told = [run(*view, *more) for view in views for more in ((), ("--json",))]
    told.append(run("session", "export", session))
    told.append(run("session", "export", session, "-o", str(archive.parent / "exported.jsonl")))
    told += [run("session", "export", session, "--format", form) for form in FORMATS]
    told += [run("sql", f"SELECT * FROM {table}", "--format", form) for table in TABLES for form in SQL_FORMS]
    told += [run(*search, *more) for search in searches(session) for more in ((), ("--json",))]
    assert {result.exit_code for result in told} <= {0, 5}, [result.output for result in told]
    return b"".join(result.stdout_bytes + result.stderr_bytes for result in told) + packed_views(
        run, archive, session
    )


FORMATS = ("har", "wscat", "html", "markdown", "csv", "mermaid", "perfetto")
SQL_FORMS = ("table", "csv", "json")
TABLES = sorted(metadata.tables)


def searches(session: str) -> Iterator[tuple[str, ...]]:
    """Commands that look for something, or follow what has ended."""
    yield ("find", "$..*")
    yield ("find", "token")
    yield ("frame", "list", session, "--grep", ".")
    yield ("frame", "list", session, "--where", "$..*", "--raw")
    yield ("frame", "list", session, "--follow")
    yield ("message", "list", session, "--follow")


def packed_views(run, archive: Path, session: str) -> bytes:
    """What a page, a bundle and an assistant's answers hold, unpacked."""
    packed = archive.parent / "ticket.zip"
    bundled = run("bundle", session, "-o", str(packed))
    assert (bundled.exit_code, packed.exists()) in ((0, True), (3, False)), bundled.output
    views = [bundled.stdout_bytes + bundled.stderr_bytes]
    if packed.exists():
        with zipfile.ZipFile(packed) as members:
            views += [members.read(name) for name in members.namelist()]
        packed.unlink()
    page = run("session", "export", session, "--format", "html").stdout_bytes
    blocks = re.findall(rb'<script type="application/octet-stream;base64"[^>]*>([^<]+)</script>', page)
    assert blocks
    views += [gzip.decompress(base64.b64decode(block)) for block in blocks]
    tools = AssistantTools(str(archive), with_texts=True)
    frames = run("frame", "list", session, "--json").stdout.count("\n")
    answers = [
        tools.list_sessions(), tools.find("$..*"), tools.show_session(session), tools.list_messages(session),
        tools.list_frames(session), tools.check_session(session), tools.diff_sessions(session, session),
        *(tools.show_frame(session, number) for number in range(1, frames + 1)),
    ]  # fmt: skip
    return b"\n".join([*views, json.dumps(answers).encode()])


# --- the laws -------------------------------------------------------------------------------------------


def test_no_canary_is_in_a_file_a_listing_an_export_or_on_stderr(archive, start, run, canaries, arguments):
    """A whole session with a token in every place; the service repeats them all."""
    process = start(*arguments, env={"CANARY": canaries.header})
    stdout, stderr = process.communicate(typed(canaries), timeout=60)
    assert process.returncode == 0, stderr
    assert traces(canaries, within=stdout) >= {"header", "payload", "typed", "cookie"}, (
        "the service kept silent"
    )
    assert traces(canaries, within=stderr) == set()
    assert traces(canaries, within=files_of(archive)) == set()
    assert traces(canaries, within=all_views(run, archive)) == set()
    assert traces(canaries, within=files_of(archive)) == set()


def test_with_keep_secrets_every_canary_is_found(archive, start, run, canaries, arguments):
    """The same session and the same search, so that the search is known to look in the right places."""
    process = start(*arguments, "--keep-secrets", env={"CANARY": canaries.header})
    _, stderr = process.communicate(typed(canaries), timeout=60)
    assert process.returncode == 0, stderr
    planted = set(vars(canaries)) - {"first_request"}
    assert traces(canaries, within=files_of(archive)) >= planted
    assert traces(canaries, within=all_views(run, archive)) >= planted

    bundled = run("bundle", "last", "-o", str(archive.parent / "ticket.zip"))
    assert bundled.exit_code == 3
    assert traces(canaries, within=bundled.stdout_bytes + bundled.stderr_bytes) == set()
    assert not (archive.parent / "ticket.zip").exists()
    answers = [AssistantTools(str(archive), with_texts=True).show_frame("last", number) for number in (1, 2)]
    assert traces(canaries, within=json.dumps(answers).encode()) == set()


def test_killed_midway_no_canary_is_in_what_is_left(archive, start, run, canaries, arguments):
    """SIGKILL leaves the write-ahead log and the lock as they were: nothing is cleaned up afterwards."""
    process = start(*arguments, env={"CANARY": canaries.header})
    process.stdin.write(typed(canaries))
    process.stdin.flush()
    for _ in range(4):
        assert process.stdout.readline()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert archive.with_name(archive.name + "-wal").stat().st_size > 0
    assert traces(canaries, within=files_of(archive)) == set()
    assert traces(canaries, within=process.stderr.read()) == set()
    assert run("archive", "verify").exit_code == 5
    assert traces(canaries, within=all_views(run, archive) + files_of(archive)) == set()


def test_the_placeholder_tells_whose_token_it_was_and_equal_tokens_stay_equal(
    archive, start, run, canaries, arguments, gossip
):
    """Header, answer and echo: one placeholder each, the same wherever the same token stood."""
    process = start(*arguments, env={"CANARY": canaries.header})
    process.communicate(typed(canaries), timeout=60)
    again = ["record", gossip.place, "--token-env", "CANARY", "--init-connection", "--linger", "300ms"]
    process = start(*again, env={"CANARY": canaries.first_request})
    process.communicate(b"", timeout=60)
    assert traces(canaries, within=files_of(archive)) == set()

    sessions = [json.loads(line)["session"] for line in run("session", "list", "--json").stdout.splitlines()]
    exports = [run("session", "export", session).stdout for session in sessions]
    for whose, told in [
        ("in-the-header", exports[0]),
        ("typed-by-hand", exports[0]),
        ("in-the-first-request", exports[1]),
    ]:
        found = re.findall(rf"⟦jwt:[0-9a-f]{{8}} sub={whose} aud=acc:12345678 exp=1900000000⟧", told)
        assert len(found) >= 2, f"it stood in several places: {told}"
        assert len(set(found)) == 1
    assert len(set(re.findall(r"⟦jwt:([0-9a-f]{8})", exports[0]))) == 2


@pytest.mark.parametrize("place", ["reason", "long reason", "close"])
def test_a_refusal_that_repeats_the_tokens_is_told_without_them(
    archive, start, run, canaries, service, wire, place
):
    """In the status line and the body of a 401 (never let in), in the reason of a Close 4401 (cut off)."""
    seen = [canaries.header, canaries.extra_header, canaries.cookie, canaries.query, canaries.brand]

    def refuse(visit):
        padding = "really " * 10 if place == "long reason" else ""
        text = padding + " ".join(seen)
        if place.endswith("reason"):
            head = f"HTTP/1.1 401 no {text}\r\nSet-Cookie: a={canaries.set_cookie}\r\nX-Why: {text}\r\n"
            visit.sock.sendall(f"{head}Content-Length: {len(text)}\r\n\r\n{text}".encode())
            return
        visit.let_in()
        for token in seen[1:]:
            visit.sock.sendall(wire.frame_of(1, json.dumps({"error": f"no {token} here"}).encode()))
        visit.sock.sendall(wire.frame_of(8, b"\x11\x31" + f"not {seen[1]} or {seen[4]}".encode()))
        with contextlib.suppress(ConnectionError):
            while visit.sock.recv(65536):
                pass

    process = start(*asking(service(refuse).place, canaries), env={"CANARY": canaries.header})
    _, stderr = process.communicate(b"", timeout=60)
    assert process.returncode == (5 if place == "close" else 4), stderr
    assert traces(canaries, within=stderr) == set()
    assert traces(canaries, within=files_of(archive) + all_views(run, archive)) == set()


LEAKY_SCRIPT = """
name: leaky
steps:
  - open_conversation:
  - say: "it is {typed} or {header}"
  - await: {{message: {{from: agent, matching: "{header}"}}, within: 5s}}
  - await: {{message: {{from: agent, matching: "never said"}}, within: 10ms}}
agent:
  - on: message
    do:
      - say: "you said {header}, not Bearer {payload}"
"""


def test_a_replay_that_fails_shows_what_it_saw_without_the_tokens(archive, start, run, canaries):
    """The messages that a failed step shows instead, and what each step says of itself."""
    script = archive.parents[1] / "leaky.yaml"
    script.write_text(LEAKY_SCRIPT.format(**vars(canaries)))
    process = start(
        "replay", str(script), "--url", "simulator", "--token-env", "CANARY", env={"CANARY": canaries.header}
    )
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 3, stderr
    assert b"it is" in stderr
    assert traces(canaries, within=stderr + stdout) == set()
    assert traces(canaries, within=files_of(archive) + all_views(run, archive)) == set()


# Delivering breaks as a fault of ours would, with tokens in the locals of every frame on the stack.
CRASHING = """
import sys
import recorder.cli.output
def broken(payload):
    text = payload.data.decode()
    raise RuntimeError("a fault of ours")
recorder.cli.output.write_payload = broken
from recorder.cli import main
sys.argv[0] = "recorder"
main()
"""


def test_a_crash_shows_no_canary(archive, start, run, canaries, arguments):
    """A traceback says where, and not with what."""
    process = start(*arguments, program=("-c", CRASHING), env={"CANARY": canaries.header})
    _, stderr = process.communicate(typed(canaries), timeout=60)
    assert process.returncode == 1
    assert b"a fault of ours" in stderr
    assert traces(canaries, within=stderr) == set()
    assert traces(canaries, within=files_of(archive) + all_views(run, archive)) == set()
