"""However a session is folded, in pieces or by several processes, the same comes out."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
from dataclasses import replace
from pathlib import Path

import pytest

from recorder.clock import RealClock
from recorder.receipts.fold import fold
from recorder.receipts.queries import view
from recorder.receipts.state import Transcript
from recorder.store.archive import Archive
from recorder.store.folding import Extent, SessionFold, collector_paused, fold_session, fold_shares
from recorder.store.info import ConnectionInfo
from recorder.store.projections import events_of
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionClosed, ConnectionOpened, RecordedFrame

DIALOGS = [f"dialog-{number}" for number in range(7)]


def notification(changes: object) -> dict[str, object]:
    body = {"changes": changes}
    return {"kind": "notification", "body": body, "type": "ms.MessagingEventNotification"}


def conversation(dialog: str, at: int) -> list[tuple[Side, object]]:
    """A consumer asks and is echoed (but only once answered); the agent writes, reads it, and is read."""
    body = {
        "dialogId": dialog,
        "event": {"type": "ContentEvent", "contentType": "text/plain", "message": "?"},
    }
    answer = {"sequence": 0}
    metadata = {"id": f"agent-{at % 3}", "role": "ASSIGNED_AGENT"}

    def told(sequence: int, event: object, who: str = f"agent-{at % 3}") -> tuple[Side, object]:
        change = {
            "sequence": sequence, "originatorId": who, "originatorMetadata": {**metadata, "id": who},
            "serverTimestamp": 1_700_000_000_000 + at, "event": event, "dialogId": dialog,
        }  # fmt: skip
        return Side.SERVICE, notification([change])

    return [
        (Side.CLIENT, {"kind": "req", "id": "1", "type": "ms.PublishEvent", "body": body}),
        (Side.SERVICE, {"kind": "resp", "reqId": "1", "code": 400 if at else 200, "body": answer}),
        told(0, body["event"], "consumer"),
        told(1, {"type": "ContentEvent", "contentType": "text/plain", "message": "!"}),
        told(2, {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0]}),
        told(3, {"type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [1, 9]}, "consumer"),
        (Side.SERVICE, notification(1)),
        (Side.CLIENT, {"kind": "req", "id": "2", "type": "ms.PublishEvent", "body": body}),
    ]  # fmt: skip


def frames() -> list[RecordedFrame]:
    said = [each for at, dialog in enumerate(DIALOGS * 3) for each in conversation(dialog, at)]
    return [
        RecordedFrame(
            number, 1, number - 1, sender, number, number, 1, True, 0,
            json.dumps(raw, separators=(",", ":")).encode(),
        )
        for number, (sender, raw) in enumerate(said, 1)
    ]  # fmt: skip


@pytest.fixture
def recorded(tmp_path: Path) -> str:
    where = str(tmp_path / "a.db")
    with Archive.open(where, mode="write") as archive:
        sink = archive.begin_session(source="client", started_at_us=0, clock=RealClock())
        sink([ConnectionOpened(1, "wss://example.test", 0, 0), *frames()])
        sink([ConnectionClosed(1, 999, 999, 1000, "", Side.CLIENT, "closed")])
        sink.finish(None)
    return where


def whole(where: str) -> Transcript:
    """The session, folded the plain way."""
    with Archive.open(where, mode="read") as archive:
        found = archive.find_session("last")
        return fold(events_of(archive.connections(found), archive.frames(found)))


def count_of_messages(transcript: Transcript) -> int:
    return sum(map(len, transcript.dialogs.values()))


def names_of_authors(transcript: Transcript) -> list[tuple[str | None, int | None, str | None, bool | None]]:
    return [(each.dialog_id, each.sequence, each.author, each.mine) for each in view(transcript)]


def still_open(extent: Extent) -> tuple[ConnectionInfo, ...]:
    """Its connections, before they ended."""
    return tuple(replace(each, how=None) for each in extent.connections)


def fails(transcript: Transcript) -> int:
    raise ValueError(f"no good: {len(transcript.dialogs)}")


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_more_processes_fold_the_same(recorded, jobs):
    assert fold_session(recorded, "last", jobs=jobs) == whole(recorded)


def test_every_dialog_is_folded_in_one_place_only(recorded):
    counts = fold_shares(recorded, "last", jobs=2, derive=count_of_messages)
    assert sum(counts) == count_of_messages(whole(recorded))
    assert min(counts) > 0


def test_every_share_knows_who_we_are(recorded):
    """A share whose own dialogs do not tell must not call our messages anybody's."""
    told = [
        each for share in fold_shares(recorded, "last", jobs=3, derive=names_of_authors) for each in share
    ]
    assert sorted(map(repr, told)) == sorted(map(repr, names_of_authors(whole(recorded))))


def test_catching_up_frame_by_frame_is_folding_at_once(recorded):
    kept = SessionFold()
    with Archive.open(recorded, mode="read") as archive:
        extent = Extent.now(archive, "last")
        going_on = extent._replace(connections=still_open(extent))
        for last in range(1, extent.last):
            assert kept.catch_up(archive, going_on._replace(last=last)) is kept.transcript
        assert kept.catch_up(archive, extent) == whole(recorded)
        assert kept.last == len(frames())


def test_catching_up_reads_only_what_is_new(recorded, monkeypatch):
    with Archive.open(recorded, mode="read") as archive:
        extent = Extent.now(archive, "last")
        kept = SessionFold()
        kept.catch_up(archive, extent._replace(connections=still_open(extent), last=extent.last - 1))
        read: list[int] = []
        skim = archive.skim
        monkeypatch.setattr(
            archive, "skim", lambda *a, **k: (read.append(frame[0]) or frame for frame in skim(*a, **k))
        )
        kept.catch_up(archive, extent)
    assert read == [extent.last]


def test_a_session_that_broke_off_and_goes_on_is_folded_anew(recorded):
    """What was told lost may be answered yet."""
    with Archive.open(recorded, mode="read") as archive:
        extent = Extent.now(archive, "last")
        kept = SessionFold()
        kept.catch_up(archive, extent._replace(last=1))
        assert [ask.lost for ask in kept.transcript.asks.values()] == [True]
        kept.catch_up(archive, extent._replace(connections=still_open(extent), last=1))
        assert [ask.lost for ask in kept.transcript.asks.values()] == [False]
        assert kept.catch_up(archive, extent) == whole(recorded)


def test_what_derive_raises_here_is_raised(recorded, capfd):
    with pytest.raises(ValueError, match="no good"):
        fold_shares(recorded, "last", jobs=2, derive=fails)


def dies_elsewhere(transcript: Transcript) -> int:
    if multiprocessing.parent_process() is not None:
        os._exit(9)
    return 0


def test_a_helper_that_dies_is_told_of(recorded):
    with pytest.raises(RuntimeError, match="ended with code 9"):
        fold_shares(recorded, "last", jobs=2, derive=dies_elsewhere)


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_afterwards_as_it_was(enabled):
    was_enabled = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with collector_paused():
            assert not gc.isenabled()
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()
