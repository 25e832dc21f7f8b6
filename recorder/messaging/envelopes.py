"""The JSON object in a payload: request, response or notification. Parse once, here; dump, here.

Ids are compared as strings everywhere (the docs send 1 and answer "1"). Numbers are exact, of any size and
spelling (see ``exact_numbers``). Where a key stands twice in an object the last one counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson

from recorder.counted import counted

from .exact_numbers import loads_exact, may_be_rounded
from .shapes import BARE_TYPES, Shape, shapes_of
from .typenames import normal_type


class Request(NamedTuple):
    """A client asks. ``id`` is always a string here (the docs send 1 and answer "1").

    Attributes:
        id: the request's id as a string, None where it had none.
        type: the type in its v3 spelling ("ms.PublishEvent"), see ``normal_type``; "" where it had none.
        body: whatever stood there; None where nothing did.
        raw: the whole object as it came, unknown fields included.
        from_client: false for one that the service sent, which the protocol does not know.
        assumed: a sentence that says why it was read so, where it did not say itself what it is.
    """

    id: str | None
    type: str
    body: Any
    raw: dict[str, Any]
    from_client: bool = True
    assumed: str | None = None


class Response(NamedTuple):
    """The service answers. ``code`` follows HTTP; None where absent or not a number.

    The REST dialect writes the code as a word: "OK" is 200 here, and so on for HTTP's other names.
    """

    request_id: str | None
    type: str | None
    code: int | None
    body: Any
    raw: dict[str, Any]
    from_client: bool = False
    assumed: str | None = None


class Notification(NamedTuple):
    """The service tells, unasked. ``type`` is in its v3 spelling; "" where it had none."""

    type: str
    body: Any
    raw: dict[str, Any]
    from_client: bool = False
    assumed: str | None = None


class Unreadable(NamedTuple):
    """A payload that is no envelope. ``reason`` is a short stable name, ``detail`` a few words.

    Reasons: "not-utf8", "not-json", "too-deep", "not-an-object", "no-envelope", "ambiguous", "binary".
    """

    reason: str
    detail: str
    data: bytes


Envelope = Request | Response | Notification | Unreadable


def parse(data: bytes, *, from_client: bool, binary: bool = False) -> Envelope:
    """Read one payload. Never raises.

    ``kind`` decides what it is; where it is missing or unheard of, the fields and the side do.
    ``binary`` says that the payload came in binary frames, which the protocol does not use.
    """
    if binary:
        return Unreadable("binary", f"{counted(len(data), 'byte')} in a binary frame", data)
    try:
        raw = orjson.loads(data)
    except (ValueError, RecursionError) as problem:
        return _salvaged(data, str(problem), from_client=from_client)
    return envelope_of(raw, data, from_client=from_client)


def envelope_of(raw: Any, data: bytes, *, from_client: bool) -> Envelope:
    """What ``parse`` makes of a payload whose JSON was read already: ``raw`` is that of ``data``."""
    if may_be_rounded(data):
        with suppress(ValueError, RecursionError):
            raw = loads_exact(_without_half_characters(data))
    if type(raw) is not dict:
        return Unreadable("not-an-object", f"JSON, but {_shape_of(raw)}", data)
    kind = raw.get("kind")
    if kind == "notification":
        return _notification(raw, from_client=from_client)
    if kind == "resp":
        return _response(raw, from_client=from_client)
    if kind == "req":
        return _request(raw, from_client=from_client)
    return _by_shape(raw, data, from_client=from_client)


def _by_shape(raw: dict[str, Any], data: bytes, *, from_client: bool) -> Envelope:
    """Read an object whose ``kind`` is missing or unheard of."""
    if "reqId" in raw or "code" in raw:
        response = _response(raw, from_client=from_client)
        holds = " and ".join(name for name in ("reqId", "code") if name in raw)
        assumed = f"an object without kind and type, read as an answer, because it holds {holds}"
        return response if response.type else response._replace(assumed=assumed)
    name = _type_of(raw.get("type"))
    shapes = shapes_of(raw, from_client=from_client) if name is None or name in BARE_TYPES else []
    if len(shapes) == 1:
        return _shaped(raw, shapes[0], from_client=from_client)
    if "id" in raw or (name and from_client):
        return _request(raw, from_client=from_client)
    if name:
        return Notification(name, raw.get("body"), raw, from_client)
    if shapes:
        names = " or ".join(shape.type for shape in shapes)
        return Unreadable("ambiguous", f"an object without a type that could be {names}", data)
    return Unreadable(
        "no-envelope", "an object with neither kind, id, reqId nor type, and of no known shape", data
    )


def _shaped(raw: dict[str, Any], shape: Shape, *, from_client: bool) -> Request | Notification:
    """An object that does not say its type, read as what its shape is that of."""
    what = "a request" if shape.is_request else "a notification"
    assumed = f"{what} without a type, read as {shape.type}, because {shape.reason}"
    if shape.is_request:
        return Request(id_text(raw.get("id")), shape.type, shape.body, raw, from_client, assumed)
    return Notification(shape.type, shape.body, raw, from_client, assumed)


def _untyped(raw: dict[str, Any], *, from_client: bool) -> Request | Notification | None:
    """A request or notification without a type, if its shape tells one; ``kind`` has decided which it is."""
    shapes = shapes_of(raw, from_client=from_client)
    return _shaped(raw, shapes[0], from_client=from_client) if len(shapes) == 1 else None


def _notification(raw: dict[str, Any], *, from_client: bool) -> Envelope:
    name = _type_of(raw.get("type"))
    shaped = None if name else _untyped(raw, from_client=from_client)
    return shaped or Notification(name or "", raw.get("body"), raw, from_client)


def _request(raw: dict[str, Any], *, from_client: bool) -> Envelope:
    get = raw.get
    name = _type_of(get("type"))
    shaped = None if name else _untyped(raw, from_client=from_client)
    return shaped or Request(id_text(get("id")), name or "", get("body"), raw, from_client)


def _response(raw: dict[str, Any], *, from_client: bool) -> Response:
    get = raw.get
    return Response(
        id_text(get("reqId")), _type_of(get("type")), _code(get("code")), get("body"), raw, from_client
    )


def _type_of(value: object) -> str | None:
    return normal_type(value) if type(value) is str and value else None


def _code(value: object) -> int | None:
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer() and abs(value) < 1e6:
        return int(value)
    if type(value) is not str:
        return None
    if value.isascii() and value.isdigit() and len(value) <= 6:
        return int(value)
    named = HTTPStatus.__members__.get(value)
    return None if named is None else int(named)


def id_text(value: object) -> str | None:
    """An id as the string it is compared by; None for what cannot be one.

    Equal numbers are one id, however they are written: ``1``, ``1.0`` and ``1e0`` are ``"1"``.
    """
    if type(value) is str:
        return value or None
    if type(value) is float and value.is_integer():
        return str(int(value))
    return str(value) if type(value) is int or type(value) is float else None


def one_or_many(value: Any) -> list[Any]:
    """The elements of an array, which may come as its only element itself; nothing gives none."""
    if type(value) is list:
        return value
    return [] if value is None else [value]


def dump(envelope: Request | Response | Notification | Mapping[str, Any]) -> str:
    """The JSON text of an envelope, on one line, keys in their order."""
    raw = envelope.raw if isinstance(envelope, Request | Response | Notification) else dict(envelope)
    try:
        return orjson.dumps(raw).decode()
    except TypeError:  # integers of more than 64 bits, half an emoji, 255 levels: the slow one can
        return json.dumps(raw, separators=(",", ":"))


# A script that cuts a text in the middle of an emoji sends half a surrogate pair as an escape. That is
# legal JSON, and the service takes it, but no Unicode string can hold it.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)",
    re.DOTALL,
)
_LONE_SURROGATE_LENGTH = 6


def _salvaged(data: bytes, problem: str, *, from_client: bool) -> Envelope:
    """Try once more without half characters, or with numbers of any size; else say why it cannot be read."""
    loads = loads_exact if is_too_large(problem) else orjson.loads
    if b"\\u" in data or loads is loads_exact:
        with suppress(ValueError, RecursionError):
            return envelope_of(loads(_without_half_characters(data)), data, from_client=from_client)
    return Unreadable(_reason(data, problem), problem, data)


def is_too_large(problem: str) -> bool:
    """Whether JSON could not be read for a number that no double can hold."""
    return "infinity" in problem


def _without_half_characters(data: bytes) -> bytes:
    return _ESCAPE.sub(_whole_character, data) if b"\\u" in data else data


def _whole_character(escape: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if len(escape[0]) == _LONE_SURROGATE_LENGTH else escape[0]


def _reason(data: bytes, problem: str) -> str:
    try:
        data.decode()
    except UnicodeDecodeError:
        return "not-utf8"
    return "too-deep" if "depth" in problem or "recursion" in problem.lower() else "not-json"


def _shape_of(raw: object) -> str:
    if raw is None:
        return "null"
    if isinstance(raw, list):
        return f"an array of {len(raw)}"
    return {str: "a string", bool: "true or false"}.get(type(raw), "a number")
