"""The records of a session that is being watched: stored first, then shown without secrets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recorder.wire.endings import ending_words
from recorder.wire.frames import Opcode
from recorder.wire.payloads import Payload, PayloadAssembler
from recorder.wire.records import ConnectionClosed, ConnectionOpened, Record, RecordedFrame

from .queries import Notify
from .record_session import ActiveSession


class LiveRecords:
    """Stores records, then delivers their payloads and says which connections begin and end.

    Args:
        deliver: gets each payload of both sides, its secrets replaced, once it is in the archive.
    """

    def __init__(self, active: ActiveSession, deliver: Callable[[Payload], None], *, say: Notify) -> None:
        self._active = active
        self._deliver = deliver
        self._say = say
        self._payloads = PayloadAssembler()

    def add(self, records: Sequence[Record]) -> None:
        """Take the next records of the session; none: the archive syncs what it holds, if that is due.

        Raises:
            StorageFailed: none of them is stored, and none was delivered.
        """
        self._active.intake(records)
        for record in records:
            if isinstance(record, ConnectionOpened):
                address = record.url or "an address that was not told, open before"
                self._say(self._active.redact(f"connection {record.connection}: {address}"))
            elif isinstance(record, ConnectionClosed):
                self._say(self._active.redact(f"connection {record.connection} {ending_words(record)}"))
            elif isinstance(record, RecordedFrame) and (payload := self._payloads.feed(record)) is not None:
                self._deliver(self._without_secrets(payload))

    def _without_secrets(self, payload: Payload) -> Payload:
        """What is shown: the archive keeps secrets out of what it stores by itself."""
        if payload.opcode != Opcode.TEXT:
            return payload
        text = self._active.redact(payload.data.decode("utf-8", errors="surrogateescape"))
        return payload._replace(data=text.encode("utf-8", errors="surrogateescape"))
