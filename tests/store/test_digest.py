"""Two different frames never have the same bytes, so a digest over them proves what was there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.store.digest import Digest, canonical
from recorder.wire.frames import CompressedPayload, Side
from recorder.wire.records import RecordedFrame

FRAMES = st.builds(
    RecordedFrame,
    number=st.integers(1, 3),
    connection=st.just(1),
    index=st.integers(0, 2),
    sender=st.sampled_from(Side),
    at_us=st.sampled_from([None, 0, 1]),
    offset_us=st.sampled_from([None, 0, 1]),
    opcode=st.integers(0, 2),
    fin=st.booleans(),
    rsv=st.integers(0, 1),
    payload=st.sampled_from([b"", b"a", b"ab", b"b"]),
    head=st.sampled_from([None, b"", b"a", b"ab"]),
    violation=st.sampled_from([None, "", "a", "b"]),
    redacted=st.booleans(),
    compressed=st.none()
    | st.builds(
        CompressedPayload,
        length=st.integers(0, 2),
        digest=st.sampled_from([b"", b"a", b"ab"]),
        data=st.sampled_from([None, b"", b"a"]),
        withheld=st.sampled_from([None, "", "a"]),
    ),
)


@given(one=FRAMES, other=FRAMES)
def test_different_frames_have_different_bytes(one: RecordedFrame, other: RecordedFrame) -> None:
    """Unknown is not zero, and what ends the head cannot begin the payload."""
    assert (canonical(one) == canonical(other)) is (one == other)


@pytest.mark.parametrize("field", [name for name in RecordedFrame._fields if name != "connection"])
def test_every_field_counts(frames: Any, field: str) -> None:
    """Changed alone, each changes the bytes."""
    changed = {
        "sender": Side.CLIENT,
        "head": None,
        "payload": b"",
        "violation": "v",
        "at_us": 1,
        "fin": False,
        "compressed": CompressedPayload(1, b"d"),
    }
    plain = frames.one(1)
    other = plain._replace(**{field: changed.get(field, 3 if field != "redacted" else True)})
    assert canonical(plain) != canonical(other)


def test_the_bytes_are_as_documented(frames: Any) -> None:
    """Other programs may want to check an archive too: this must never change unnoticed."""
    frame = frames.one(2, b"hi", violation="é", at_us=None)
    assert canonical(frame).hex() == (
        "0000000000000002" "0000000000000001" "00" "2d" "01" "00"
        "0000000000000000" "0000000000000014" "00000002" "00000002" "0000000000000002"
        "810b" "c3a9" "6869"
    )  # fmt: skip


def test_the_bytes_of_a_compressed_frame_are_as_documented(frames: Any) -> None:
    """What an archive of before had no place for stands behind what it had, and only where it is known."""
    frame = frames.one(2, b"hi", compressed=CompressedPayload(9, b"\1\2", b"z", "no"))
    plain = canonical(frames.one(2, b"hi")).hex()
    assert canonical(frame).hex() == (
        plain[:34] + "75" + plain[36:104]
        + "0000000000000009" "03" "00000002" "00000002" "0000000000000001" "0102" "6e6f" "7a"
        + plain[104:]
    )  # fmt: skip


def test_the_order_of_frames_counts(frames: Any) -> None:
    """And the piece stored beside a frame begins the digest up to there."""
    one, other = Digest(), Digest()
    for number in (1, 2):
        (chain,) = one.add([frames.one(number)])
    for number in (2, 1):
        other.add([frames.one(number)])
    assert one.value() != other.value()
    assert chain.to_bytes(4, "big", signed=True) == one.value()[:4]
    assert (one.count, one.at_us) == (2, frames.one(2).at_us)
