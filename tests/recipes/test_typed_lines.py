"""What is typed at the prompt, and what is sent for it."""

from __future__ import annotations

import pytest

from recorder.capture.interactive import ControlRequest
from recorder.errors import InputUnusable
from recorder.recipes import TYPED_COMMANDS, requests_of
from recorder.wire.frames import Opcode


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("hello", ["hello"]),
        ("  ", []),
        (" a ", [" a "]),
        ("a\n\nb", ["a", "b"]),
        ('{"a":\n1}', ['{"a":\n1}']),
        ('{"a": 1}\n{"a": 2}', ['{"a": 1}', '{"a": 2}']),
        ('{"a":\n1}\n\n[2,\n3]\n', ['{"a":\n1}', "[2,\n3]"]),
        ('{"a":\n1} {"b": 2}', ['{"a":', '1} {"b": 2}']),
        ('{"a":\n1}\nb', ['{"a":', "1}", "b"]),
        ("//ping", ["/ping"]),
        ("/ping", [ControlRequest(Opcode.PING, b"")]),
        ("/pong  ä ", [ControlRequest(Opcode.PONG, "ä".encode())]),
        ("/close", [ControlRequest(Opcode.CLOSE, b"\x03\xe8")]),
        ("/close 4000 that is all", [ControlRequest(Opcode.CLOSE, b"\x0f\xa0that is all")]),
    ],
)
def test_what_is_sent(typed, sent):
    assert list(requests_of(typed)) == sent


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("/quit", "there is no command /quit"),
        ("/", "there is no command /"),
        ("/close 1005", "1005 is no code that may be sent"),
        ("/close soon", "soon is no code"),
        ("/close ٤٠٠٠", "is no code"),
        ("/close 1000 " + "x" * 124, "at most 125 bytes"),
        ("/ping " + "x" * 126, "at most 125 bytes"),
    ],
)
def test_what_cannot_be_sent_is_told(typed, says):
    with pytest.raises(InputUnusable, match=says):
        list(requests_of(typed))


def test_every_command_is_listed():
    assert {command.split()[0] for command in TYPED_COMMANDS} >= {"/ping", "/pong", "/close", "/help"}
