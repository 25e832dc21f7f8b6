"""Whether a session is complete, by its frames and the ends of its connections."""

from __future__ import annotations

import pytest

from recorder.store.completeness import COMPLETE, INTERRUPTED, REFUSED, SessionCompleteness
from recorder.wire.decoder import FrameDecoder
from recorder.wire.endings import BROKEN_OFF_BY_CLIENT
from recorder.wire.frames import Opcode, Side, encode
from recorder.wire.records import ConnectionClosed, RecordedFrame


def cut(sender, connection=1, size=7):
    decoder = FrameDecoder(sender)
    mask = b"abcd" if sender is Side.CLIENT else None
    decoder.feed(encode(Opcode.TEXT, b"0123456789", mask=mask)[:size])
    frame = decoder.end()
    return RecordedFrame(
        1, connection, 0, sender, 0, 0,
        frame.opcode, frame.fin, frame.rsv, frame.payload, frame.head, frame.violation,
    )  # fmt: skip


def end(how, detail=None, connection=1):
    return ConnectionClosed(connection, 0, 0, None, None, None, how, detail)


def told(*records):
    completeness = SessionCompleteness()
    for record in records:
        if isinstance(record, RecordedFrame):
            completeness.add_frame(record)
        else:
            completeness.add_end(record)
    return completeness


@pytest.mark.parametrize("how", ["closed", "lost", None])
@pytest.mark.parametrize("sender", Side)
@pytest.mark.parametrize("size", [1, 2, 7])
def test_a_frame_that_was_cut_short_is_missing_in_part_however_it_ended(how, sender, size):
    for records in ([cut(sender, size=size), end(how)], [end(how), cut(sender, size=size)]):
        completeness = told(*records)
        assert completeness.state(frames=1) == INTERRUPTED
        assert f"within a frame of the {sender} ({size} of " in completeness.problem


def test_a_frame_that_the_client_broke_off_on_purpose_is_all_there():
    ended = end("lost", BROKEN_OFF_BY_CLIENT)
    assert told(cut(Side.CLIENT), ended).state(frames=1) == COMPLETE
    assert told(cut(Side.SERVICE), ended).state(frames=1) == INTERRUPTED
    assert told(cut(Side.CLIENT), end("closed", connection=2)).state(frames=1) == INTERRUPTED


def test_a_connection_that_failed_on_our_side_lacks_what_came_on_it():
    assert told(end("closed"), end("failed", "too long", connection=2)).state(frames=3) == INTERRUPTED


@pytest.mark.parametrize("hows", [(), ("closed",), ("lost",), (None,), ("refused", "lost")])
def test_what_ended_between_frames_is_complete(hows):
    completeness = told(*(end(how, connection=number) for number, how in enumerate(hows, 1)))
    assert (completeness.problem, completeness.state(frames=3)) == (None, COMPLETE)
    assert completeness.state(frames=3, ended_well=False) == INTERRUPTED


def test_a_session_without_any_connection_that_came_about_was_refused():
    assert told(end("refused"), end("refused", connection=2)).state(frames=0) == REFUSED
    assert told(end("refused"), end("lost", connection=2)).state(frames=0) == COMPLETE
    assert told(end("refused")).state(frames=0, ended_well=False) == INTERRUPTED


def fragment(opcode, *, fin, sender=Side.SERVICE, connection=1):
    return RecordedFrame(1, connection, 0, sender, 0, 0, opcode, fin, 0, b"x")


@pytest.mark.parametrize("how", ["closed", "lost", None])
@pytest.mark.parametrize("sender", Side)
def test_a_payload_whose_last_fragment_never_came_is_missing_in_part(how, sender):
    begun = [fragment(Opcode.TEXT, fin=False, sender=sender)]
    for more, came in (
        ([], "1 frame"),
        ([fragment(Opcode.CONTINUATION, fin=False, sender=sender)], "2 frames"),
    ):
        completeness = told(*begun, *more, end(how))
        assert completeness.state(frames=3) == INTERRUPTED
        assert (
            f"within a payload of the {sender} ({came} of it came, and not the last)" in completeness.problem
        )


def test_fragments_that_all_came_are_complete_whatever_came_between_them():
    first, last = fragment(Opcode.BINARY, fin=False), fragment(Opcode.CONTINUATION, fin=True)
    between = [fragment(Opcode.PING, fin=True), fragment(Opcode.TEXT, fin=True, sender=Side.CLIENT)]
    assert told(first, *between, last, end("lost")).problem is None
    assert told(last, end("closed")).problem is None
    broken_off = fragment(Opcode.TEXT, fin=False, sender=Side.CLIENT)
    assert told(broken_off, end("lost", BROKEN_OFF_BY_CLIENT)).problem is None


def test_a_session_that_was_never_let_in_is_refused_unless_something_is_missing():
    assert told(end("closed")).state(frames=1, let_in=False) == REFUSED
    assert told(end("closed")).state(frames=1, ended_well=False, let_in=False) == INTERRUPTED
    assert told(cut(Side.SERVICE), end("lost")).state(frames=1, let_in=False) == INTERRUPTED
