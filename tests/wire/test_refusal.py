"""The body of a refused upgrade: whole or in pieces, chunked or compressed."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.wire.frames import Side
from recorder.wire.handshake import HandshakeReader
from recorder.wire.records import BODY_LIMIT
from recorder.wire.refusal import RefusalReader
from recorder.wire.refusal_words import refusal_words

TEXT = b"no such account, try again"


def answer(headers: str, body: bytes) -> bytes:
    return f"HTTP/1.1 401 Unauthorized\r\n{headers}\r\n".encode() + body


def read(data: bytes, *, pieces: int = 1_000_000, ends: bool = False) -> RefusalReader:
    head = HandshakeReader(Side.SERVICE)
    reader: RefusalReader | None = None
    for at in range(0, len(data), pieces):
        piece: bytes | None = data[at : at + pieces]
        if reader is None:
            piece = head.feed(piece)
            if piece is None:
                continue
            reader = RefusalReader(head.raw, head.response().headers)
        if piece:
            reader.feed(piece)
    assert reader is not None
    if ends:
        reader.feed(b"")
    return reader


def deflated(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(data) + squeeze.flush()


CHUNKED = b"".join(b"%x;x=y\r\n%s\r\n" % (len(TEXT[at:][:7]), TEXT[at:][:7]) for at in range(0, len(TEXT), 7))
CASES = [
    pytest.param("Content-Length: 26\r\n", TEXT, TEXT, id="length"),
    pytest.param("Transfer-Encoding: chunked\r\n", CHUNKED + b"0\r\nX: y\r\n\r\n", TEXT, id="chunked"),
    pytest.param("Content-Length: 0\r\n", b"", b"", id="empty"),
    *[
        pytest.param(f"Content-Encoding: {name}\r\nContent-Length: {len(packed)}\r\n", packed, TEXT, id=name)
        for name, packed in (
            ("gzip", gzip.compress(TEXT)),
            ("X-GZip", gzip.compress(TEXT)),
            ("deflate", zlib.compress(TEXT)),
            ("Deflate", deflated(TEXT)),
            ("gzip, gzip", gzip.compress(gzip.compress(TEXT))),
            ("identity", TEXT),
        )
    ],
    pytest.param(
        "Content-Type: text/plain; charset=UTF-16LE\r\nContent-Length: 4\r\n",
        "né".encode("utf-16-le"),
        "né".encode(),
        id="charset",
    ),
    pytest.param("Content-Type: text/html\r\nContent-Length: 2\r\n", b"n\xe9", "né".encode(), id="old web"),
]  # fmt: skip


@pytest.mark.parametrize("pieces", [1_000_000, 7, 1])
@pytest.mark.parametrize(("headers", "body", "kept"), CASES)
def test_a_body_is_read_to_its_end_however_it_comes(headers, body, kept, pieces):
    reader = read(answer(headers, body), pieces=pieces)
    assert (reader.done, reader.body) == (True, kept)
    assert reader.size is not None


def test_a_body_without_a_length_ends_with_the_stream():
    assert not read(answer("", TEXT)).done
    reader = read(answer("", TEXT), ends=True)
    assert (reader.done, reader.body, reader.size) == (True, TEXT, len(TEXT))


@pytest.mark.parametrize(
    ("headers", "body", "kept"),
    [
        pytest.param("Content-Length: 99\r\n", TEXT, TEXT, id="cut short"),
        pytest.param("Transfer-Encoding: chunked\r\n", b"1a\r\n" + TEXT, TEXT, id="no last chunk"),
        pytest.param(
            "Content-Encoding: gzip\r\nContent-Length: 99\r\n",
            gzip.compress(TEXT * 99)[:60],
            TEXT[:9],
            id="half of what is compressed",
        ),
        pytest.param("Content-Length: 99\r\n", "né".encode()[:2], b"n", id="half a character"),
        pytest.param("Content-Length: 5\r\nContent-Length: 6\r\n", TEXT, TEXT, id="two lengths"),
        pytest.param("Transfer-Encoding: chunked\r\n", b"zz\r\n" + TEXT, TEXT, id="no chunk"),
    ],
)  # fmt: skip
def test_what_came_of_a_broken_body_is_kept(headers, body, kept):
    reader = read(answer(headers, body), ends=True)
    assert reader.done
    assert reader.size is None
    assert (reader.body or b"").startswith(kept)


def test_nobody_inflates_without_end_or_keeps_more_than_is_stored():
    bomb = gzip.compress(b"a" * 50_000_000)
    packed = read(answer(f"Content-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n", bomb), ends=True)
    assert len(packed.body or b"") == BODY_LIMIT + 1
    endless = read(answer("", b"a" * 1_000_000))
    assert (endless.done, endless.size, len(endless.body or b"")) == (True, None, BODY_LIMIT + 1)


def test_an_encoding_nobody_asked_for_is_left_out():
    assert read(answer("Content-Encoding: br\r\nContent-Length: 4\r\n", b"\x0b\x00a\x03")).body is None


@given(st.binary(max_size=300), st.integers(1, 40), st.booleans(), st.sampled_from(["", "gzip", "br"]))
def test_no_answer_raises(body, pieces, chunked, coding):
    headers = "Transfer-Encoding: chunked\r\n" if chunked else ""
    headers += f"Content-Encoding: {coding}\r\n" if coding else ""
    reader = read(answer(headers, body), pieces=pieces, ends=True)
    assert reader.done
    refusal_words((reader.body or b"").decode("utf-8", "replace"))
