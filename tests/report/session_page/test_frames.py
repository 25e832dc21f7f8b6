"""The frames of a page: their bytes, what they prove, and what each is called."""

from __future__ import annotations

import gzip
import json

from recorder.messaging.events import Proof
from recorder.receipts.proofs import ProvenFact
from recorder.redaction.people import PeopleRedaction
from recorder.report.session_page import frames as module
from recorder.report.session_page.frames import GROUPS, FrameColumns
from recorder.report.session_page.id_references import IdReferences
from recorder.report.session_page.states import MessagePlaces
from recorder.wire.frames import Side
from recorder.wire.records import RecordedFrame

PLACES = MessagePlaces([("d", 2)], [0], ["d"], {("d", 2): 0})


def frame(number, payload=b"{}", *, opcode=1, client=False, **more):
    side = Side.CLIENT if client else Side.SERVICE
    return RecordedFrame(
        number, 1, number - 1, side, 1_000_000 + number, number, opcode, True, 0, payload, b"\x81\x02", **more
    )


def fact(kind, sentence="says so", *, status=None, sequence=None):
    dialog = None if sequence is None else "d"
    return ProvenFact(kind, sentence, Proof.ANNOUNCED, dialog, sequence, status=status)


def written(frames, proofs=(), redaction=None):
    columns = FrameColumns("0", PLACES, {4: 0}, redaction or PeopleRedaction(), IdReferences([]))
    blocks = list(columns.blocks(frames, proofs))
    data = [gzip.decompress(each.data) for each in blocks]
    return columns, [each.replace(b"\x02\xff\xff", b"\x02") for each in data]


def test_header_payload_and_proofs_stand_one_behind_the_other():
    columns, (data,) = written([frame(1, b'{"a":1}'), frame(2, b"xy")], [(1, fact("message", sequence=2))])
    head, size, proofs = (columns.columns.column(name) for name in ("head", "size", "proofs"))
    assert (list(head), list(size), proofs[1]) == ([2, 2], [7, 2], 0)
    assert data[:9] == b'\x81\x02{"a":1}'
    assert json.loads(data[9 : 9 + proofs[0]]) == [["says so", 3]]
    assert data[9 + proofs[0] :] == b"\x81\x02xy"


def test_a_frame_is_called_by_what_says_most():
    proofs = [
        (1, fact("request", 'a request ms.PublishEvent with id "7"')),
        (1, fact("receipt", status="READ", sequence=2)),
        (2, fact("request", 'a request ms.SubscribeMessagingEvents with id "8"')),
        (3, fact("answer", "200 in answer")),
    ]  # fmt: skip
    asked = b'{"kind":"req","id":"8","type":"ms.SubscribeMessagingEvents","body":{}}'
    answered = b'{"kind":"resp","reqId":"8","code":200,"type":"StringResp","body":{}}'
    frames = [frame(1), frame(2, asked, client=True), frame(3, answered), frame(4), frame(5, opcode=9)]
    columns, _ = written(frames, proofs)
    labels = [columns.labels.values[place] for place in columns.columns.column("label")]
    groups = [GROUPS[place] for place in columns.columns.column("group")]
    assert labels == ["READ", "SubscribeMessagingEvents", "SubscribeMessagingEvents → 200", "{}", "ping"]
    assert groups == ["receipt", "request", "answer", "other", "ping"]
    assert list(columns.columns.column("message")) == [1, 0, 0, 0, 0]


def test_long_sessions_have_several_blocks_that_begin_where_chunks_says(monkeypatch):
    monkeypatch.setattr(module, "CHUNK_FRAMES", 2)
    columns, data = written([frame(number, b"%d" % number) for number in range(1, 6)])
    assert columns.chunks == [1, 3, 5]
    assert [each.replace(b"\x81\x02", b" ") for each in data] == [b" 1 2", b" 3 4", b" 5"]


def test_an_empty_session_has_no_block():
    columns, data = written([])
    assert (columns.chunks, data) == ([], [])


def test_a_violation_and_a_redaction_are_told():
    columns, (data,) = written([frame(1, violation="reserved bit", redacted=True)])
    assert list(columns.columns.column("flags")) == [3]
    assert b"against RFC 6455: reserved bit" in data
    assert columns.replaced.secrets == 1


def test_the_texts_of_frames_can_be_left_out():
    _, (data,) = written([frame(1, b'{"message":"secret words"}')], redaction=PeopleRedaction({"text"}))
    assert b"secret words" not in data
