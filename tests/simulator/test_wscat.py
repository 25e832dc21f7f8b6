"""The lines of the tutorials, pasted as they stand into a real wscat and into ``recorder record``."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from recorder.simulator import SimulatorServer, agent_from, moods_from

WSCAT = shutil.which("wscat")
AGENT = [{"on": "conversation", "do": [{"say": "some agent text", "after": "10ms"}]}]
PATIENCE_S = 30.0


class Prompt:
    """wscat on a terminal of its own: type a line, read until something shows."""

    def __init__(self, url: str, *options: str) -> None:
        ours, theirs = pty.openpty()
        self._terminal = ours
        self._process = subprocess.Popen(
            [WSCAT, "--connect", url, "--no-color", *options], stdin=theirs, stdout=theirs, stderr=theirs,
            env={**os.environ, "TERM": "dumb"},
        )  # fmt: skip
        os.close(theirs)
        self._shown = ""

    def until(self, pattern: str) -> re.Match[str]:
        """Wait until the pattern shows, and forget everything up to its end."""
        give_up_s = time.monotonic() + PATIENCE_S
        while not (found := re.search(pattern, self._shown)):
            readable, _, _ = select.select([self._terminal], [], [], give_up_s - time.monotonic())
            assert readable, f"never saw {pattern!r} in {self._shown!r}"
            self._shown += os.read(self._terminal, 65_536).decode()
        self._shown = self._shown[found.end() :]
        return found

    def type(self, request: dict[str, object]) -> None:
        self.paste(json.dumps(request))

    def paste(self, line: str) -> None:
        os.write(self._terminal, line.encode() + b"\n")

    def answer(self, request_id: str) -> dict[str, Any]:
        """The answer to the request of that id that shows next."""
        return json.loads(self.until(rf'(\{{"kind":"resp","reqId":"{request_id}"[^\r\n]*\}})')[1])

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)


class Recorded:
    """``recorder record`` between two pipes: a line in, an answer out."""

    def __init__(self, url: str, archive: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "recorder", "record", url, "--archive", archive],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1,
        )  # fmt: skip

    def paste(self, line: str) -> None:
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def until(self, pattern: str) -> re.Match[str]:
        for line in self._process.stdout:
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"never saw {pattern!r}")

    def answer(self, request_id: str) -> dict[str, Any]:
        return json.loads(self.until(rf'(\{{"kind":"resp","reqId":"{request_id}".*\}})')[1])

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def server():
    with SimulatorServer(agent_from(AGENT)) as running:
        yield running


@pytest.fixture
def prompt(server):
    prompts = []

    def start(*options: str) -> Prompt:
        prompts.append(Prompt(server.url, *options))
        prompts[-1].until("Connected")
        return prompts[-1]

    yield start
    for each in prompts:
        each.close()


@pytest.mark.skipif(WSCAT is None, reason="no wscat here: npm install -g wscat")
def test_read_and_accept_events_as_the_tutorial_has_it(prompt):
    """Create a conversation, the agent's message arrives, publish ACCEPT, publish READ, both with id 2."""
    wscat = prompt("--header", "Authorization: jwt me")
    wscat.type({"kind": "req", "id": 1, "type": "cm.ConsumerRequestConversation"})
    conversation = wscat.until(r'"reqId":"1","code":200,"body":\{"conversationId":"([^"]+)"')[1]
    sequence = int(wscat.until(r'"sequence":(\d+)[^\r\n]*some agent text')[1])
    for status in ("ACCEPT", "READ"):
        event = {"type": "AcceptStatusEvent", "status": status, "sequenceList": [sequence]}
        body = {"dialogId": conversation, "event": event}
        wscat.type({"kind": "req", "id": 2, "type": "ms.PublishEvent", "body": body})
        wscat.until(r'"reqId":"2","code":200,"body":\{"sequence":\d+\},"type":"ms.PublishEventResponse"')


@pytest.mark.skipif(WSCAT is None, reason="no wscat here: npm install -g wscat")
def test_a_client_without_headers_introduces_itself_first(prompt):
    wscat = prompt()
    token = {"type": ".ams.headers.ConsumerAuthentication", "jwt": "me"}
    wscat.type({"kind": "req", "id": "0", "type": "InitConnection", "headers": [token]})
    wscat.until(r'"reqId":"0","code":200')
    wscat.type({"kind": "req", "id": "1", "type": "GetClock"})
    wscat.until(r'"currentTime":\d+')


TUTORIALS = Path(__file__).with_name("tutorials.txt")
SURVEY = r'"dialogId":"([^"]+)","participantsDetails":\[[^]]*\],"dialogType":"POST_SURVEY"'
FILLED_FROM = {
    "conversationId": "__CONVERSATION__",
    "subscriptionId": "__SUBSCRIPTION__",
    "relativePath": "__PATH__",
}


@pytest.fixture(params=["wscat", "recorder record"])
def pasted_into(request, tmp_path):
    """Something that lines can be pasted into, connected without a token."""
    if request.param == "wscat" and WSCAT is None:
        pytest.skip("no wscat here: npm install -g wscat")
    with SimulatorServer(agent_from([]), moods=moods_from({"survey": True})) as server:
        if request.param == "wscat":
            line = Prompt(server.url)
            line.until("Connected")
        else:
            line = Recorded(server.url, tmp_path / "pasted.db")
        yield line
        line.close()


def test_every_line_of_the_tutorials_gets_its_answer_as_it_stands(pasted_into):
    """Only what the pages leave to be filled in is filled in, from the answers before."""
    known: dict[str, str] = {}
    for written in TUTORIALS.read_text("utf-8").splitlines():
        if not written or written.startswith("#"):
            continue
        code, type_name, field, line = written.split(" ", 3)
        for word, value in known.items():
            line = line.replace(word, value)
        assert line.count("__") in (0, 2), line  # the token may stay as it is printed
        pasted_into.paste(line)
        delivered = pasted_into.answer(str(json.loads(line)["id"]))
        assert (delivered["code"], delivered["type"]) == (int(code), type_name), (line, delivered)
        if field != "-":
            assert field in delivered["body"], (line, delivered)
            if field in FILLED_FROM:
                known[FILLED_FROM[field]] = delivered["body"][field]
        if "ChatStateEvent" in line:
            assert delivered["body"] == {"sequence": 0}
        if "DialogChange" in line:
            known["__SURVEY__"] = pasted_into.until(SURVEY)[1]
