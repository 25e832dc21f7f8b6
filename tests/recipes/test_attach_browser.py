"""What DevTools tell is recorded and shown without secrets, until the browser ends or somebody stops it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from builders.devtools import Answering, Command, devtools, page_that_talks
from websockets.sync.server import ServerConnection

from recorder import recipes
from recorder.errors import CannotConnect
from recorder.recipes.attach_browser import attach
from recorder.recipes.chosen_sockets import ChosenSockets

URL = "wss://va.msg.liveperson.net/ws_api/account/1/messaging/consumer?v=3"
TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"
HELLO = {"kind": "req", "id": "1", "type": "InitConnection", "headers": [{"jwt": TOKEN}]}


def page_that_says(*texts: str, url: str = URL, ends: bool = True) -> Answering:
    """A browser with one page, which opens one socket and sends these payloads; then it ends."""
    return page_that_talks([("send", text) for text in texts], url=url, ends=ends)


@pytest.fixture
def archive(tmp_path) -> str:
    return str(tmp_path / "attached.db")


def attached(address: str, archive: str, chosen: ChosenSockets | None = None) -> tuple[list[str], list[str]]:
    """The payloads that were shown, and the remarks."""
    shown: list[str] = []
    remarks: list[str] = []
    attach(
        address,
        archive=archive,
        chosen=chosen or ChosenSockets(),
        deliver=lambda payload: shown.append(payload.data.decode()),
        say=remarks.append,
    )
    return shown, remarks


def test_the_recording_ends_with_the_browser(archive):
    with devtools(page_that_says('{"kind":"req","id":"1","type":"GetClock"}')) as address:
        shown, remarks = attached(address, archive)
    assert shown == ['{"kind":"req","id":"1","type":"GetClock"}']
    assert any(remark.startswith("attached to the browser") for remark in remarks)
    assert remarks[-2:] == ["the browser ended", "1 frame recorded"]
    with recipes.open_archive(archive) as opened:
        session = opened.find_session("last")
        (connection,) = opened.connections(session)
    assert (session.source, session.state) == ("cdp", "complete")
    assert (connection.url, connection.how, connection.provenance, connection.fidelity) == (
        URL, "lost", "cdp", "messages",
    )  # fmt: skip


def test_no_token_is_stored_or_shown(archive):
    with devtools(page_that_says(json.dumps(HELLO))) as address:
        (shown,), remarks = attached(address, archive)
    assert TOKEN not in shown
    assert json.loads(shown)["type"] == "InitConnection"
    assert TOKEN not in "".join(remarks)
    assert TOKEN.encode() not in Path(archive).read_bytes()


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        (ChosenSockets(), 0),
        (ChosenSockets(url="other.example"), 1),
        (ChosenSockets(url="wss://*/live"), 1),
        (ChosenSockets(url="third.example"), 0),
        (ChosenSockets(every_socket=True), 1),
    ],
)
def test_other_services_are_recorded_only_if_asked_for(archive, chosen, count):
    with devtools(page_that_says("x", url="wss://other.example/live")) as address:
        shown, remarks = attached(address, archive, chosen)
    assert len(shown) == count
    assert ("1 socket of other addresses left out" in remarks[-1]) == (count == 0)


def test_a_browser_that_lets_nobody_attach_is_told(archive):
    def refuse(browser: ServerConnection, command: Command) -> None:
        browser.send(json.dumps({"id": command["id"], "error": {"message": "not allowed"}}))

    with devtools(refuse) as address, pytest.raises(CannotConnect, match="do not let us attach"):
        attached(address, archive)


class StopAtOnce:
    """A request to stop that is there from the first payload on."""

    def __init__(self) -> None:
        self.stopped = False
        self.wake: Callable[[], None] = lambda: None

    def is_set(self) -> bool:
        return self.stopped

    def on_stop(self, wake: Callable[[], None]) -> None:
        self.wake = wake

    def stop(self, _: object) -> None:
        self.stopped = True
        self.wake()


def test_it_stops_when_asked_and_leaves_the_browser_running(archive):
    stop = StopAtOnce()
    with devtools(page_that_says('{"kind":"req","id":"1","type":"GetClock"}', ends=False)) as address:
        attach(address, archive=archive, chosen=ChosenSockets(), deliver=stop.stop, stop=stop)
    with recipes.open_archive(archive) as opened:
        session = opened.find_session("last")
        (connection,) = opened.connections(session)
    assert (session.state, session.frames, connection.how) == ("complete", 1, None)
