"""What somebody types at the prompt of ``recorder record``: texts, and commands that begin with a slash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from recorder.capture.interactive import ControlRequest
from recorder.errors import InputUnusable
from recorder.wire.frames import CloseCode, Opcode, may_be_sent

TYPED_COMMANDS: Final = {
    "/ping [TEXT]": "send a ping; its pong is shown",
    "/pong [TEXT]": "send a pong that nobody asked for",
    "/close [CODE [REASON]]": "send a Close frame, with 1000 if not given, and end",
    "//TEXT": "send a text that begins with a slash",
    "/help": "show this",
    "Ctrl-D": "no more texts: end when nothing has come for --linger",
    "Ctrl-C": "end now",
}
"""What can be typed besides texts, and what it does."""

_MOST_BYTES = 125  # RFC 6455 5.5: of a control frame


def requests_of(typed: str) -> Iterator[str | ControlRequest]:
    """What to send for a line, or for several that were pasted at once.

    Lines that are one JSON text together are sent as one, several such texts one after the other; others
    are sent line by line.

    Raises:
        InputUnusable: a command does not exist, or its arguments cannot be sent.
    """
    if "\n" in typed and not _is_json(typed):
        for text in _json_texts(typed) or typed.splitlines():
            yield from requests_of(text)
    elif typed.startswith("//"):
        yield typed[1:]
    elif typed.startswith("/"):
        yield _command(typed)
    elif typed.strip():
        yield typed


def _json_texts(pasted: str) -> list[str]:
    """The JSON texts that these lines are, if each begins on a line of its own; empty if they are none."""
    texts: list[str] = []
    rest = pasted
    while rest.strip():
        begin = len(rest) - len(rest.lstrip())
        try:
            _, end = json.JSONDecoder().raw_decode(rest, begin)
        except (ValueError, RecursionError):
            return []
        texts.append(rest[begin:end])
        rest = rest[end:].lstrip(" \t\r")
        if rest and not rest.startswith("\n"):
            return []
    return texts


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _command(typed: str) -> ControlRequest:
    name, _, rest = typed.partition(" ")
    rest = rest.strip()
    if name in ("/ping", "/pong"):
        opcode = Opcode.PING if name == "/ping" else Opcode.PONG
        return ControlRequest(opcode, _checked(name, rest.encode("utf-8", "surrogateescape")))
    if name == "/close":
        code, reason = _code_and_reason(rest)
        return ControlRequest(
            Opcode.CLOSE, _checked(name, code.to_bytes(2, "big") + reason.encode("utf-8", "surrogateescape"))
        )
    raise InputUnusable(
        f"there is no command {name}",
        hint=f"/help lists what there is; //{typed[1:]} sends it as a text",
    )


def _code_and_reason(written: str) -> tuple[int, str]:
    if not written:
        return CloseCode.NORMAL, ""
    code, _, reason = written.partition(" ")
    if not (code.isascii() and code.isdigit() and len(code) == 4 and may_be_sent(int(code))):
        raise InputUnusable(
            f"/close: {code} is no code that may be sent", hint="1000, 1001, or from 3000 to 4999"
        )
    return int(code), reason.strip()


def _checked(name: str, payload: bytes) -> bytes:
    if len(payload) > _MOST_BYTES:
        raise InputUnusable(f"{name}: a control frame carries at most {_MOST_BYTES} bytes")
    return payload
