"""The end of a connection as text, and the error for sending after it."""

from __future__ import annotations

from recorder.errors import RecordingIncomplete
from recorder.wire.records import ConnectionClosed


def describe_end(closed: ConnectionClosed) -> str:
    """The end of a connection in a few words: ``closed by the service, 4401 "expired"``.

    Reason and detail may quote the service: escape them before they reach a terminal.
    """
    by = f" by the {closed.closed_by}" if closed.closed_by is not None else ""
    code = f", {closed.close_code}" if closed.close_code is not None else ""
    reason = f' "{closed.close_reason}"' if closed.close_reason else ""
    detail = f": {closed.detail}" if closed.detail else ""
    return f"{closed.how}{by}{code}{reason}{detail}"


class ConnectionEnded(RecordingIncomplete):
    """Something was to be sent on a connection that has ended. What was recorded stays."""

    def __init__(self, closed: ConnectionClosed) -> None:
        super().__init__(
            f"connection {closed.connection} is over ({describe_end(closed)}); this was not sent"
        )
        self.closed = closed
