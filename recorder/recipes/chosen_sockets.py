"""Which sockets of a browser or of a capture are recorded, and which requests beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recorder.counted import counted
from recorder.messaging.ums_addresses import is_envelope, is_ums, is_ums_rest_url, matches_url
from recorder.wire.records import HttpExchange


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenSockets:
    """Which of many sockets are recorded: by default those that speak to the messaging service.

    Attributes:
        url: only sockets to addresses like this one, see ``matches_url``.
        every_socket: all of them.
    """

    url: str | None = None
    every_socket: bool = False

    def wants(self, url: str | None, payloads: Iterable[bytes] = ()) -> bool:
        """Whether a socket to this address, with these first payloads, is recorded."""
        if self.url is not None:
            return matches_url(self.url, url)
        return self.every_socket or is_ums(url, payloads)

    def wants_url(self, url: str) -> bool:
        """Whether a socket of this address is recorded."""
        return self.wants(url)

    def wants_payload(self, payload: bytes) -> bool:
        """Whether this payload shows that a socket of unknown address is recorded."""
        return self.every_socket or is_envelope(payload)


def wants_exchange(record: HttpExchange) -> bool:
    """Whether a request is one of the messaging service, or belongs to a WebSocket: that is chosen."""
    return record.connection is not None or is_ums_rest_url(record.url)


def left_out(count: int) -> str:
    """What a remark on the end of a recording says of this many sockets that were not chosen."""
    return f"; {counted(count, 'socket')} of other addresses left out (--all records them)" if count else ""
