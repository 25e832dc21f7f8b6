"""Captures of one or two connections, written line by line, and what the commands say about them.

What the service is told and tells is as short as the protocol allows; each second has one envelope.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from typer.testing import CliRunner

from recorder.cli.app import app

CONSUMER, AGENT, OTHER = "109f41a2-consumer", "3d834d4d-agent", "5e6f7a8b-agent"
GUEST, USER = "guest-1", "user-7"
ROLES = {
    **dict.fromkeys((CONSUMER, GUEST, USER), "CONSUMER"), **dict.fromkeys((AGENT, OTHER), "ASSIGNED_AGENT"),
}  # fmt: skip
SINCE_MS = 1_704_067_200_000
URL = "wss://va.example.com/ws_api/account/12345678/messaging"

Line = dict[str, object]


class Capture:
    """Writes a capture line by line; each line comes a second after the one before."""

    def __init__(self, *, dialect: str = "v3") -> None:
        self.lines: list[Line] = []
        self._second = 0
        self._ids = 0
        self._v2 = dialect == "v2"

    def opened(self, connection: int, *, token: str | None = None, path: str | None = None) -> Capture:
        header = [] if token is None else [["Authorization", f"jwt ⟦jwt:3f9a1c2{connection} sub={token}⟧"]]
        url = f"{URL}/brand/⟦jwt:3f9a1c2{connection} sub={path}⟧?v=2" if path else f"{URL}/consumer?v=3"
        self.lines.append({"connection": connection, "url": url, "request_headers": header})
        return self

    def frame(self, connection: int, sender: str, envelope: object) -> None:
        self._second += 1
        at = f"2024-01-01T00:{self._second // 60:02}:{self._second % 60:02}.000Z"
        text = json.dumps(envelope)
        self.lines.append({"connection": connection, "sender": sender, "at": at, "text": text})

    def ask(self, connection: int, event: object, *, id: str | None = None) -> str:
        self._ids += 1
        name = id or str(self._ids)
        kind = ".ams.ms.PublishEvent" if self._v2 else "ms.PublishEvent"
        body = {"dialogId": "d", "conversationId": "d", "event": event}
        self.frame(connection, "client", {"kind": "req", "id": name, "type": kind, "body": body})
        return name

    def answer(self, connection: int, name: str, sequence: int | None) -> None:
        body = {} if sequence is None else {"sequence": sequence}
        kind = ".ams.ms.PublishEventResponse" if self._v2 else "ms.PublishEventResponse"
        answer = {"kind": "resp", "reqId": name, "code": 200, "type": kind, "body": body}
        self.frame(connection, "service", answer)

    def tell(self, connection: int, sequence: int | None, by: str, event: object) -> None:
        change: Line = {
            "dialogId": "d", "originatorId": by, "event": event,
            "serverTimestamp": SINCE_MS + self._second * 1_000,
            "originatorMetadata": {"id": by, "role": ROLES[by]},
        }  # fmt: skip
        if sequence is not None:
            change["sequence"] = sequence
        kind = "ms.MessagingEventNotification"
        body: object = {"changes": [change]}
        if self._v2:
            kind, body = ".ams.ms.OnlineEventDistribution", change
        self.frame(connection, "service", {"kind": "notification", "type": kind, "body": body})

    def request(
        self, connection: int, kind: str, body: object, answer: object, *, code: int = 200
    ) -> Capture:
        """A request of any type, and its answer."""
        self._ids += 1
        request = {"kind": "req", "id": str(self._ids), "type": kind, "body": body}
        self.frame(connection, "client", request)
        response = {"kind": "resp", "reqId": str(self._ids), "code": code, "type": f"{kind}Response"}
        self.frame(connection, "service", {**response, "body": answer})
        return self

    def say(
        self, on: int, sequence: int, text: str, *, by: str, to: tuple[int, ...] = (1,),
        echo: str | None = None, answered: bool = True, id: str | None = None,
    ) -> Capture:  # fmt: skip
        """A message: asked on ``on`` (0: by somebody who is not recorded), answered, told to ``to``."""
        if on:
            name = self.ask(on, content(text), id=id)
            self.answer(on, name, sequence if answered else None)
        for connection in to:
            self.tell(connection, sequence, by, content(text if echo is None else echo))
        return self

    def give(
        self, on: int, status: str, named: int, sequence: int, *, by: str, to: tuple[int, ...] = (1,),
        answered: bool = True, numbered: bool = True,
    ) -> Capture:  # fmt: skip
        """A receipt, likewise. ``numbered``: the notification says which sequence it took."""
        event = {"type": "AcceptStatusEvent", "status": status, "sequenceList": [named]}
        if on:
            self.answer(on, self.ask(on, event), sequence if answered else None)
        for connection in to:
            self.tell(connection, sequence if numbered else None, by, event)
        return self


def content(text: str) -> Line:
    return {"type": "ContentEvent", "contentType": "text/plain", "message": text}


class Told:
    """What the commands say about one capture."""

    def __init__(self, path: Path) -> None:
        self._archive = str(path / "x.db")
        self._path = path

    def run(self, *arguments: str, code: int | None = 0) -> str:
        result = CliRunner().invoke(app, [*arguments, "--archive", self._archive])
        assert code is None or result.exit_code == code, result.output
        return result.stdout

    def imports(self, capture: Capture, name: str) -> None:
        file = self._path / f"{name}.jsonl"
        lines = [{"recorder": 1, "name": name}, *capture.lines]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        self.run("import", str(file))

    def shown(self, command: str) -> str:
        """What ``message show 0`` and the like print about the last session."""
        noun, verb, *which = command.split()
        return self.run(noun, verb, "last", *which)

    def messages(self) -> list[Line]:
        return [json.loads(line) for line in self.run("message", "list", "last", "--json").splitlines()]

    def summary(self) -> Line:
        return json.loads(self.run("session", "show", "last", "--json"))

    def rows(self, table: str, *columns: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self._archive)) as opened:
            return opened.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1, 2, 3").fetchall()

    def findings(self, rule: str) -> list[Line]:
        out = self.run("check", "last", "--json", "--rule", rule, code=None)
        return [json.loads(line) for line in out.splitlines()]
