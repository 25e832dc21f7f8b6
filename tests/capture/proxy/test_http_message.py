"""Where an HTTP message ends, however it is chopped."""

import gzip
import itertools
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.capture.proxy.http_message import NotHttp, decoded, request_reader, response_reader

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = (
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;ext=1\r\nhello\r\n1\r\n!\r\n0\r\nX-Trailer: y\r\n\r\n"
)
COUNTED = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nhello!"


@pytest.mark.parametrize(("message", "body"), [(GET, b""), (CHUNKED, b"hello!"), (COUNTED, b"hello!")])
@given(cuts=st.lists(st.integers(0, 200)), after=st.binary(max_size=20))
def test_what_follows_a_message_is_left_to_the_caller(message, body, cuts, after):
    """The bytes taken are the message, in however many pieces it came, and its body is read."""
    data, reader, taken = message + after, request_reader(), 0
    places = sorted({0, *(min(cut, len(data)) for cut in cuts), len(data)})
    for start, end in itertools.pairwise(places):
        taken += reader.feed(data[start:end])
    assert taken == len(message)
    assert reader.ended
    assert reader.keeps_alive
    assert (bytes(reader.body), reader.size) == (body, len(body))


@pytest.mark.parametrize(
    ("method", "answer", "ended", "keeps_alive"),
    [
        pytest.param("GET", b"HTTP/1.1 204 No\r\n\r\n", True, True, id="no-content"),
        pytest.param("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", True, True, id="head"),
        pytest.param("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", False, False, id="incomplete"),
        pytest.param("GET", b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 304 N\r\n\r\n", True, True, id="after-interim"),
        pytest.param(
            "GET", b"HTTP/1.1 304 N\r\nConnection: close\r\n\r\n", True, False, id="closes-the-connection"
        ),
        pytest.param("GET", b"HTTP/1.0 304 N\r\n\r\n", True, False, id="old-version"),
    ],
)
def test_a_response_ends_as_its_head_says(method, answer, ended, keeps_alive):
    reader = response_reader(method)
    reader.feed(answer)
    assert (reader.ended, reader.keeps_alive) == (ended, keeps_alive)


def test_a_response_without_a_length_ends_with_the_stream():
    reader = response_reader("GET")
    reader.feed(b"HTTP/1.1 200 OK\r\n\r\nsome")
    assert not reader.ended
    reader.feed_end()
    assert reader.ended
    assert not reader.keeps_alive
    assert bytes(reader.body) == b"some"


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", b"HTTP/1.1 2"])
def test_a_response_that_is_cut_short_is_none(begin):
    reader = response_reader("GET")
    reader.feed(begin)
    with pytest.raises(NotHttp):
        reader.feed_end()


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x00", b"220 smtp ready\r\n\r\n", b"HTTP/3.0 x\r\n\r\n"])
def test_what_is_no_http_is_said_to_be_none(data):
    with pytest.raises(NotHttp):
        response_reader("GET").feed(data + b"\r\n\r\n")


def test_only_the_beginning_of_a_long_body_is_kept():
    reader = response_reader("GET", keep=4)
    reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789")
    assert (bytes(reader.body), reader.size) == (b"0123", 10)


@pytest.mark.parametrize(
    ("body", "encodings", "plain"),
    [
        pytest.param(b"abc", (), b"abc", id="none"),
        pytest.param(b"abc", ("identity",), b"abc", id="identity"),
        pytest.param(gzip.compress(b"abc"), ("gzip",), b"abc", id="gzip"),
        pytest.param(zlib.compress(b"abc"), ("Deflate",), b"abc", id="deflate"),
        pytest.param(gzip.compress(b"abc" * 9000)[:40], ("x-gzip",), b"abc", id="cut-off"),
        pytest.param(gzip.compress(b"a" * 10**6), ("gzip",), b"aaaaaaaa", id="bomb"),
        pytest.param(b"abc", ("br",), None, id="unknown"),
        pytest.param(b"abc", ("gzip",), None, id="not-what-it-says"),
    ],
)
def test_a_body_is_decoded_as_far_as_it_is_there(body, encodings, plain):
    found = decoded(body, encodings, limit=8)
    assert found is None if plain is None else found is not None and found[: len(plain)] == plain
    assert found is None or len(found) <= 8
