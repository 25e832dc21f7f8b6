"""One conversation, recorded at once in every way there is: each tells the same of its messages and receipts.

A page in Chromium talks to a service that compresses, fragments, pings and closes with 4401, over TLS through
our proxy and then through two mitmproxies. The browser writes a NetLog and the keys of its TLS, is attached
to, has its DevTools open, and is driven by Playwright; tshark reads the packets.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import pytest
from builders.deflating_service import ASKED, deflating_service
from builders.mitmdump import MISSING, MITMDUMP, MitmDump

from recorder import recipes
from recorder.store.archive import Archive
from recorder.wire.frames import Opcode, Side
from recorder.wire.payloads import PayloadAssembler

PATH = "/ws_api/account/1/messaging/consumer?v=3"
WAYS = [
    "proxy", "attach", "netlog", "har", "mitmproxy", "mitmproxy, raw", "playwright trace", "playwright har",
    "packets",
]  # fmt: skip
EXACT = ["proxy", "netlog", "mitmproxy, raw", "packets"]
PLAYWRIGHT = os.environ.get("RECORDER_TESTS_PLAYWRIGHT")
"""A Python that has Playwright."""

pytestmark = [
    pytest.mark.skipif(MITMDUMP is None, reason=MISSING),
    pytest.mark.skipif(PLAYWRIGHT is None, reason="no Playwright here: RECORDER_TESTS_PLAYWRIGHT"),
    pytest.mark.skipif(shutil.which("dumpcap") is None, reason="no tshark here: apt-get install tshark"),
]

# Opens a page in the browser, says which one, and has it go where the next line says.
DRIVER = """
import sys
from playwright.sync_api import sync_playwright
port, trace, har = sys.argv[1:]
with sync_playwright() as playwright:
    chromium = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
    context = chromium.new_context(record_har_path=har, record_har_content="embed", ignore_https_errors=True)
    context.tracing.start(snapshots=True)
    page = context.new_page()
    session = context.new_cdp_session(page)
    print(session.send("Target.getTargetInfo")["targetInfo"]["targetId"], flush=True)
    page.goto(sys.stdin.readline().strip())
    print(page.evaluate("finished"), flush=True)
    sys.stdin.readline()
    context.tracing.stop(path=trace)
    context.close()
