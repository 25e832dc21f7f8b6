"""A session that is being recorded while somebody else looks at it."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from recorder import recipes
from recorder.clock import VirtualClock
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame

PATIENCE_S = 60


class GrowingSession:
    """Records a session into an archive: an agent writes, somebody reads."""

    def __init__(self, path: Path) -> None:
        self._archive = Archive.open(path, mode="write")
        self._sink = self._archive.begin_session(
            source="client", started_at_us=0, clock=VirtualClock(), options=IntakeOptions(keep_secrets=True)
        )
        self._sink([ConnectionOpened(1, None, 0, 0)])
        self._opened = {1}
        self._frames = 0

    def write(self, sequence: int, text: str) -> None:
        """A frame more, with a message."""
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
        self._tell(sequence, "agent", event)

    def read(self, sequence: int, *, message: int) -> None:
        """A frame more, with the receipt of somebody who read a message."""
        self._tell(
            sequence, "reader", {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [message]}
        )

    def take(self, frames: Iterable[RecordedFrame]) -> None:
        """These frames more, of any connections."""
        listed = list(frames)
        for number in sorted({each.connection for each in listed} - self._opened):
            self._opened.add(number)
            self._sink([ConnectionOpened(number, None, listed[0].at_us, listed[0].offset_us)])
        self._sink(listed)

    def end(self) -> None:
        self._sink.finish(0)

    def close(self) -> None:
        self._archive.close()

    def _tell(self, sequence: int, by: str, event: dict[str, object]) -> None:
        change = {
            "sequence": sequence, "dialogId": "d", "originatorId": by,
            "serverTimestamp": 1_700_000_000_000 + sequence, "event": event,
        }  # fmt: skip
        body = {
            "kind": "notification",
            "type": "ms.MessagingEventNotification",
            "body": {"changes": [change]},
        }
        number = self._frames = self._frames + 1
        at_us, payload = number * 1000, json.dumps(body).encode()
        self._sink([RecordedFrame(number, 1, number - 1, Side.SERVICE, at_us, at_us, 1, True, 0, payload)])


@contextlib.contextmanager
def viewed(path: Path, session: str = "last", *, interval: str = "10ms", **options: object) -> Iterator[str]:
    """Serve the page of a session from a thread of its own; yields the address that opens it."""
    stop, told = threading.Event(), queue.Queue[str]()

    def serve() -> None:
        with recipes.open_archive(str(path)) as archive:
            recipes.serve_session(
                archive,
                session,
                listen="127.0.0.1:0",
                interval=interval,
                stop=stop,
                on_listening=told.put,
                **options,
            )

    serving = threading.Thread(target=serve)
    serving.start()
    try:
        yield told.get(timeout=PATIENCE_S)
    finally:
        stop.set()
        serving.join(PATIENCE_S)
