"""A messaging service with one dialog, for a consumer and an agent who are both connected to it.

The path of a connection says who it is: ``/consumer`` or ``/agent``. Everybody is told of everything, but for
the notifications that get lost on their way to somebody.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from .two_sides import ROLES

Event = dict[str, Any]


class _Dialog:
    """Who is connected, and what was said so far; everybody is told in one order."""

    def __init__(self, ids: dict[str, str], is_lost: Callable[[str, Event], bool]) -> None:
        self._ids, self._is_lost = ids, is_lost
        self._connected: dict[str, ServerConnection] = {}
        self._lock, self._sequences = threading.Lock(), count()

    def visit(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        who = self._ids[connection.request.path.strip("/")]
        self._connected[who] = connection
        try:
            for text in connection:
                with self._lock:
                    self._publish(who, json.loads(text))
        except ConnectionClosed:
            pass

    def _publish(self, who: str, asked: dict[str, Any]) -> None:
        sequence, event = next(self._sequences), asked["body"]["event"]
        answer = {"kind": "resp", "reqId": asked["id"], "code": 200, "type": "ms.PublishEventResponse"}
        self._connected[who].send(json.dumps({**answer, "body": {"sequence": sequence}}))
        change = {
            "dialogId": "d", "sequence": sequence, "originatorId": who, "event": event,
            "serverTimestamp": 1_704_067_200_000 + 1_000 * sequence,
            "originatorMetadata": {"id": who, "role": ROLES[who]},
        }  # fmt: skip
        told = {
            "kind": "notification",
            "type": "ms.MessagingEventNotification",
            "body": {"changes": [change]},
        }
        for other, connection in self._connected.items():
            if not self._is_lost(other, event):
                connection.send(json.dumps(told))


@contextmanager
def relaying_service(ids: dict[str, str], is_lost: Callable[[str, Event], bool]) -> Iterator[str]:
    """The service on loopback, for a path → id each; its address. ``is_lost``: what somebody never gets."""
    dialog = _Dialog(ids, is_lost)
    with serve(dialog.visit, "127.0.0.1", 0) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            serving.join()
