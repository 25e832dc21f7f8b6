"""Ids go into a block as places and come out as they were, whatever else stands in it."""

from __future__ import annotations

import pytest

from recorder.report.session_page.id_references import IdReferences

IDS = [
    "9a45a3c6-4cb0-c399-fee1-d63a2850c557",
    None,
    "consumer.1234",
    "short",
    "jörg-jörg-jörg",
    "consumer.1234",
]


def put_back(data: bytes) -> bytes:
    """What the page does."""
    found = b""
    while (at := data.find(2)) >= 0:
        place = int.from_bytes(data[at + 1 : at + 3], "big")
        found += data[:at] + (b"\x02" if place == 0xFFFF else IDS[place].encode())
        data = data[at + 3 :]
    return found + data


@pytest.mark.parametrize(
    ("data", "shortened"),
    [
        pytest.param(
            b'{"dialogId":"9a45a3c6-4cb0-c399-fee1-d63a2850c557"}', b'{"dialogId":"\x02\0\0"}', id="dialog"
        ),
        pytest.param(b"consumer.1234,consumer.1234", b"\x02\0\2,\x02\0\2", id="twice, at its first place"),
        pytest.param(
            b"xconsumer.1234 short", b"xconsumer.1234 short", id="a part of a word is none, nor a short id"
        ),
        pytest.param(b"\x02\0\0\x02", b"\x02\xff\xff\0\0\x02\xff\xff", id="bytes like a reference"),
        pytest.param(b"\x02consumer.1234\xff", b"\x02\xff\xff\x02\0\2\xff", id="behind such a byte"),
        pytest.param("jörg-jörg-jörg".encode(), "jörg-jörg-jörg".encode(), id="only ASCII"),
        pytest.param(b"", b"", id="nothing"),
    ],
)
def test_ids_become_places_and_come_back(data, shortened):
    assert IdReferences(IDS).shortened(data) == shortened
    assert put_back(shortened) == data


def test_an_id_beyond_two_bytes_stays():
    ids = [f"participant-{number}" for number in range(0x10000)]
    references = IdReferences(ids)
    assert references.shortened(ids[0xFFFE].encode()) == b"\x02\xff\xfe"
    assert references.shortened(ids[0xFFFF].encode()) == ids[0xFFFF].encode()
