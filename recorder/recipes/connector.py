"""Make the connections of a replay: each in a helper thread, so that no receipt waits for the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from recorder.capture.client import RecordingConnection
from recorder.capture.connect_attempt import ConnectAttempt
from recorder.capture.options import ConnectOptions
from recorder.capture.upload import FileNotStored, put_file
from recorder.replay.run.actions import Upload
from recorder.replay.run.driver import UploadFailed
from recorder.runtime.background import BackgroundTask

from .record_session import Recording

FetchToken = Callable[[str], str]
"""Asks for a token of this consumer, and may take its time."""


class Connecting:
    """One connection on its way: first its token, if one is to be fetched, then the connection itself.

    An ``PendingConnection`` of the replay room.

    Args:
        fetch: fetches the token to connect with; None: the one in ``options`` does.
        fetched: told of it.
    """

    waits_to_write = False

    def __init__(
        self,
        session: Recording,
        options: ConnectOptions,
        *,
        fetch: Callable[[], str] | None,
        fetched: Callable[[str], None],
    ) -> None:
        self._session = session
        self._options = options
        self._fetched = fetched
        self._attempt: ConnectAttempt | None = None
        self._fetching = BackgroundTask(fetch, name="token command") if fetch is not None else None
        self._making = self._set_out() if fetch is None else None

    def fileno(self) -> int:
        """See ``Source``."""
        task = self._making or self._fetching
        return -1 if task is None else task.fileno()

    def take(self) -> RecordingConnection | None:
        """See ``PendingConnection``."""
        if self._fetching is not None:
            if not self._fetching.done:
                return None
            fetching, self._fetching = self._fetching, None
            fetching.close()
            token = fetching.result()
            self._fetched(token)
            self._options = replace(self._options, token=token)
            self._making = self._set_out()
        if self._making is None or self._attempt is None or not self._making.done:
            return None
        self._making.close()
        self._making = None
        return RecordingConnection.from_attempt(self._attempt)

    def give_up(self) -> None:
        """See ``PendingConnection``."""
        for task in (self._fetching, self._making):
            if task is not None:
                task.close()
        if self._making is not None and self._attempt is not None:
            self._attempt.give_up()
        self._fetching = self._making = None

    def _set_out(self) -> BackgroundTask[None]:
        self._attempt = self._session.attempt(self._options, queueing=True)
        return BackgroundTask(self._attempt.connect, name="connect")


class Connector:
    """Connects the consumers of one session, each to its place.

    Args:
        places: where each consumer connects; a token in it counts until the service wants a fresh one.
        fetch: where tokens come from, where a place has none and for fresh ones; None: from nowhere.
    """

    def __init__(
        self, session: Recording, places: Mapping[str, ConnectOptions], *, fetch: FetchToken | None = None
    ) -> None:
        self._session = session
        self._places = dict(places)
        self._fetch = fetch

    def __call__(self, consumer: str, fresh_token: bool) -> Connecting:
        """See ``ConnectFunction``."""
        options = self._places[consumer]
        wanted = self._fetch is not None and (fresh_token or options.token is None)
        return Connecting(
            self._session,
            options,
            fetch=partial(self._fetch, consumer) if wanted and self._fetch is not None else None,
            fetched=partial(self._keep, consumer),
        )

    def _keep(self, consumer: str, token: str) -> None:
        self._session.know(token)
        self._places[consumer] = replace(self._places[consumer], token=token)


class Uploader:
    """Hands files over, to the address of the consumer they are from, and nowhere else.

    Args:
        addresses: where each consumer's files go; who has none keeps them.
    """

    def __init__(self, addresses: Mapping[str, str], *, ca_file: Path | None = None) -> None:
        self._addresses = addresses
        self._ca_file = ca_file

    def __call__(self, upload: Upload) -> BackgroundTask[None] | None:
        """See ``StartUpload``."""
        address = self._addresses[upload.consumer]
        return BackgroundTask(lambda: self._put(address, upload), name="upload")

    def _put(self, address: str, upload: Upload) -> None:
        try:
            put_file(
                address, upload.target, upload.data, content_type=upload.content_type, ca_file=self._ca_file
            )
        except FileNotStored as problem:
            raise UploadFailed(f"the file could not be handed over: {problem}") from None
