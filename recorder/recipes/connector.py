"""Make the connections of a replay: each in a helper thread, so that no receipt waits for the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from recorder.capture.client import RecordingConnection
from recorder.capture.connect_attempt import ConnectAttempt
from recorder.capture.options import ConnectOptions
from recorder.capture.upload import FileNotStored, put_file
from recorder.replay.run.actions import Upload
from recorder.replay.run.driver import UploadFailed
from recorder.runtime.background import BackgroundTask
from recorder.runtime.waiter import Source

from .record_session import ActiveSession
from .token_command import FetchToken


class BackgroundConnection:
    """A connection that helper threads open: one fetches its token, if needed, the next one connects.

    A ``PendingConnection`` of the replay room.

    Args:
        fetch_token: fetches the token to connect with; None: the one in ``options`` is used.
        on_token: called with the token that was fetched.
    """

    def __init__(
        self,
        session: ActiveSession,
        options: ConnectOptions,
        *,
        fetch_token: Callable[[], str] | None,
        on_token: Callable[[str], None],
    ) -> None:
        self._session = session
        self._options = options
        self._on_token = on_token
        self._attempt: ConnectAttempt | None = None
        self._fetching = None if fetch_token is None else BackgroundTask(fetch_token, name="token command")
        self._connecting = self._connect() if fetch_token is None else None

    @property
    def source(self) -> Source | None:
        """Can be read once the present helper thread is done; None: there is none."""
        return self._connecting or self._fetching

    def take(self) -> RecordingConnection | None:
        """The connection once it is open; None: not yet. Raises ``CannotConnect`` if there will be none."""
        if self._fetching is not None:
            if not self._fetching.done:
                return None
            fetching, self._fetching = self._fetching, None
            fetching.close()
            token = fetching.result()
            self._on_token(token)
            self._options = replace(self._options, token=token)
            self._connecting = self._connect()
        if self._connecting is None or self._attempt is None or not self._connecting.done:
            return None
        self._connecting.close()
        self._connecting = None
        return RecordingConnection(self._attempt)

    def give_up(self) -> None:
        """Abandon the connection. May be called at any time, and again."""
        for task in (self._fetching, self._connecting):
            if task is not None:
                task.close()
        if self._connecting is not None and self._attempt is not None:
            self._attempt.give_up()
        self._fetching = self._connecting = None

    def _connect(self) -> BackgroundTask[None]:
        self._attempt = self._session.attempt(self._options, queueing=True)
        return BackgroundTask(self._attempt.connect, name="connect")


class Connector:
    """Connects the consumers of one session. A ``ConnectFunction`` of the replay room.

    Args:
        options: how each consumer connects; its token is used until the service wants a fresh one.
        fetch_token: fetches missing and fresh tokens; None: there is no way to get one.
    """

    def __init__(
        self,
        session: ActiveSession,
        options: Mapping[str, ConnectOptions],
        *,
        fetch_token: FetchToken | None = None,
    ) -> None:
        self._session = session
        self._options = dict(options)
        self._fetch_token = fetch_token

    def __call__(self, consumer: str, fresh_token: bool) -> BackgroundConnection:
        """Begin to connect this consumer; with ``fresh_token``, by a token that is fetched for it."""
        options = self._options[consumer]
        fetch_token = None
        if self._fetch_token is not None and (fresh_token or options.token is None):
            fetch_token = partial(self._fetch_token, consumer)
        on_token = partial(self._use_token, consumer)
        return BackgroundConnection(self._session, options, fetch_token=fetch_token, on_token=on_token)

    def _use_token(self, consumer: str, token: str) -> None:
        self._session.add_secret(token)
        self._options[consumer] = replace(self._options[consumer], token=token)


class Uploader:
    """Uploads files to the address of the consumer who sends them. A ``StartUpload`` of the replay room.

    Args:
        addresses: the base URL that takes each consumer's files, by name.
        service: whose certificates and proxy are used.
    """

    def __init__(self, addresses: Mapping[str, str], service: ConnectOptions) -> None:
        self._addresses = addresses
        self._service = service

    def __call__(self, upload: Upload) -> BackgroundTask[None] | None:
        """Upload in a helper thread; its result raises ``UploadFailed``."""
        address = self._addresses[upload.consumer]
        return BackgroundTask(lambda: self._put(address, upload), name="upload")

    def _put(self, address: str, upload: Upload) -> None:
        try:
            put_file(
                address,
                upload.target,
                upload.data,
                content_type=upload.content_type,
                ca_file=self._service.ca_file,
                proxy=self._service.proxy,
            )
        except FileNotStored as problem:
            raise UploadFailed(f"the file could not be handed over: {problem}") from None
