"""Wait for sockets to the microsecond, also with more descriptors than ``select`` can count."""

from __future__ import annotations

import select
import selectors
import socket
from collections.abc import Sequence

_SELECTABLE = 1024  # select() takes no descriptor from here on (FD_SETSIZE)


def readable(
    reading: Sequence[socket.socket], left_s: float | None, *, writing: socket.socket | None = None
) -> list[socket.socket]:
    """Those of ``reading`` that can be read; [] after ``left_s``, or once ``writing`` can be written.

    select() and not poll() where it can be: it counts in microseconds, and a timed receipt waits here.
    """
    both = [*reading, *([] if writing is None else [writing])]
    if all(sock.fileno() < _SELECTABLE for sock in both):
        return select.select(reading, [] if writing is None else [writing], [], left_s)[0]
    with selectors.PollSelector() as selector:
        for sock in set(both):
            wanted = selectors.EVENT_READ if sock in reading else 0
            selector.register(sock, wanted | (selectors.EVENT_WRITE if sock is writing else 0))
        ready = {key.fileobj for key, events in selector.select(left_s) if events & selectors.EVENT_READ}
    return [sock for sock in reading if sock in ready]
