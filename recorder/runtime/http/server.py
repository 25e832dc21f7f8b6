"""A server of plain HTTP, in a thread of its own, on a socket that listens already."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Self
from weakref import WeakSet

from .connection import HttpConnection, Respond


class HttpServer:
    """Serves while the ``with`` block runs; once.

    Args:
        listening: the socket, which it closes.
        respond: makes every response, in the thread of the server.
        on_failure: called in that thread if ``respond`` raised; the end of the block raises it again.
    """

    def __init__(
        self, listening: socket.socket, respond: Respond, *, on_failure: Callable[[], None] = lambda: None
    ) -> None:
        self._listening, self._respond, self._on_failure = listening, respond, on_failure
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)
        self._open: WeakSet[HttpConnection] = WeakSet()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has just ended by itself
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            with self._listening, asyncio.Runner() as runner:
                runner.run(self._serve())
        except BaseException as problem:  # handed to whoever ends the block
            self._fail(problem)
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await self._loop.create_server(self._connection, sock=self._listening)
        self._ready.set()
        await self._stopping.wait()
        server.close()
        for connection in tuple(self._open):
            connection.abort()
        await asyncio.sleep(0)

    def _connection(self) -> HttpConnection:
        connection = HttpConnection(self._respond, largest_body=0, on_failure=self._fail)
        self._open.add(connection)
        return connection

    def _fail(self, problem: BaseException) -> None:
        self._failure = self._failure or problem
        self._stopping.set()
        self._on_failure()
