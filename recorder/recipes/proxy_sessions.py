"""The sessions of a proxy in an archive: one for all connections, or one for each."""

from __future__ import annotations

import itertools
from functools import partial

from recorder.capture.proxy.recording import ProxySession
from recorder.clock import Clock
from recorder.redaction.redactor import Redactor
from recorder.store.archive import Archive
from recorder.store.intake import Intake, IntakeOptions
from recorder.wire.payloads import Payload

from .record_session import SessionOptions


class ProxySessions:
    """Begins and ends sessions, and commits what their connections hand in, all in one transaction.

    Args:
        each: a session for every connection; else one for all, which begins now.

    Attributes:
        ids: of all sessions, in the order in which they began.
    """

    def __init__(self, archive: Archive, options: SessionOptions, *, clock: Clock, each: bool) -> None:
        self._archive = archive
        self._options = options
        self._clock = clock
        self._each = each
        self._key = archive.redaction_key()
        self._group = archive.group_commit(clock=clock)
        self._intakes: dict[ProxySession, Intake] = {}
        self.ids: list[str] = []
        self._shared = None if each else self._begin()

    # What the proxy calls ------------------------------------------------------------------------------

    def session(self) -> ProxySession:
        """The session of a connection that is about to be made. Raises ``StorageFailed``."""
        return self._shared or self._begin()

    def shared_session(self) -> ProxySession | None:
        """The one session of all connections; None where each has its own."""
        return self._shared

    def connection_ended(self, session: ProxySession) -> None:
        """End the session if it was of one connection. Raises ``StorageFailed``."""
        if self._each:
            self._group.finish(self._intakes.pop(session), self._clock.wall_us())

    def begin(self) -> None:
        """Collect records until ``commit``."""
        self._group.begin()

    def commit(self) -> None:
        """Return when all that was collected is committed. Raises ``StorageFailed``."""
        self._group.commit()

    def use_idle_time(self, spare_s: float) -> None:
        """Write a barrier or a checkpoint that is due. Raises ``StorageFailed``."""
        self._group.use_idle_time(spare_s)

    # What the recipe calls -----------------------------------------------------------------------------

    @property
    def frames(self) -> int:
        """How many frames of the sessions that have not ended are committed."""
        return sum(intake.frames for intake in self._intakes.values())

    def finish(self, *, complete: bool, detail: str | None) -> None:
        """Write the end record of every session that has none. Raises ``StorageFailed``."""
        for intake in self._intakes.values():
            self._group.finish(intake, self._clock.wall_us(), complete=complete, detail=detail)
        self._intakes.clear()
        self._group.close()

    def _begin(self) -> ProxySession:
        options = self._options
        name = options.name
        if name is not None and self._each:
            name = f"{name} {len(self.ids) + 1}"
        redactor = Redactor(self._key, secret_names=options.secret_names)
        intake = self._archive.begin_session(
            source="proxy",
            started_at_us=self._clock.wall_us(),
            clock=self._clock,
            name=name,
            options=IntakeOptions(redactor=redactor, keep_secrets=options.keep_secrets),
        )
        session = ProxySession(
            itertools.count(1),
            itertools.count(1),
            self._clock.now_s(),
            self._group.sink(intake),
            None if options.keep_secrets else partial(_without_secrets, redactor),
        )
        self._intakes[session] = intake
        self.ids.append(intake.session)
        return session


def _without_secrets(redactor: Redactor, payload: Payload) -> Payload:
    """What is shown, after the archive has taken in the frames: it keeps secrets out of them by itself."""
    data = redactor.payload(payload.data, stream=payload.connection, fin=True, continuation=False)
    return payload if data is payload.data else payload._replace(data=data, redacted=True)
