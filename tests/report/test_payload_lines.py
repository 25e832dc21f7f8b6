"""Payloads and control frames as people watch them."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.report.payload_lines import LONGEST_FORMATTED, formatted_json, payload_lines
from recorder.wire.frames import Opcode, Side
from recorder.wire.payloads import Payload

AT_US = 1_795_759_524_639_000


class Columns(io.StringIO):
    """A terminal of so many columns, by COLUMNS."""

    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    def lines(data, *, opcode=Opcode.TEXT, sender=Side.SERVICE, columns=60, colour=False):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("FORCE_COLOR", raising=False)
        monkeypatch.setenv("NO_COLOR", "" if colour else "1")
        return payload_lines(Columns(), Payload(1, 1, 1, sender, AT_US, 0, opcode, data))

    return lines


def test_time_side_and_text_are_one_line(shown):
    assert shown(b"hello", sender=Side.CLIENT) == "06:05:24.639 > hello\n"
    assert shown(b"hello") == "06:05:24.639 < hello\n"


@pytest.mark.parametrize(
    ("opcode", "data", "words"),
    [
        (Opcode.BINARY, b"\x00\xff", "00 ff"),
        (Opcode.PING, b"", "ping"),
        (Opcode.PONG, b"a\x1b", "pong a\\x1b"),
    ],
)
def test_other_opcodes_are_named_or_in_hex(shown, opcode, data, words):
    assert shown(data, opcode=opcode) == f"06:05:24.639 < {words}\n"


def test_json_that_fits_is_one_line_and_other_json_is_laid_out(shown):
    text = b'{"kind":"resp","body":{"a":[1,2.50,true],"a":1E400},"none":{}}'
    assert shown(text, columns=120).count("\n") == 1
    assert shown(text, columns=72) == (
        "06:05:24.639 < {\n"
        '                 "kind": "resp",\n'
        '                 "body": {"a": [1, 2.50, true], "a": 1E400},\n'
        '                 "none": {}\n'
        "               }\n"
    )


def test_on_a_narrow_terminal_json_stands_below_the_time(shown):
    text = b'{"kind":"resp","body":{"a":[1,2.50,true],"a":1E400},"none":{}}'
    assert shown(text, columns=40) == (
        "06:05:24.639 <\n"
        "  {\n"
        '    "kind": "resp",\n'
        '    "body": {\n'
        '      "a": [1, 2.50, true],\n'
        '      "a": 1E400\n'
        "    },\n"
        '    "none": {}\n'
        "  }\n"
    )
    assert shown(b'{"a": 1}', columns=40) == '06:05:24.639 < {"a": 1}\n'
    assert shown(b"", columns=40) == "06:05:24.639 <\n"


def test_keys_and_values_have_colours(shown):
    assert shown(b'{"key": "text", "number": -1.5e3, "null": null}', columns=200, colour=True) == (
        "\x1b[2m06:05:24.639\x1b[0m \x1b[36m<\x1b[0m "
        '{\x1b[36m"key"\x1b[0m: \x1b[32m"text"\x1b[0m, \x1b[36m"number"\x1b[0m: \x1b[33m-1.5e3\x1b[0m,'
        ' \x1b[36m"null"\x1b[0m: \x1b[33mnull\x1b[0m}\n'
    )


def test_nothing_of_a_payload_acts_on_the_terminal(shown):
    for data in (b'{"a": "\x9b\xc2\x9b"}', '{"a": "\u202e\x7f"}'.encode(), b"\x1b[2J", b'["\x7f"'):
        text = shown(data, columns=20)
        assert all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize(
    "text", ["", "{", "x", '"text"', "[" * 5000, '{"a" 1}', f"[{'1,' * LONGEST_FORMATTED}1]"]
)
def test_what_is_not_laid_out_stands_as_it_came(text):
    assert formatted_json(text, 80) == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda item: st.lists(item) | st.dictionaries(st.text(), item),
    ).filter(lambda value: isinstance(value, list | dict)),
    st.integers(1, 80),
)
def test_the_lines_are_the_same_json(value, width):
    text = json.dumps(value)
    lines = formatted_json(text, width)
    assert json.loads("\n".join(lines)) == value