"""


class Recorder:
    """A ``recorder`` that records until ``finish``."""

    def __init__(self, *arguments: str | Path, ready: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "recorder", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        self.ready = self._until(ready)

    def _until(self, words: str) -> str:
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            if words in line:
                return line
        raise AssertionError("".join(said))

    def finish(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.communicate(timeout=60)


class Driver:
    """Playwright, which drives a page of its own in a running browser, until ``finish``."""

    def __init__(self, port: int, trace: Path, har: Path) -> None:
        self._process = subprocess.Popen(
            [PLAYWRIGHT, "-c", DRIVER, str(port), trace, har], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env={**os.environ, "PYTHONPATH": ""},
        )  # fmt: skip
        self.target = self._process.stdout.readline().strip()

    def go(self, url: str) -> str:
        """What the page's promise ``finished`` comes to."""
        self._process.stdin.write(f"{url}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def finish(self) -> None:
        if self._process.poll() is None:
            self._process.communicate("\n", timeout=60)


class Packets:
    """dumpcap on loopback, from when it has begun until ``finish``."""

    def __init__(self, port: str, file: Path) -> None:
        self._process = subprocess.Popen(
            ["dumpcap", "-q", "-i", "lo", "-f", f"tcp port {port}", "-w", file],
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in self._process.stderr:
            if line.startswith("File: "):
                return
        raise AssertionError("dumpcap did not begin")

    def finish(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.communicate(timeout=60)


def port_of(address: str) -> str:
    return re.search(r"127\.0\.0\.1:(\d+)", address)[1]


@pytest.fixture
def captures(browse, devtools_of, site, tmp_path) -> dict[str, Path]:
    """The file in which each way has left the conversation; what we recorded is exported."""
    live = {way: tmp_path / f"{way}.db" for way in ("proxy", "attach")}
    files = {way: tmp_path / f"{way}.capture" for way in WAYS}
    with ExitStack() as running:
        service = running.enter_context(deflating_service())
        raw = MitmDump(f"http://127.0.0.1:{service}", files["mitmproxy, raw"], "--set", "websocket=false")
        running.callback(raw.finish)
        messages = MitmDump(f"http://127.0.0.1:{raw.port}", files["mitmproxy"])
        running.callback(messages.finish)
        proxy = Recorder(
            "proxy", "--upstream", f"ws://127.0.0.1:{messages.port}", "--listen", "127.0.0.1:0",
            "--tls-ca", tmp_path / "authority", "--archive", live["proxy"], ready="listening on",
        )  # fmt: skip
        running.callback(proxy.finish)
        packets = Packets(port_of(proxy.ready), tmp_path / "traffic.pcapng")
        running.callback(packets.finish)
        keys = tmp_path / "keys.log"
        switches = [
            f"--ssl-key-log-file={keys}",
            "--ignore-certificate-errors",
            f"--log-net-log={files['netlog']}",
            "--net-log-capture-mode=Everything",
        ]
        page = browse("--remote-allow-origins=*", *switches)
        attached = Recorder(
            "attach", f"http://127.0.0.1:{page.port}", "--archive", live["attach"],
            ready="attached to the browser",
        )  # fmt: skip
        running.callback(attached.finish)
        driver = Driver(page.port, files["playwright trace"], files["playwright har"])
        running.callback(driver.finish)
        with devtools_of(page, target=driver.target) as tools:
            address = f"wss://127.0.0.1:{port_of(proxy.ready)}{PATH}"
            query = urlencode({"address": address})
            assert driver.go(site(name="conversation.html", query=query)) == "4401"
            files["har"].write_text(tools.export_har(sanitize=False))
        driver.finish()
        attached.finish()
        page.end_browser()
        packets.finish()
    subprocess.run(
        ["editcap", "--inject-secrets", f"tls,{keys}", tmp_path / "traffic.pcapng", files["packets"]],
        check=True,
    )
    for way, archive in live.items():
        with recipes.open_archive(str(archive)) as opened:
            recipes.export_to_file(opened, "last", files[way])
    return files


@pytest.fixture
def sessions(captures, tmp_path) -> Iterator[tuple[Archive, dict[str, str]]]:
    """An archive that has imported them all, and the id of each session."""
    address = f"*{PATH.replace('?', '[?]')}"
    with recipes.open_archive(str(tmp_path / "all.db"), mode="write", create=True) as archive:
        imported = {way: recipes.import_capture(archive, file, url=address) for way, file in captures.items()}
        yield archive, {way: session.session for way, session in imported.items()}


def test_every_way_tells_the_same(sessions):
    archive, ids = sessions
    told = {}
    for way, session in ids.items():
        _, messages = recipes.messages(archive, session)
        told[way] = [
            (
                message.text,
                message.status,
                sorted((each.participant, each.status) for each in message.receipts),
            )
            for message in messages
        ]
    hello, question, number = told["proxy"]
    assert hello == ("Hello, where is my order?", "read", [("the-agent", "ACCEPT"), ("the-agent", "READ")])
    assert question == (ASKED, "read", [("the-consumer", "ACCEPT"), ("the-consumer", "READ")])
    assert number[:2] == ("4711", "sent")
    assert told == dict.fromkeys(told, told["proxy"])
    differences = {
        (first, second): changes
        for first, second in itertools.combinations(ids, 2)
        if (changes := changed(archive, ids[first], ids[second]))
    }
    assert differences == {}

    payloads = {way: payloads_of(archive, ids[way]) for way in ids}
    assert payloads == dict.fromkeys(payloads, payloads["proxy"])
    for way in EXACT:
        frames = list(archive.frames(archive.find_session(ids[way])))
        assert {Opcode.PING, Opcode.PONG, Opcode.CLOSE} <= {frame.opcode for frame in frames}, way
        assert any(frame.compressed is not None for frame in frames), way
        assert 4401 in [each.close_code for each in archive.connections(ids[way])], way
    assert {way: archive.connections(session)[0].fidelity for way, session in ids.items()} == {
        way: "bytes" if way in EXACT else "messages" for way in ids
    }


def changed(archive: Archive, first: str, second: str) -> list[object]:
    """Where the messages and receipts of two sessions differ."""
    found = recipes.session_difference(archive, first, second)
    return [change for change in found.changes if change.differs]


def payloads_of(archive: Archive, session: str) -> dict[Side, list[bytes]]:
    """What each side said, its whole payloads in order. Which side was first depends on who looks."""
    assembler = PayloadAssembler()
    whole = [assembler.feed(frame) for frame in archive.frames(archive.find_session(session))]
    return {side: [each.data for each in whole if each is not None and each.sender is side] for side in Side}
