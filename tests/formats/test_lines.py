"""One line of a file: found, read, checked, and blamed by number."""

from io import BytesIO

import pytest

from recorder.errors import BadCapture
from recorder.formats import lines as room
from recorder.formats.lines import JsonLine, read_lines, without_blanks


def test_lines_are_yielded_unchanged() -> None:
    assert list(read_lines(BytesIO(b"a\n\nb\r\nc"), file="f")) == [b"a\n", b"\n", b"b\r\n", b"c"]


def test_a_line_that_is_too_long_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is made small: 64 MiB would only make the test slow."""
    monkeypatch.setattr(room, "LINE_LIMIT", 8)
    stream = BytesIO(b"1234567\n" + b"x" * 1000)
    found = read_lines(stream, file="f.jsonl")
    assert next(found) == b"1234567\n"
    with pytest.raises(BadCapture, match=r"^f\.jsonl, line 2: the line is longer than"):
        next(found)
    assert stream.tell() == 17


def test_a_line_that_is_too_long_is_refused_from_any_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LINE_LIMIT", 8)
    assert without_blanks(b"12345678", file="f", number=5) == b"12345678"
    with pytest.raises(BadCapture, match="line 5: the line is longer"):
        without_blanks(b"123456789", file="f", number=5)


def test_a_byte_order_mark_is_taken_off_the_first_line_only() -> None:
    assert without_blanks(b"\xef\xbb\xbf{}\r\n", file="f", number=1) == b"{}"
    assert without_blanks(b"\xef\xbb\xbf{}", file="f", number=2) == b"\xef\xbb\xbf{}"


@pytest.mark.parametrize(
    ("beginning", "says"),
    [
        pytest.param('{"a":1}'.encode("utf-16"), "f: it is UTF-16; save it as UTF-8", id="UTF-16 with mark"),
        pytest.param('{"a":1}'.encode("utf-16-le"), "f: it is UTF-16; save it as UTF-8", id="UTF-16 LE"),
        pytest.param('{"a":1}'.encode("utf-16-be"), "f: it is UTF-16; save it as UTF-8", id="UTF-16 BE"),
        pytest.param(b"\x1f\x8b\x08", "f: it is compressed by gzip; unpack it first", id="gzip"),
        pytest.param(b"PK\x03\x04", "f: it is a zip file; unpack it first", id="zip"),
        pytest.param(
            b"SQLite format 3\0", "f: it is an archive, not a capture; give it with --archive", id="archive"
        ),
    ],
)
def test_other_kinds_of_files_are_called_by_their_name(beginning: bytes, says: str) -> None:
    with pytest.raises(BadCapture) as told:
        without_blanks(beginning, file="f", number=1)
    assert str(told.value) == says


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param(b"{", "the line is not JSON: ", id="cut off"),
        pytest.param(b'{"a":1,}', "the line is not JSON: ", id="trailing comma"),
        pytest.param(b'{"a":NaN}', "the line is not JSON: ", id="NaN"),
        pytest.param(b"{}{}", "the line is not JSON: unexpected content", id="two objects"),
        pytest.param(b"[1]", "the line is JSON, but not an object", id="array"),
        pytest.param(b"null", "the line is JSON, but not an object", id="null"),
        pytest.param(b'{"a":"\xff"}', "the line is not UTF-8", id="bad UTF-8"),
        pytest.param(b'{"a":"\\ud800"}', "a \\u escape stands for half a character", id="high surrogate"),
        pytest.param(b'{"a":"\\udc00x"}', "a \\u escape stands for half a character", id="low surrogate"),
        pytest.param(b'{"\\ud800\\u0041":1}', "a \\u escape stands for half a character", id="in a key"),
        pytest.param(b'{"a":' + b"[" * 3000, "the line is nested too deeply", id="depth"),
    ],
)
def test_a_line_that_is_no_object_says_why_and_where(line: bytes, problem: str) -> None:
    with pytest.raises(BadCapture) as told:
        JsonLine("f", 3, line)
    assert str(told.value).startswith(f"f, line 3: {problem}")
    assert told.value.line == 3


def line(fields: bytes) -> JsonLine:
    return JsonLine("f", 1, fields)


def test_every_key_that_is_absent_or_null_is_none() -> None:
    for fields in (b"{}", b'{"k":null}'):
        one = line(fields)
        assert one.text("k") is one.integer("k", 0, 1) is one.boolean("k") is None
        assert one.time_us("k") is one.base64("k") is one.choice("k", ("a",)) is None
        assert one.headers("k") == ()
        assert not one.has_value("k")
    assert line(b'{"k":null}').has("k")
    assert not line(b"{}").has("k")


def test_values_of_the_right_kind_are_read() -> None:
    one = line(
        b'{"t":"x","n":3,"f":false,"m":"2017-02-18T22:04:01.507Z","b":"/wA=","e":"","h":[["A","1"],["A","2"]],'
        b'"o":{"B":"3"}}'
    )
    assert (one.text("t"), one.integer("n", 3, 3), one.boolean("f")) == ("x", 3, False)
    assert one.time_us("m") == 1487455441507000
    assert (one.base64("b"), one.base64("e")) == (b"\xff\x00", b"")
    assert one.headers("h") == (("A", "1"), ("A", "2"))
    assert one.headers("o") == (("B", "3"),)


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        pytest.param("text", b"1", '"k" has to be a string', id="number for a string"),
        pytest.param("whole", b"true", '"k" has to be a whole number from 0 to 15', id="true is no number"),
        pytest.param("whole", b"1.0", '"k" has to be a whole number from 0 to 15', id="nor a fraction"),
        pytest.param("whole", b"16", '"k" has to be a whole number from 0 to 15', id="too high"),
        pytest.param("whole", b"-1", '"k" has to be a whole number from 0 to 15', id="too low"),
        pytest.param("whole", b"1" * 30, '"k" has to be a whole number from 0 to 15', id="30 digits"),
        pytest.param("flag", b"1", '"k" has to be true or false', id="1 is not true"),
        pytest.param("moment_us", b'"noon"', '"k" is no time', id="no time"),
        pytest.param("moment_us", b"5", '"k" is no time', id="number before 1973"),
        pytest.param("moment_us", b"-1487455441507", '"k" is no time', id="negative number"),
        pytest.param("moment_us", b'"9999999999999.000000s since 1970"', '"k" is no time', id="too far"),
        pytest.param("base64", b'"QQ"', '"k" is not base64', id="padding"),
        pytest.param("base64", b'"-_-_"', '"k" is not base64', id="URL-safe alphabet"),
        pytest.param("base64", '"é"'.encode(), '"k" is not base64', id="not ASCII"),
        pytest.param("headers", b'"A: 1"', '"k" has to be a list of', id="headers as text"),
        pytest.param("headers", b'[["A"]]', '"k" has to be a list of', id="half a pair"),
        pytest.param("headers", b'["AB"]', '"k" has to be a list of', id="a string of two"),
        pytest.param("headers", b'{"A":1}', '"k" has to be a list of', id="number for a value"),
        pytest.param("choice", b'"c"', '"k" has to be one of a, b, not "c"', id="choice"),
    ],
)
def test_values_of_the_wrong_kind_are_named(kind: str, value: bytes, problem: str) -> None:
    one = line(b'{"k":' + value + b"}")
    read = {
        "text": one.text,
        "whole": lambda key: one.integer(key, 0, 15),
        "flag": one.boolean,
        "moment_us": one.time_us,
        "base64": one.base64,
        "headers": one.headers,
        "choice": lambda key: one.choice(key, ("a", "b")),
    }[kind]
    with pytest.raises(BadCapture) as told:
        read("k")
    assert told.value.problem.startswith(problem)


@pytest.mark.parametrize(
    ("value", "at_us"),
    [
        (b"1487455441", 1487455441000000),
        (b"1487455441.507", 1487455441507000),
        (b"1487455441507", 1487455441507000),
        (b"1487455441507000", 1487455441507000),
        (b"1487455441507000999", 1487455441507000),
    ],
)
def test_a_number_is_a_time_of_the_epoch_in_the_unit_its_size_tells(value: bytes, at_us: int) -> None:
    assert line(b'{"k":' + value + b"}").time_us("k") == at_us
