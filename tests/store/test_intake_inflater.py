"""A compressed payload carries no secret past the redactor: it is inflated first, or left out."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.clock import VirtualClock
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.store.intake_inflater import UNREADABLE, IntakeInflater
from recorder.wire.deflate import DOES_NOT_INFLATE
from recorder.wire.frames import CompressedPayload, Side
from recorder.wire.records import ConnectionOpened, HandshakeSeen, RecordedFrame

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjb25zdW1lci0xIn0.c2lnbmF0dXJlLW9mLTMyLWJ5dGVzLXh4eHh4eHg"
DEFLATE = (("Sec-WebSocket-Extensions", "permessage-deflate"),)
NO_TAKEOVER = (
    (
        "Sec-WebSocket-Extensions",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    ),
)
OTHER = (("Sec-WebSocket-Extensions", "x-other"),)
TAIL = b"\x00\x00\xff\xff"


def compressed(*payloads: bytes, takeover: bool = True, wbits: int = 15) -> list[bytes]:
    """Each payload as RFC 7692 has it compressed."""
    made, compressor = [], zlib.compressobj(9, wbits=-wbits)
    for payload in payloads:
        made.append((compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL))
        compressor = compressor if takeover else zlib.compressobj(9, wbits=-wbits)
    return made


def frame(payload: bytes, **changes: Any) -> RecordedFrame:
    """A frame of the service with the bit for compressed, unless changed."""
    plain = RecordedFrame(1, 1, 0, Side.SERVICE, 1, 1, 1, True, 4, payload)
    return plain._replace(**changes)


def inflater(headers: tuple[tuple[str, str], ...] | None, *, keeps_secrets: bool = False) -> IntakeInflater:
    made = IntakeInflater(keeps_secrets=keeps_secrets)
    if headers is not None:
        made.upgraded(1, headers)
    return made


@pytest.mark.parametrize("headers", [None, (), DEFLATE, OTHER])
@pytest.mark.parametrize("takeover", [True, False])
def test_a_compressed_payload_is_inflated_whether_or_not_anybody_says_how(
    headers: tuple[tuple[str, str], ...] | None, takeover: bool
) -> None:
    """With what stood on the wire beside it; those after it too, whether they build on it or not."""
    made = inflater(headers)
    for wire in compressed(b'{"kind":"req"}' * 3, b'{"kind":"req"}' * 3, takeover=takeover):
        read = made.readable(frame(wire))
        assert read.payload == b'{"kind":"req"}' * 3
        assert read.compressed == CompressedPayload(len(wire), sha256(wire).digest(), wire)


@pytest.mark.parametrize("headers", [None, DEFLATE])
def test_fragments_are_inflated_with_control_frames_between_them(
    headers: tuple[tuple[str, str], ...] | None,
) -> None:
    """A ping without reserved bits is none of its business, whatever is in it."""
    made = inflater(headers)
    [wire] = compressed(b"a text in pieces")
    first = made.readable(frame(wire[:4], fin=False))
    assert made.open_payloads
    ping = frame(b"\x00\x01\x02", opcode=9, rsv=0)
    assert made.readable(ping) is ping
    other_side = frame(b"\x00", opcode=0, rsv=0, sender=Side.CLIENT)
    assert made.readable(other_side) is other_side
    last = made.readable(frame(wire[4:], opcode=0, rsv=0))
    assert first.payload + last.payload == b"a text in pieces"
    assert not made.open_payloads


@pytest.mark.parametrize("headers", [None, (), OTHER])
@pytest.mark.parametrize("text", [b"x", b'{"kind":"req"}', "grüße\r\n".encode(), b"hello world" * 9])
def test_what_is_text_as_it_stands_stays(headers: tuple[tuple[str, str], ...] | None, text: bytes) -> None:
    """A peer that sets a bit by mistake is what one looks for with a recorder."""
    whole = frame(text)
    assert inflater(headers).readable(whole) is whole


@pytest.mark.parametrize(
    ("headers", "told", "why"),
    [
        pytest.param(DEFLATE, frame(b"text"), DOES_NOT_INFLATE, id="agreed-on"),
        pytest.param(None, frame(b"\xff\x00\x01"), UNREADABLE, id="nobody-knows"),
        pytest.param((), frame(b"\x01\x02\x03\x04"), UNREADABLE, id="control-letters"),
        pytest.param(OTHER, frame(b"\xff\xfe", rsv=2), UNREADABLE, id="another-extension"),
        pytest.param(DEFLATE, frame(b"\xff\xfe", rsv=1), UNREADABLE, id="another-bit"),
        pytest.param(DEFLATE, frame(b"\xff\xfe", opcode=9), UNREADABLE, id="a-ping"),
        pytest.param(None, frame(b"\x03\xe8\xff", opcode=8), UNREADABLE, id="a-close"),
        pytest.param(None, frame(b"\xff\xfe", opcode=3), UNREADABLE, id="a-reserved-opcode"),
        pytest.param(None, frame(b"~~~~", fin=False), UNREADABLE, id="a-few-letters-of-a-fragment"),
    ],
)
def test_what_cannot_be_read_is_withheld_and_says_so(
    headers: tuple[tuple[str, str], ...] | None, told: RecordedFrame, why: str
) -> None:
    read = inflater(headers).readable(told)
    assert read.payload == b""
    assert read.compressed is not None
    assert (read.compressed.length, read.compressed.withheld) == (len(told.payload), why)
    assert read.compressed.digest == sha256(told.payload).digest()


def test_where_secrets_are_kept_nothing_is_lost() -> None:
    """What cannot be read stays as it came; what can is inflated, its bytes beside it."""
    made = inflater(None, keeps_secrets=True)
    unreadable = frame(b"\xff\x00\x01")
    assert made.readable(unreadable) is unreadable
    [wire] = compressed(b"hello")
    read = made.readable(frame(wire))
    assert read.compressed is not None
    assert (read.payload, read.compressed.data) == (b"hello", wire)


def test_a_payload_that_builds_on_one_nobody_has_is_withheld_and_the_next_whole_one_is_not() -> None:
    """As in a capture that began in the middle."""
    made = inflater(None)
    missing = compressed(b"what came before " * 4, b"what came before " * 4)[1]
    assert made.readable(frame(missing)).payload == b""
    [whole] = compressed(b"by itself")
    assert made.readable(frame(whole)).payload == b"by itself"


# --- nothing of it is in the archive --------------------------------------------------------------------

INIT = json.dumps(
    {
        "kind": "req",
        "id": "1",
        "type": "InitConnection",
        "body": {"headers": [{"type": ".ams.h", "jwt": TOKEN}]},
    }
).encode()
MEANT = st.fixed_dictionaries(
    {
        "headers": st.sampled_from([None, (), DEFLATE, NO_TAKEOVER, OTHER]),
        "sender": st.sampled_from(Side),
        "opcode": st.sampled_from([1, 2]),
        "takeover": st.booleans(),
        "wbits": st.integers(9, 15),
        "before": st.lists(st.sampled_from([INIT, b"hello " * 20, b""]), max_size=2),
        "first_lost": st.booleans(),
        "cuts": st.lists(st.integers(1, 250), max_size=3),
    }
)


def frames_of(meant: dict[str, Any]) -> Iterator[RecordedFrame]:
    """Compressed frames of which the last payload holds the token; the first one may be missing."""
    payloads = [*meant["before"], INIT]
    wires = compressed(*payloads, takeover=meant["takeover"], wbits=meant["wbits"])
    for place, wire in enumerate(wires):
        if meant["first_lost"] and place == 0 and len(wires) > 1:
            continue
        bounds = [0, *sorted({cut for cut in meant["cuts"] if cut < len(wire)}), len(wire)]
        for begin, end in pairwise(bounds):
            yield frame(
                wire[begin:end],
                sender=meant["sender"],
                opcode=meant["opcode"] if begin == 0 else 0,
                rsv=4 if begin == 0 else 0,
                fin=end == len(wire),
            )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(meant=MEANT)
def test_no_compressed_secret_reaches_the_file(meant: dict[str, Any], tmp_path_factory: Any) -> None:
    """Nor eight bytes in a row of what stood on the wire: there is nothing to inflate."""
    folder: Path = tmp_path_factory.mktemp("planted")
    told = [each._replace(number=n, index=n - 1) for n, each in enumerate(frames_of(meant), start=1)]
    with Archive.open(folder / "x.db", mode="write") as archive:
        intake = archive.begin_session(source="jsonl", started_at_us=0, clock=VirtualClock(), session="s")
        intake([ConnectionOpened(1, None, 0, 0)])
        if meant["headers"] is not None:
            intake([HandshakeSeen(1, "GET / HTTP/1.1", (), 101, meant["headers"])])
        intake(told)
        content = b"".join(file.read_bytes() for file in folder.iterdir())
        stored = list(archive.frames("s"))
    content += b"".join(file.read_bytes() for file in folder.iterdir())
    assert TOKEN[-20:].encode() not in content
    for each in told:
        for at in range(len(each.payload) - 7):
            assert each.payload[at : at + 8] not in content
    assert all(each.compressed is not None for each in stored if each.payload == b"" or each.rsv)
    assert intake.withheld == sum(bool(each.compressed and each.compressed.withheld) for each in stored)
    builds_on_what_is_not_there = meant["headers"] == NO_TAKEOVER or (meant["first_lost"] and meant["before"])
    if not (meant["takeover"] and builds_on_what_is_not_there):
        assert not intake.withheld
        assert b"InitConnection" in b"".join(each.payload for each in stored)


def test_the_bytes_stay_where_secrets_are_kept(path: Path) -> None:
    """Inflated, so that the session can be read, and as they came, so that it can be proved."""
    [wire] = compressed(INIT)
    with Archive.open(path, mode="write") as archive:
        intake = archive.begin_session(
            source="jsonl",
            started_at_us=0,
            clock=VirtualClock(),
            session="s",
            options=IntakeOptions(keep_secrets=True),
        )
        intake([frame(wire)])
        (kept,) = archive.frames("s")
        assert kept.payload == INIT
        assert kept.compressed == CompressedPayload(len(wire), sha256(wire).digest(), wire)
