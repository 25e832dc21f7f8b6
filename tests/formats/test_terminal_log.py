"""Logs of terminals: who sent what, in several lines, between escape sequences, and how it ended."""

from __future__ import annotations

import pytest

from recorder.formats.capture_file import opened
from recorder.formats.terminal_log import WSCAT, shown_line
from recorder.wire.frames import Opcode, Side
from recorder.wire.records import ConnectionClosed, ConnectionOpened, RecordedFrame

CONNECTED = "Connected (press CTRL+C to quit)\n"
WSDUMP = "Press Ctrl+C to quit\n"
C, S = Side.CLIENT, Side.SERVICE


def records(path, content, said=None):
    path.write_text(content)
    with opened(path) as file:
        return list(WSCAT.read(file, [].append if said is None else said.append))


def of(kind, found):
    return [record for record in found if isinstance(record, kind)]


def told(found):
    return [(frame.sender, frame.opcode, frame.payload) for frame in of(RecordedFrame, found)]


@pytest.mark.parametrize(
    ("content", "frames"),
    [
        pytest.param('> {"a":1}\n< {"b":2}\n', [(C, 1, b'{"a":1}'), (S, 1, b'{"b":2}')], id="plain"),
        pytest.param("> \n>\n> > \n< \n", [(S, 1, b"")], id="prompts are nothing"),
        pytest.param('< {\n  "b": 2\n}\n> x\n', [(S, 1, b'{\n  "b": 2\n}'), (C, 1, b"x")], id="lines"),
        pytest.param('< {"b": "lo\nng"}\n', [(S, 1, b'{"b": "long"}')], id="broken by the terminal"),
        pytest.param('< Received ping (data: "hi")\n> /pong hi\n> /ping\n',
                     [(S, Opcode.PING, b"hi"), (C, Opcode.PONG, b"hi"), (C, Opcode.PING, b"")], id="control"),
        pytest.param("\r\x1b[2K\x1b[3D\x1b[34m< x\x1b[39m\r\n\x1b[1G\x1b[0J> ab\x1b[5G\r\n",
                     [(S, 1, b"x"), (C, 1, b"ab")], id="escapes"),
        pytest.param("Script started on [x]\n> a\n\nScript done on 2026\n", [(C, 1, b"a")], id="script"),
    ],
)  # fmt: skip
def test_frames_of_wscat(tmp_path, content, frames):
    assert told(records(tmp_path / "f", CONNECTED + content)) == frames
    assert told(records(tmp_path / "f", content)) == frames  # without its first line, as one may copy it


def test_wsdump_tells_when_things_came_and_what_they_are(tmp_path):
    content = f"{WSDUMP}> one\n< 0.25: text: two\n< 1.5: ping: hi\n< 2e-05: text: x\n< 2.0: close: \n"
    found = records(tmp_path / "f", content)
    assert told(found) == [(C, 1, b"one"), (S, 1, b"two"), (S, 9, b"hi"), (S, 1, b"2e-05: text: x")]
    assert [frame.offset_us for frame in of(RecordedFrame, found)] == [None, 250_000, 1_500_000, None]
    (closed,) = of(ConnectionClosed, found)
    assert (closed.how, closed.closed_by, closed.offset_us) == ("closed", S, 2_000_000)


def test_wsdump_ends_with_an_empty_line(tmp_path):
    found = records(tmp_path / "f", f"{WSDUMP}> a\n< b\n< \n")
    assert told(found) == [(C, 1, b"a"), (S, 1, b"b")]
    assert [closed.how for closed in of(ConnectionClosed, found)] == ["closed"]


@pytest.mark.parametrize(
    ("shown", "frames"),
    [
        pytest.param('>\x1b[2K\x1b[E \x1b[34m< {"b":1}\x1b[39m\r\n> ', [(S, 1, b'{"b":1}')], id="before <"),
        pytest.param('> > {"a":1}\r\n', [(C, 1, b'{"a":1}')], id="before what was typed"),
        pytest.param('>  {"a":1}\r\n', [(C, 1, b'{"a":1}')], id="a blank more"),
        pytest.param('\x1b[2K\x1b[E\x1b[34m< text: {"b":1}\x1b[39m> \r\n> ', [(S, 1, b'{"b":1}')], id="end"),
        pytest.param("> > a\r\n<  b> \r\n", [(C, 1, b"> a"), (S, 1, b" b> ")], id="not around text"),
    ],
)  # fmt: skip
def test_a_prompt_of_wsdump_may_stand_anywhere_around_a_message(tmp_path, shown, frames):
    assert told(records(tmp_path / "f", f"{WSDUMP}{shown}")) == frames


@pytest.mark.parametrize(
    ("line", "ending"),
    [
        ('Disconnected (code: 4401, reason: "no")', (4401, "no", "closed", None)),
        ('Disconnected (code: 1005, reason: "")', (None, "", "closed", None)),
        ('Disconnected (code: 1006, reason: "")', (None, None, "lost", None)),
        ("error: read ECONNRESET", (None, None, "lost", "read ECONNRESET")),
    ],
)
def test_the_end_is_told(tmp_path, line, ending):
    (closed,) = of(ConnectionClosed, records(tmp_path / "f", f"{CONNECTED}> a\n{line}\n"))
    assert (closed.close_code, closed.close_reason, closed.how, closed.detail) == ending


def test_connections_follow_each_other_and_commands_tell_where_to(tmp_path):
    refused = "error: Unexpected server response: 401\n"
    content = (
        f"$ wscat -c wss://h/a -H 'x: y'\n{refused}$ wscat -P -c 'wss://h/b'\n{CONNECTED}> a\n"
        f'Disconnected (code: 1000, reason: "")\n$ exit\n{CONNECTED}> b\n'
    )
    found = records(tmp_path / "f", content)
    assert [(each.connection, each.url) for each in of(ConnectionOpened, found)] == [
        (1, "wss://h/a"), (2, "wss://h/b"), (3, "wss://h/b"),
    ]  # fmt: skip
    assert [(closed.connection, closed.how) for closed in of(ConnectionClosed, found)] == [
        (1, "refused"), (2, "closed"),
    ]  # fmt: skip
    assert [(frame.connection, frame.payload) for frame in of(RecordedFrame, found)] == [(2, b"a"), (3, b"b")]


def test_a_log_without_what_was_sent_is_remarked(tmp_path):
    said = []
    records(tmp_path / "f", f"{WSDUMP}< a\n", said)
    assert said == [
        f"{tmp_path / 'f'}: nothing in it was sent; what was typed is in a log only if a terminal showed it"
    ]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"a\r\n", b"a"),
        (b"\x1b[1G\x1b[0J> ab\x1b[5G\r\x1b[2K\x1b[3D\x1b[34m< x\x1b[39m", b"< x"),
        (b"\x1b]0;title\x07> a", b"> a"),
        (b"\x1b[2K\x1b[E\x1b[34m< x\x1b[39m", b"< x"),
        (b"\xff\xfe", b"\xff\xfe"),
    ],
)
def test_what_a_terminal_shows_of_a_line(line, shown):
    assert shown_line(line) == shown
