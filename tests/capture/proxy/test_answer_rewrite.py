"""The answer to a lookup, rewritten when it is whole."""

import gzip
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.capture.proxy.answer_rewrite import LONGEST_ANSWER, AnswerRewriter
from recorder.capture.proxy.http_message import response_reader

BODY = b'{"service":"idp","baseURI":"idp.example"}'
NEW = b'{"service":"idp","baseURI":"127.0.0.1:9002"}'


def rewritten(raw, cuts=(), said=None):
    said = [] if said is None else said
    reader, rewriter = (
        response_reader("GET", keep=LONGEST_ANSWER),
        AnswerRewriter(lambda named: "127.0.0.1:9002", said.append),
    )
    out, places = b"", sorted({0, *(min(cut, len(raw)) for cut in cuts), len(raw)})
    for begin, end in itertools.pairwise(places):
        piece = raw[begin:end]
        out += rewriter.feed(piece[: reader.feed(piece)], reader)
    return out


def answer(body, *headers, status=b"200 OK"):
    head = b"".join(b"%s\r\n" % header for header in headers)
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n" % (status, len(body), head) + body


@given(cuts=st.lists(st.integers(0, 200), max_size=6))
def test_an_answer_is_rewritten_however_it_is_chopped(cuts):
    expected = b"HTTP/1.1 200 OK\r\nX-Odd:  y\r\nContent-Length: 44\r\n\r\n" + NEW
    assert rewritten(answer(BODY, b"X-Odd:  y"), cuts) == expected


def test_an_answer_in_chunks_or_compressed_becomes_a_plain_one():
    expected = b"HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n" + NEW
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (
        len(BODY),
        BODY,
    )
    assert rewritten(chunked) == expected
    assert rewritten(answer(gzip.compress(BODY), b"Content-Encoding: gzip")) == expected


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        pytest.param(answer(BODY, status=b"404 Not Found"), None, id="refusal"),
        pytest.param(
            answer(BODY, b"Content-Encoding: br"), "its encoding cannot be read (br)", id="encoding"
        ),
        pytest.param(answer(b"no address here"), "it names no address", id="no-address"),
        pytest.param(answer(b""), None, id="empty"),
        pytest.param(answer(BODY + b" " * LONGEST_ANSWER), "it is longer than", id="too-long"),
    ],
)
def test_what_is_not_rewritten_goes_on_as_it_came(raw, why):
    said = []
    assert rewritten(raw, said=said) == raw
    assert said == [] if why is None else why in said[0]


def test_what_was_held_back_is_not_lost_when_the_answer_is_cut_short():
    rewriter, reader = AnswerRewriter(str, print), response_reader("GET")
    raw = answer(BODY)[:50]
    reader.feed(raw)
    assert rewriter.feed(raw, reader) == b""
    assert rewriter.give_up() == raw
    assert rewriter.feed(b"more", reader) == b"more"
