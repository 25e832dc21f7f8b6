"""A messaging service with one conversation: it compresses, breaks a message into fragments and pings.

It closes the first connection with 4401 once the consumer has accepted.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

DIALOG = "8d4a27c1-6f0b-4a4e-9a57-2f7d1e0b9c11"
CONSUMER, AGENT = "the-consumer", "the-agent"
ASKED = "What is your order number?"
FIRST_SERVER_MS = 1_700_000_000_000


class _Conversation:
    """What was said so far; events of the service are numbered as messages are."""

    def __init__(self) -> None:
        self.changes: list[dict[str, Any]] = []
        self._times = count(FIRST_SERVER_MS, 250)

    def add(self, originator: str, event: dict[str, Any]) -> dict[str, Any]:
        """The change that this event is."""
        role = "CONSUMER" if originator == CONSUMER else "ASSIGNED_AGENT"
        change = {
            "sequence": len(self.changes), "originatorId": originator, "serverTimestamp": next(self._times),
            "originatorMetadata": {"id": originator, "role": role}, "event": event, "dialogId": DIALOG,
        }  # fmt: skip
        self.changes.append(change)
        return change


def _notification(*changes: dict[str, Any]) -> str:
    body = {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [*changes]}}
    return json.dumps(body)


def _receipt(status: str, sequence: int) -> dict[str, Any]:
    return {"type": "AcceptStatusEvent", "status": status, "sequenceList": [sequence]}


class _Visit:
    """One connection of the consumer."""

    def __init__(self, connection: ServerConnection, conversation: _Conversation, number: int) -> None:
        self._connection = connection
        self._conversation = conversation
        self._number = number

    def answer(self, asked: dict[str, Any]) -> None:
        """Answer one request, and do what the conversation has next."""
        body: dict[str, Any] = {}
        told: list[dict[str, Any]] = []
        if asked["type"] == "ms.SubscribeMessagingEvents":
            told = self._conversation.changes
        if asked["type"] == "ms.PublishEvent":
            told = [self._conversation.add(CONSUMER, asked["body"]["event"])]
            body = {"sequence": told[0]["sequence"]}
        answer = {"kind": "resp", "reqId": asked["id"], "code": 200, "type": "Response", "body": body}
        self._connection.send(json.dumps(answer))
        if told:
            self._connection.send(_notification(*told))
            self._react(told[-1]["event"])

    def _react(self, event: dict[str, Any]) -> None:
        if self._number > 0:
            return
        if event["type"] == "ContentEvent":
            accept, read = (
                self._conversation.add(AGENT, _receipt(status, 0)) for status in ("ACCEPT", "READ")
            )
            self._connection.send(_notification(accept))
            self._connection.send(_notification(read))
            asking = {"type": "ContentEvent", "contentType": "text/plain", "message": ASKED}
            text = _notification(self._conversation.add(AGENT, asking))
            self._connection.send(iter((text[:40], text[40:150], text[150:])))
            self._connection.ping()
        elif event.get("status") == "ACCEPT":
            self._connection.close(4401, "the token has expired")


@contextmanager
def deflating_service() -> Iterator[int]:
    """The service on loopback; its port."""
    conversation, numbers = _Conversation(), count()

    def visit(connection: ServerConnection) -> None:
        consumer = _Visit(connection, conversation, next(numbers))
        try:
            for text in connection:
                consumer.answer(json.loads(text))
        except ConnectionClosed:
            pass

    with serve(visit, "127.0.0.1", 0) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield server.socket.getsockname()[1]
        finally:
            server.shutdown()
            serving.join()
