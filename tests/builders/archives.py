"""A fresh place for every test, in a file and in a database, and frames to put there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from recorder.clock import VirtualClock
from recorder.store.archive import Archive
from recorder.store.frame_chunks import ScannedFrame
from recorder.store.intake import Intake, IntakeOptions
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionClosed, ConnectionOpened, RecordedFrame


def scanned(frame: RecordedFrame) -> ScannedFrame:
    """The fields of this frame that a fold reads, as ``Archive.scan_frames`` gives them."""
    fields = frame._asdict() | {"from_service": int(frame.sender is Side.SERVICE), "fin": int(frame.fin)}
    return ScannedFrame(*(fields[name] for name in ScannedFrame._fields))


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an archive may be made; every law in a test that asks for this holds for both kinds."""
    if request.param == "sqlite":
        return str(tmp_path / "x.db")
    return str(request.getfixturevalue("database"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where an archive file may be made."""
    return tmp_path / "x.db"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


class Frames:
    """Builds frames of a session with one connection: ``frames.one(3)``, ``frames.some(5, after=3)``."""

    opened = ConnectionOpened(1, "wss://example.test/ws", 1_700_000_000_000_000, 0)
    closed = ConnectionClosed(1, 1_700_000_000_900_000, 900_000, 1000, "bye", Side.SERVICE, "closed")

    @staticmethod
    def one(number: int, payload: bytes | None = None, **changes: object) -> RecordedFrame:
        """Frame ``number``."""
        plain = RecordedFrame(
            number=number,
            connection=1,
            index=number - 1,
            sender=Side.SERVICE if number % 2 else Side.CLIENT,
            at_us=1_700_000_000_000_000 + number,
            offset_us=number * 10,
            opcode=1,
            fin=True,
            rsv=0,
            payload=b'{"frame":%d}' % number if payload is None else payload,
            head=b"\x81\x0b",
        )
        return plain._replace(**changes)

    def some(self, count: int, *, after: int = 0) -> list[RecordedFrame]:
        """Frames ``after`` + 1 to ``after`` + ``count``."""
        return [self.one(number) for number in range(after + 1, after + count + 1)]


@pytest.fixture
def frames() -> Frames:
    return Frames()


@pytest.fixture(scope="session")
def all_frames() -> Frames:
    """The same for a fixture that lives longer than one test."""
    return Frames()


Begin = Callable[..., Intake]


@pytest.fixture
def begin(clock: VirtualClock) -> Begin:
    """Begin a session in an archive that is open for writing, secrets kept, by the virtual clock."""

    def begin_session(archive: Archive, **changes: object) -> Intake:
        options = {"keep_secrets": True}
        options |= {
            each.name: changes.pop(each.name) for each in fields(IntakeOptions) if each.name in changes
        }
        usual = {"source": "client", "started_at_us": 1_700_000_000_000_000, "clock": clock}
        return archive.begin_session(**{**usual, **changes}, options=IntakeOptions(**options))

    return begin_session
