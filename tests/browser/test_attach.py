"""``recorder attach`` on a real Chromium: every socket of every target, from the moment it is attached."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from websockets.sync.server import ServerConnection, serve

from recorder import recipes
from recorder.wire.frames import Side

HEADLESS = ["--browser-option=--headless=new", "--browser-option=--disable-gpu"]
PATIENCE_S = 60


class Attached:
    """``recorder attach`` in a process of its own, and what it says."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.archive = str(folder / "attached.db")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "recorder", "attach", "--archive", self.archive, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.remarks: list[str] = []

    def await_remark(self, words: str) -> str:
        """The first line on stderr that holds these words."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.remarks.append(line)
            if words in line:
                return line
        raise AssertionError("".join(self.remarks))

    def shown(self, count: int) -> list[str]:
        """The next lines on stdout."""
        assert self._process.stdout is not None
        return [self._process.stdout.readline() for _ in range(count)]

    def end(self, number: int = signal.SIGINT) -> int:
        """End it by a signal; its exit code."""
        self._process.send_signal(number)
        return self.await_end()

    def await_end(self) -> int:
        """Its exit code once it has ended by itself."""
        out, err = self._process.communicate(timeout=PATIENCE_S)
        self.remarks += err.splitlines(keepends=True)
        self.rest = out
        return self._process.returncode

    def frames(self) -> list[tuple[int, bool, dict[str, Any]]]:
        """Connection, whether the client sent it, and the JSON of each recorded frame."""
        with recipes.open_archive(self.archive) as archive:
            session = archive.find_session("last")
            return [
                (each.connection, each.sender is Side.CLIENT, json.loads(each.payload))
                for each in archive.frames(session)
            ]

    def connections(self):
        with recipes.open_archive(self.archive) as archive:
            return list(archive.connections(archive.find_session("last")))


@contextmanager
def ums_echo(answered: threading.Semaphore | None = None) -> Iterator[str]:
    """A service that answers each request with 200; its address. ``/refused`` is 401.

    ``answered`` is released for each answer that left.
    """

    def answer(connection: ServerConnection) -> None:
        for text in connection:
            asked = json.loads(text)
            connection.send(json.dumps({"kind": "resp", "reqId": asked["id"], "code": 200}))
            if answered is not None:
                answered.release()

    def admit(connection: ServerConnection, request):
        if request.path.endswith("/refused"):
            return connection.respond(HTTPStatus.UNAUTHORIZED, "no\n")
        return None

    with serve(answer, "127.0.0.1", 0, process_request=admit) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/ws_api/account/1/messaging/consumer"
        finally:
            server.shutdown()
            serving.join()


def sockets_page(site, address: str, places: str) -> str:
    return site(name="sockets.html", query=urlencode({"address": address, "places": places}))


@pytest.fixture
def address() -> Iterator[str]:
    with ums_echo() as where:
        yield where


def test_a_window_in_a_browser_is_recorded_with_its_receipts(browse, site, ums_simulator, tmp_path):
    ums_simulator.start([{"on": "message", "do": ["accept", "read", {"say": "Hello to the browser"}]}])
    tab = browse()
    attached = Attached(tmp_path, f"http://127.0.0.1:{tab.port}")
    attached.await_remark("attached to the browser")
    assert tab.open(site(base=ums_simulator.base_url))["answer"] == "Hello to the browser"
    assert attached.end() == 130
    with recipes.open_archive(attached.archive) as archive:
        session = archive.find_session("last")
        _, messages = recipes.messages(archive, "last")
    assert (session.source, session.state) == ("cdp", "complete")
    assert [(each.text, each.status, each.mine) for each in messages] == [
        ("Hello from a browser", "read", True),
        ("Hello to the browser", "read", False),
    ]
    stored = Path(attached.archive).read_bytes()
    token = ums_simulator.requests()[0]["headers"][1]["jwt"]
    assert token.encode() not in stored
    assert token not in attached.rest


def test_pages_frames_and_workers_are_all_recorded(browse, site, address, tmp_path):
    tab = browse()
    attached = Attached(tmp_path, f"http://127.0.0.1:{tab.port}")
    attached.await_remark("attached to the browser")
    assert tab.open(sockets_page(site, address, "page,frame,worker")) == ["answered"] * 3
    lines = attached.shown(6)
    assert attached.end() == 130
    frames = attached.frames()
    assert {said["place"] for _, from_client, said in frames if from_client} == {"page", "frame", "worker"}
    assert len(frames) == 6
    assert sorted(line[0] for line in lines) == ["<"] * 3 + [">"] * 3
    opened = attached.connections()
    assert [each.url for each in opened] == [address] * 3
    assert {each.response_status for each in opened} == {101}
    assert {(each.provenance, each.fidelity) for each in opened} == {("cdp", "messages")}


def test_a_socket_that_is_open_already_is_recorded_from_then_on(browse, site, address, tmp_path):
    tab = browse()
    tab.open(sockets_page(site, address, "page"))
    attached = Attached(tmp_path, f"127.0.0.1:{tab.port}")
    attached.await_remark("attached to the browser")
    tab.evaluate("again()")
    attached.shown(2)
    assert attached.end() == 130
    (_, _, asked), (_, _, answered) = attached.frames()
    assert (asked["id"], answered["reqId"]) == ("1", "1")
    assert [each.url for each in attached.connections()] == [None]


def test_what_was_shown_is_in_the_archive_however_it_is_killed(browse, site, address, tmp_path):
    tab = browse()
    attached = Attached(tmp_path, f"http://127.0.0.1:{tab.port}", "--json")
    attached.await_remark("attached to the browser")
    tab.open(sockets_page(site, address, "page"))
    tab.evaluate("for (let i = 0; i < 500; i++) again()")
    shown = [json.loads(line) for line in attached.shown(300)]
    attached.end(signal.SIGKILL)
    stored = attached.frames()
    assert [said for _, _, said in stored[:300]] == [json.loads(each["text"]) for each in shown]
    with recipes.open_archive(attached.archive) as archive:
        assert archive.find_session("last").state == "interrupted"


def test_other_sockets_are_left_out_unless_asked_for(browse, site, address, tmp_path):
    (second := tmp_path / "second").mkdir()
    other = address.replace("/ws_api/account/1/messaging/consumer", "/live/1")
    tab = browse()
    attached = Attached(tmp_path, f"http://127.0.0.1:{tab.port}")
    chosen = Attached(second, f"http://127.0.0.1:{tab.port}", "--url", "*/live/*")
    for each in (attached, chosen):
        each.await_remark("attached to the browser")
    tab.open(sockets_page(site, other, "page"))
    chosen.shown(2)
    assert [attached.end(), chosen.end()] == [130, 130]
    assert attached.frames() == []
    assert any("1 socket" in line and "left out" in line for line in attached.remarks)
    assert len(chosen.frames()) == 2


def test_a_refused_handshake_is_recorded_as_one(browse, site, address, tmp_path):
    tab = browse()
    attached = Attached(tmp_path, f"http://127.0.0.1:{tab.port}")
    attached.await_remark("attached to the browser")
    assert tab.open(sockets_page(site, f"{address}/refused", "page")) == ["closed"]
    attached.await_remark("connection 1 refused")
    assert attached.end() == 130
    (refused,) = attached.connections()
    assert (refused.how, refused.response_status) == ("refused", None)
    assert ("Upgrade", "websocket") in refused.request_headers


def test_a_browser_of_its_own_is_started_and_ended(site, address, tmp_path, browse):
    attached = Attached(tmp_path, "--launch", sockets_page(site, address, "page"), *HEADLESS)
    assert [line[0] for line in attached.shown(2)] == [">", "<"]
    assert attached.end() == 130
    (connection,) = attached.connections()
    assert (connection.url, connection.frames) == (address, 2)


def test_with_a_net_log_every_byte_is_recorded(site, tmp_path, browse):
    """Chromium may hold back its last events until it ends: who waits for them is the service."""
    answered = threading.Semaphore(0)
    with ums_echo(answered) as address:
        page = sockets_page(site, address, "page,frame,worker")
        attached = Attached(tmp_path, "--launch", page, "--net-log", *HEADLESS)
        for _ in range(3):
            assert answered.acquire(timeout=PATIENCE_S)
        assert attached.end() == 130
    assert sorted(line[0] for line in attached.rest.splitlines()) == ["<"] * 3 + [">"] * 3
    connections = attached.connections()
    assert [each.url for each in connections] == [address] * 3
    assert {(each.provenance, each.fidelity, each.response_status) for each in connections} == {
        ("netlog", "bytes", 101)
    }
    with recipes.open_archive(attached.archive) as archive:
        frames = list(archive.frames(archive.find_session("last")))
    assert all(
        each.head is not None and (each.head[1] > 127) is (each.sender is Side.CLIENT) for each in frames
    )


def test_the_recording_ends_with_the_browser(site, address, tmp_path, browse):
    attached = Attached(tmp_path, "--launch", sockets_page(site, address, "page"), *HEADLESS)
    attached.shown(2)
    devtools = attached.await_remark("attached to the browser").split()[-1]
    from recorder.capture.devtools.connection import open_devtools
    from recorder.capture.devtools.targets import DevToolsCommand

    other = open_devtools(devtools)
    other.send(DevToolsCommand("Browser.close", {}))
    assert attached.await_end() == 0, "".join(attached.remarks)
    other.close()
    assert [each.how for each in attached.connections()] == ["lost"]
