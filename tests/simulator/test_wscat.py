"""A real wscat holds the tutorial's conversation with the simulator: lines as the docs print them."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

from recorder.simulator import SimulatorServer, agent_from

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
        os.write(self._terminal, json.dumps(request).encode() + b"\n")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)


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
