"""The Autobahn TestSuite through the proxy: the verdicts of a client and of a server are those without it,
case by case, and the recording holds the frames that Autobahn says it sent and got.

The cases run in an environment of their own, whose Python is $AUTOBAHN_PYTHON:
``pip install --no-deps autobahntestsuite==25.10.1 && pip install autobahn setuptools``. All 517 of them run
with ``pytest tests/autobahn -m autobahn``, section by section; some of each kind without. All take more than
an hour of one core: sections 1 to 10 ten minutes, and each of 12.1 to 13.7, where a case is a thousand
compressed messages of up to 128 KiB, five or six.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from recorder import recipes
from recorder.store.archive import Archive
from recorder.wire.frames import Side
from recorder.wire.records import RecordedFrame

PYTHON = os.environ.get("AUTOBAHN_PYTHON")
PEER = Path(__file__).parent / "fuzzing_peer.py"
PATIENCE_S = 60.0
SHORT = (
    "1.1.1", "1.1.7", "1.2.5", "2.4", "2.5", "2.10", "3.2", "4.1.3", "4.2.4", "5.2", "5.6", "5.15", "6.2.3",
    "6.4.1", "6.4.3", "6.4.4", "6.6.2", "6.20.2", "7.1.2", "7.1.4", "7.3.2", "7.5.1", "7.7.3", "7.9.5",
    "9.2.2", "10.1.1", "12.1.3", "13.2.1", "13.5.3",
)  # fmt: skip
SHORT_OF_A_CLIENT = (
    "1.1.7", "1.2.5", "2.5", "2.10", "3.4", "4.2.5", "5.11", "5.15", "6.2.3", "6.4.1", "7.1.4", "7.3.2",
    "7.7.3", "12.1.1",
)  # fmt: skip
# How many cases each section has.
SECTIONS = {
    "1": 16, "2": 11, "3": 7, "4": 10, "5": 20, "6": 145, "7": 37,
    "9.1": 6, "9.2": 6, "9.3": 9, "9.4": 9, "9.5": 6, "9.6": 6, "9.7": 6, "9.8": 6, "10": 1,
    "12.1": 18, "12.2": 18, "12.3": 18, "12.4": 18, "12.5": 18,
    "13.1": 18, "13.2": 18, "13.3": 18, "13.4": 18, "13.5": 18, "13.6": 18, "13.7": 18,
}  # fmt: skip
# Autobahn does not say what it sends of these: pieces of one frame, as the case goes on.
NOT_REPORTED = {"6.4.3", "6.4.4"}

pytestmark = pytest.mark.skipif(PYTHON is None, reason="$AUTOBAHN_PYTHON names no environment with the suite")


def echo(sock: socket.socket, connection: WSConnection) -> None:
    """Send back each message, up to a Close frame or a fault; wsproto gives both the code they deserve.

    It says what came in the order in which it came, however it was chopped on the way.
    """
    parts: list[str | bytes] = []
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with contextlib.suppress(OSError, LocalProtocolError, RemoteProtocolError):
        while data := sock.recv(1 << 18):
            connection.receive_data(data)
            for event in connection.events():
                answer(sock, connection, event, parts)
                if isinstance(event, CloseConnection):
                    sock.shutdown(socket.SHUT_WR)
                    while sock.recv(1 << 18):
                        pass
                    return


def answer(sock: socket.socket, connection: WSConnection, event: Event, parts: list[str | bytes]) -> None:
    if isinstance(event, Request):
        sock.sendall(connection.send(AcceptConnection(extensions=[PerMessageDeflate()])))
    elif isinstance(event, Ping | CloseConnection):
        sock.sendall(connection.send(event.response()))
    elif isinstance(event, TextMessage | BytesMessage):
        parts.append(event.data)
        if event.message_finished:
            whole = ("" if isinstance(event, TextMessage) else b"").join(parts)  # type: ignore[arg-type]
            parts.clear()
            sock.sendall(connection.send(type(event)(whole)))  # type: ignore[arg-type]


@contextlib.contextmanager
def echo_server() -> Iterator[str]:
    """A server that echoes; its URL."""

    def serve_one(sock: socket.socket) -> None:
        with sock:
            sock.settimeout(PATIENCE_S)
            echo(sock, WSConnection(ConnectionType.SERVER))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve_one, args=(listening.accept()[0],)).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def echo_client(url: str) -> None:
    """A client that echoes until the connection ends."""
    netloc, _, path = url.partition("://")[2].partition("/")
    host, _, port = netloc.partition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as sock:
        connection = WSConnection(ConnectionType.CLIENT)
        asked = Request(host=netloc, target=f"/{path}", extensions=[PerMessageDeflate()])
        sock.sendall(connection.send(asked))
        echo(sock, connection)


class Stop:
    """A stop that the test sets."""

    def __init__(self) -> None:
        self._set, self._wakes = False, []  # type: ignore[var-annotated]

    def is_set(self) -> bool:
        return self._set

    def on_stop(self, wake: object) -> None:
        self._wakes.append(wake)

    def set(self) -> None:
        self._set = True
        for wake in self._wakes:
            wake()


@contextlib.contextmanager
def proxied(upstream: str, archive: Path) -> Iterator[str]:
    """The URL of a proxy to the upstream that runs while the block does."""
    stop, listening, urls = Stop(), threading.Event(), []

    def on_listening(url: str) -> None:
        urls.append(url)
        listening.set()

    def run() -> None:
        recipes.proxy(
            upstream, archive=str(archive), listen="127.0.0.1:0", stop=stop, on_listening=on_listening,
            keep_secrets=True,
        )  # fmt: skip

    thread = threading.Thread(target=run)
    thread.start()
    assert listening.wait(PATIENCE_S)
    try:
        yield urls[0]
    finally:
        stop.set()
        thread.join()


Results = dict[str, dict[str, object]]


@contextlib.contextmanager
def fuzzing_peer(role: str, where: str, cases: tuple[str, ...], **more: object) -> Iterator[Results]:
    """A fuzzing peer that runs beside the block; what it finds, by case, is there behind the block.

    It writes to a file: to a pipe that nobody reads it would stop writing, and with that answering, after
    64 KiB.
    """
    results: Results = {}
    with tempfile.TemporaryFile("w+") as output:
        with subprocess.Popen([PYTHON, PEER, role, where, *cases], stdout=output, **more):  # type: ignore[call-overload]
            yield results
        output.seek(0)
        found = [json.loads(line) for line in output]
    results |= {each["case"]: each for each in found}


def results_of_server(url: str, cases: tuple[str, ...]) -> Results:
    """What a fuzzing client finds of the server at this URL, by case."""
    with fuzzing_peer("client", url, cases) as results:
        pass
    return results


def results_of_client(cases: tuple[str, ...], through: Path | None) -> Results:
    """What a fuzzing server finds of our client, directly or through a proxy into an archive, by case."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"ws://127.0.0.1:{listening.getsockname()[1]}"
        descriptor = listening.fileno()
        with (
            fuzzing_peer("server", str(descriptor), cases, pass_fds=[descriptor]) as results,
            proxied(url, through) if through else contextlib.nullcontext(url) as address,
        ):
            for case in cases:
                echo_client(f"{address}/{case}")
    return results


