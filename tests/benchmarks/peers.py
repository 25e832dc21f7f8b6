"""The same timetable by this recorder, by Locust with websocket-client, and by Artillery, side by side.

Run it with ``python tests/benchmarks/peers.py [USERS]``. Every user connects, opens a conversation, writes
one message and says READ 1.5 s after the answer came. Measured is, at the service, how long after its
answer the READ arrived, less 1.5 s: the lateness as the other side sees it. Beside it the processor time
of each tool per session. Artillery is looked for on PATH and in $ARTILLERY.

Where a peer cannot play the script, its row says why.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from recorder.replay.load.histogram import Histogram
from recorder.simulator import SimulatorServer, agent_from
from recorder.wire.frames import Side

USERS = 50
READ_AFTER_S = 1.5
AGENT = [{"on": "message", "do": [{"say": "It is on its way.", "after": "300ms"}]}]
SCRIPT = """
name: peers
receipts: {read: 1500ms}
steps:
  - open_conversation:
  - say: Hello
  - await: {message: {from: agent}, within: 30s}
"""
LOCUSTFILE = '''
import json, websocket
from locust import User, task
from locust.exception import StopUser
import gevent

class Plain(User):
    """What one writes by hand: websocket-client, and gevent's sleep before the receipt."""
    @task
    def play(self):
        token = open("tokens").read().splitlines()[Plain.next()]
        ws = websocket.create_connection(self.host, header=["Authorization: jwt " + token])
        def ask(number, kind, body):
            ws.send(json.dumps({"kind": "req", "id": number, "type": kind, "body": body}))
        def hear(wanted):
            while True:
                found = wanted(json.loads(ws.recv()))
                if found is not None:
                    return found
        ask("0", "cqm.SubscribeExConversations", {"convState": ["OPEN"]})
        ask("1", "cm.ConsumerRequestConversation", {})
        dialog = hear(lambda told: told["body"]["conversationId"] if told.get("reqId") == "1" else None)
        ask("2", "ms.SubscribeMessagingEvents", {"dialogId": dialog, "fromSeq": 0})
        ask("3", "ms.PublishEvent", {"dialogId": dialog, "event": {
            "type": "ContentEvent", "contentType": "text/plain", "message": "Hello"}})
        def answered(told):
            for change in told.get("body", {}).get("changes", []):
                if change.get("event", {}).get("message") == "It is on its way.":
                    return change["sequence"]
        sequence = hear(answered)
        gevent.sleep(1.5)
        ask("4", "ms.PublishEvent", {"dialogId": dialog, "event": {
            "type": "AcceptStatusEvent", "status": "READ", "sequenceList": [sequence]}})
        hear(lambda told: True if told.get("reqId") == "4" else None)
        ws.close()
        raise StopUser

    count = -1
    @classmethod
    def next(cls):
        cls.count += 1
        return cls.count
'''
ARTILLERY = """
config:
  target: "{url}"
  phases: [{{duration: {seconds}, arrivalRate: 10}}]
scenarios:
  - engine: ws
    flow:
      - send: '{{"kind": "req", "id": "1", "type": "cm.ConsumerRequestConversation", "body": {{}}}}'
      - think: 2
"""


class Listening:
    """Sits at the service, and times each READ from the answer that it is for."""

    def __init__(self) -> None:
        self.late = Histogram()
        self._answered: dict[int, float] = {}
        self._guard = threading.Lock()

    def __call__(self, client: int, side: Side, data: bytes) -> None:
        now_s = time.monotonic()
        if side is Side.SERVICE and b"It is on its way." in data:
            self._answered.setdefault(client, now_s)
        elif side is Side.CLIENT and b'"READ"' in data and client in self._answered:
            with self._guard:
                self.late.add(now_s - self._answered.pop(client) - READ_AFTER_S)


@contextmanager
def service(listening: Listening) -> Iterator[str]:
    """The simulator, in this process: the tools are in others."""
    with SimulatorServer(agent_from(AGENT), on_payload=listening) as server:
        yield server.url


def children_s() -> float:
    """Processor time of everything that was started and has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(name: str, users: int, play: Callable[[str], str | None]) -> None:
    """One row."""
    listening = Listening()
    before_s = children_s()
    with service(listening) as url:
        why_not = play(url)
    late, cpu_s = listening.late, children_s() - before_s
    if not late.count:
        print(f"{name:34}{why_not or 'no READ arrived'}")
        return
    figures = "".join(
        f"{(value or 0) * 1000:9.2f}" for value in (*late.quantiles_s((0.5, 0.99)), late.most_s)
    )
    print(f"{name:34}{late.count:6}{figures}{cpu_s / users * 1000:12.1f}")


def run(command: list[str], folder: Path) -> str | None:
    """None if it went well; else the last thing it said."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
    return None if done.returncode == 0 else (done.stderr or done.stdout).strip().splitlines()[-1][:120]


def with_recorder(folder: Path, users: int, url: str) -> str | None:
    return run(
        [sys.executable, "-m", "recorder", "replay", "script.yaml", "--users", str(users),
         "--spawn-rate", "10", "--url", url, "--token-file", "tokens", "--archive", "x.db",
         "--quiet"],
        folder,
    )  # fmt: skip


def with_locust(folder: Path, users: int, url: str) -> str | None:
    return run(
        [sys.executable, "-m", "locust", "-f", "plain.py", "--headless", "-u", str(users), "-r", "10",
         "-t", f"{users / 10 + 6:.0f}s", "--host", url, "--only-summary"], folder,
    )  # fmt: skip


def with_artillery(folder: Path, users: int, url: str) -> str | None:
    """It can send and think; it cannot keep what came for what it sends next, nor wait a fraction."""
    program = os.environ.get("ARTILLERY") or shutil.which("artillery")
    if program is None:
        return "not installed: npm install artillery, then ARTILLERY=node_modules/.bin/artillery"
    (folder / "load.yaml").write_text(ARTILLERY.format(url=url, seconds=max(users // 10, 1)))
    before_s = children_s()
    problem = run([program, "run", "--quiet", "load.yaml"], folder)
    took_ms = (children_s() - before_s) / users * 1000
    why_not = "cannot play it: its ws engine reads no answer into a later send, and thinks whole seconds"
    return problem or f"{why_not}; connect, one request, think: {took_ms:.1f} ms of processor a session"


def main(users: int) -> None:
    """Measure each, and print the table."""
    from recorder.recipes.endpoints import simulated_token

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "script.yaml").write_text(SCRIPT)
        (folder / "plain.py").write_text(LOCUSTFILE)
        tokens = folder / "tokens"
        tokens.write_text("\n".join(simulated_token(f"user-{number}") for number in range(users)) + "\n")
        tokens.chmod(0o600)
        print(json.dumps({"users": users, "spawn rate": 10, "READ after": READ_AFTER_S}))
        print(
            f"{'lateness at the service, ms':34}{'READs':>6}{'p50':>9}{'p99':>9}{'max':>9}{'CPU ms each':>12}"
        )
        measured("recorder replay --users, recorded", users, lambda url: with_recorder(folder, users, url))
        measured("Locust + websocket-client", users, lambda url: with_locust(folder, users, url))
        measured("Artillery, ws engine", users, lambda url: with_artillery(folder, users, url))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else USERS)
