"""What a real Playwright writes of one page, as a trace and as HARs, has the same frames."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from recorder import recipes
from recorder.simulator import SimulatorServer, agent_from
from recorder.wire.frames import Side

PYTHON = os.environ.get("RECORDER_TESTS_PLAYWRIGHT")
"""A Python that has Playwright."""

CHROMIUM = shutil.which("chromium")

PROGRAM = """
import sys
from playwright.sync_api import sync_playwright
url, browser, folder = sys.argv[1:]
site = url.replace("ws:", "http:").partition("/ws_api")[0]
page_url = site + "/api/account/1/service/asyncMessagingEnt/baseURI.json"
talk = '''url => new Promise((done, failed) => {
    const socket = new WebSocket(url);
    let came = 0;
    socket.onopen = () => {
        const token = {type: ".ams.headers.ConsumerAuthentication", jwt: "me"};
        socket.send(JSON.stringify({kind: "req", id: "0", type: "InitConnection", headers: [token]}));
        socket.send(JSON.stringify({kind: "req", id: "1", type: "GetClock", body: "é 😀"}));
    };
    socket.onmessage = () => { came += 1; if (came == 2) socket.close(1000, "bye"); };
    socket.onclose = () => done(came);
    socket.onerror = () => failed("error");
})'''
with sync_playwright() as playwright:
    chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
    context = chromium.new_context(record_har_path=folder + "/attached.zip", record_har_content="attach")
    context.tracing.start(snapshots=True)
    page = context.new_page()
    page.goto(page_url)
    assert page.evaluate(talk, url) == 2
    context.tracing.stop(path=folder + "/trace.zip")
    context.close()
    context = chromium.new_context(record_har_path=folder + "/embedded.har", record_har_content="embed")
    page = context.new_page()
    page.goto(page_url)
    assert page.evaluate(talk, url) == 2
    context.close()
    chromium.close()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("playwright")
    (made / "program.py").write_text(PROGRAM)
    with SimulatorServer(agent_from([])) as server:
        command = [PYTHON, made / "program.py", server.url, CHROMIUM, made]
        subprocess.run(command, check=True, timeout=100, env={**os.environ, "PYTHONPATH": ""})
    return made


def imported(folder: Path, archive: str, name: str) -> list[tuple[Side, bytes, int | None]]:
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        session = recipes.import_capture(opened, folder / name)
        (connection,) = opened.connections(session)
        assert connection.fidelity == "messages"
        assert connection.provenance == ("playwright" if name == "trace.zip" else "har")
        return [(frame.sender, frame.payload, frame.at_us) for frame in opened.frames(session)]


@pytest.mark.skipif(
    PYTHON is None or CHROMIUM is None, reason="no Playwright here: RECORDER_TESTS_PLAYWRIGHT"
)
def test_a_trace_and_both_kinds_of_har_are_imported(folder, tmp_path):
    archive = str(tmp_path / "x.db")
    trace, attached, embedded = (
        imported(folder, archive, name) for name in ("trace.zip", "attached.zip", "embedded.har")
    )
    assert trace == attached
    assert [each[0] for each in trace] == [Side.CLIENT, Side.CLIENT, Side.SERVICE, Side.SERVICE]
    assert [each[:2] for each in embedded][:3] == [each[:2] for each in trace][:3]
    assert "é 😀".encode() in trace[1][1]
    assert all(each[2] is not None for each in trace + embedded)