def verdicts(results: Results) -> dict[str, tuple[object, object]]:
    return {case: (result["behavior"], result["behavior_close"]) for case, result in results.items()}


def as_reported(frame: RecordedFrame, way: str) -> list[object]:
    """What Autobahn says of a frame: opcode, last bit, reserved bits, length and digest of the payload.

    It says of a compressed payload that it sent how it stood on the wire, and of one it got what it held.
    """
    if frame.compressed is not None and way == "sent":
        length, digest = frame.compressed.length, frame.compressed.digest.hex()
    else:
        length, digest = len(frame.payload), hashlib.sha256(frame.payload).hexdigest()
    return [int(frame.opcode), frame.fin, frame.rsv, length, digest]


def is_unfinished(frame: RecordedFrame) -> bool:
    """Whether the connection ended within this frame: in cases that send byte by byte."""
    return frame.violation is not None and frame.violation.startswith("unfinished")


def assert_recorded(archive: Path, results: Results, fuzzing: Side) -> None:
    """The archive holds, for each case, the frames that Autobahn reports, each side's in order."""
    with Archive.open(archive, mode="read") as opened:
        (session,) = opened.sessions()
        recorded: dict[str, list[RecordedFrame]] = {}
        for connection in opened.connections(session):
            case = (connection.url or "").rpartition("/")[2]
            recorded[case] = list(opened.frames(session, connection=connection.connection))
    for case, result in results.items():
        if case in NOT_REPORTED:
            continue
        for way, is_ours in (("sent", True), ("received", False)):
            told = [frame[1:] for frame in result["frames"] if frame[0] == way]  # type: ignore[attr-defined]
            seen = [
                as_reported(frame, way)
                for frame in recorded[case]
                if (frame.sender is fuzzing) is is_ours and not is_unfinished(frame)
            ]
            # Behind a Close frame, and where it has failed the connection, Autobahn reads nothing more.
            assert seen[: len(told)] == told if way == "received" else seen == told, (case, way)


def check_server(cases: tuple[str, ...], archive: Path) -> None:
    """Compare what is found of a server without and with the proxy."""
    with echo_server() as url:
        alone = results_of_server(url, cases)
        with proxied(url, archive) as address:
            through = results_of_server(address, cases)
    assert verdicts(through) == verdicts(alone)
    assert set(cases) == set(alone)
    assert_recorded(archive, through, Side.CLIENT)


def check_client(cases: tuple[str, ...], archive: Path) -> None:
    """Compare what is found of a client without and with the proxy."""
    alone = results_of_client(cases, None)
    through = results_of_client(cases, archive)
    assert verdicts(through) == verdicts(alone)
    assert set(cases) == set(alone)
    assert_recorded(archive, through, Side.SERVICE)


@pytest.fixture(scope="module", autouse=True)
def converted_cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Convert the cases once for all programs of a run."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CONVERTED_CASES", str(tmp_path_factory.mktemp("cases")))
        yield


@pytest.mark.timeout(600)
def test_a_server_and_a_client_fare_the_same_through_the_proxy_in_some_cases(tmp_path):
    check_server(SHORT, tmp_path / "a.db")
    check_client(SHORT_OF_A_CLIENT, tmp_path / "b.db")


@pytest.fixture(scope="module")
def published(converted_cases: None) -> list[str]:
    """The numbers of all cases."""
    listed = subprocess.run([PYTHON, PEER.with_name("published_cases.py")], capture_output=True, text=True)
    cases = listed.stdout.split()
    assert len(cases) == sum(SECTIONS.values()) == 517
    return cases


@pytest.mark.autobahn
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("check", [check_server, check_client])
@pytest.mark.parametrize("section", SECTIONS)
def test_a_server_and_a_client_fare_the_same_through_the_proxy_in_all_cases(
    published, tmp_path, section, check
):
    cases = tuple(case for case in published if case.startswith(f"{section}."))
    assert len(cases) == SECTIONS[section]
    archive = tmp_path / "a.db"
    check(cases, archive)
    archive.unlink()  # up to 2 GB
