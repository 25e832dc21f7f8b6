"""An archive for one test: record into it, and query who sent, accepted and read what."""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar, Unpack

import orjson

from recorder import recipes
from recorder.checks.findings import Finding
from recorder.errors import NotFound, RecorderError, error_lines
from recorder.receipts.queries import MessageView
from recorder.recipes.check_session import CheckKeywords
from recorder.recipes.record_session import RecordKeywords
from recorder.recipes.replay_result import Played
from recorder.store.archive import Archive
from recorder.wire.frames import Opcode
from recorder.wire.records import RecordedFrame, iso_utc

from .service import ObservedPayload, PretendService

SOURCE = "pretend-service.jsonl"
Result = TypeVar("Result")


class ArchiveForATest:
    """A SQLite file in ``folder``. ``session`` is an id, a unique prefix, a name, or "last".

    Of several with one name it is the newest, and stderr says so; "name~1" and "last~1" are the one before.

    Attributes:
        path: the file, for commands and other programs; it is there once something is recorded.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "recorder.db"
        self._folder = folder

    def keep(self, service: PretendService, *, name: str | None = None) -> str:
        """Store all payloads of a pretend service so far as a session, and return its id.

        This is how to check a program that cannot be recorded itself. Each payload becomes one frame.
        """
        capture = self._folder / SOURCE
        capture.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in _lines(service, name)))
        with recipes.open_archive(str(self.path), mode="write", create=True) as archive:
            return recipes.import_capture(archive, capture, name=name).session

    def record(
        self,
        url: str,
        lines: Iterable[str],
        *,
        linger: str = "200ms",
        **options: Unpack[RecordKeywords],
    ) -> str:
        """Connect as a consumer, send the lines, listen until nothing came for ``linger``; the session's id.

        Options as for ``recorder.recipes.record``: ``token``, ``init_connection``, ``name``, …

        Raises:
            CannotConnect, RecordingIncomplete, BadOption: as ``recorder.recipes.record_session``.
        """
        __tracebackhide__ = True
        return _plainly(
            lambda: recipes.record(
                url,
                archive=str(self.path),
                lines=lines,
                deliver=lambda payload: None,
                linger=linger,
                **options,
            )
        )

    def replay(
        self, script: Path | str, *, url: str | None = None, token: str | None = None, name: str | None = None
    ) -> Played:
        """Play a script, by default against a simulator of its own, and return what came of it.

        ``url`` as for ``recorder.recipes.replay``. Consumers without a token send one that simulators let in.

        Raises:
            BadScript, BadOption, CannotConnect: as ``recorder.recipes.replay``.
        """
        __tracebackhide__ = True
        return _plainly(
            lambda: recipes.replay(
                script, archive=str(self.path), url=url, token=token, name=name, simulated_tokens=True
            )
        )

    def messages(self, session: str = "last", *, dialog: str | None = None) -> list[MessageView]:
        """The messages of a session with their receipts."""
        __tracebackhide__ = True
        return self._query(lambda archive: recipes.messages(archive, session, dialog=dialog)[1])

    def frames(self, session: str = "last") -> list[RecordedFrame]:
        """The frames of a session in wire order."""
        __tracebackhide__ = True
        return self._query(lambda archive: list(recipes.frames(archive, session)))

    def check(self, session: str = "last", **options: Unpack[CheckKeywords]) -> list[Finding]:
        """What the rules say of a session; options as for ``recorder.recipes.check``."""
        __tracebackhide__ = True
        return self._query(lambda archive: recipes.check(archive, session, **options))

    def raise_if_violated(self, session: str = "last", **options: Unpack[CheckKeywords]) -> None:
        """Return if ``check`` finds no violation that fails a check; options as for ``check``.

        Raises:
            AssertionError: there are some; shows each finding and the frames that prove it.
        """
        __tracebackhide__ = True
        violations = [
            f"{one.rule}: {one.sentence} (frames {_numbers(one.frames)})"
            for one in self.check(session, **options)
            if one.fails
        ]
        if violations:
            raise AssertionError("\n".join(violations))

    def _query(self, at: Callable[[Archive], Result]) -> Result:
        __tracebackhide__ = True
        if not self.path.exists():
            hint = (
                "nothing was recorded: ums_archive.keep(ums_simulator) comes before, or record() or replay()"
            )
            _plainly(partial(_raise, NotFound("session", "last", hint=hint)))

        def ask() -> Result:
            with recipes.open_archive(str(self.path), say=_print_to_stderr) as archive:
                return at(archive)

        return _plainly(ask)


def _plainly(call: Callable[[], Result]) -> Result:
    """What ``call`` returns. Its errors are shown with their hints, without frames of this package."""
    __tracebackhide__ = True
    try:
        return call()
    except RecorderError as error:
        for line in islice(error_lines(error), 1, None):
            error.add_note(line)
        raise error.with_traceback(None) from None


def _raise(error: RecorderError) -> None:
    raise error


def _print_to_stderr(remark: str) -> None:
    sys.stderr.write(f"{remark}\n")


def _lines(service: PretendService, name: str | None) -> Iterator[dict[str, object]]:
    yield {"recorder": 1, "name": name}
    for one in service.said:
        common = {"connection": one.client, "sender": str(one.sender), "at": iso_utc(one.at_us)}
        yield common | _payload_fields(one)


def _payload_fields(one: ObservedPayload) -> dict[str, object]:
    try:
        return {"text": one.data.decode()}
    except UnicodeDecodeError:
        return {"opcode": int(Opcode.BINARY), "data": b64encode(one.data).decode()}


def _numbers(frames: Iterable[int]) -> str:
    return ", ".join(f"#{number}" for number in frames) or "none"
