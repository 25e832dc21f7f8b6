"""Verbs below the messaging protocol: raw envelopes and frames, disconnect, reconnect, send rate."""

from __future__ import annotations

import base64
import binascii
import re
from itertools import combinations
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator

from recorder.counted import counted
from recorder.documents import DelayDistribution, Duration, unknown

from .verb_model import (
    ANSWER_WITHIN,
    ConsumerVerb,
    FirstSequence,
    MessageName,
    TimedVerb,
    has_key,
    has_none_of,
)

OPCODES = {"continuation": 0, "text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10}
"""RFC 6455, 11.8."""

LONGEST_REASON = 123
"""Bytes of a close reason: a control frame holds 125, and two are the code (RFC 6455, 5.5)."""


class SendEnvelopeVerb(TimedVerb):
    """Send what stands here, as it stands: an envelope, or any text. With ``as``: wait for its answer.

    A mapping is the envelope itself, unless it has ``envelope`` and nothing but this verb's keys.
    """

    short: ClassVar[str | None] = "envelope"
    run_time: ClassVar[frozenset[str]] = frozenset({"envelope"})
    envelope: dict[str, Any] | str
    within: Duration = ANSWER_WITHIN
    as_: MessageName | None = Field(default=None, alias="as")

    @classmethod
    def long_form(cls, given: Any) -> Any:
        """The arguments as a mapping; another mapping or a text is the envelope itself."""
        if given is None:
            return {}
        is_long = isinstance(given, dict) and "envelope" in given and given.keys() <= set(_OWN_KEYS)
        return given if is_long else {"envelope": given}

    @classmethod
    def forms(cls, long: dict[str, Any]) -> list[dict[str, Any]]:
        """JSON Schemas: the mapping with this verb's keys, a text, or an envelope."""
        ours = {"required": ["envelope"], "propertyNames": {"enum": list(_OWN_KEYS)}}
        return [long, {"type": "string"}, {"type": "object", "not": ours}]


_OWN_KEYS = ("envelope", "within", "as", "after", "consumer")


def _opcode(given: Any) -> int:
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= 15:
        return given
    if isinstance(given, str) and given in OPCODES:
        return OPCODES[given]
    if isinstance(given, str):
        raise ValueError(unknown("opcode", given, OPCODES))
    raise ValueError(f"an opcode is one of {', '.join(OPCODES)}, or a number from 0 to 15")


def _from_base64(given: Any) -> bytes:
    if isinstance(given, bytes):
        return given
    try:
        return base64.b64decode(given if isinstance(given, str) else b"?", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("it is no base64; for hex digits write hex:, for text write text:") from None


def _from_hex(given: Any) -> bytes:
    if isinstance(given, bytes):
        return given
    digits = re.sub(r"[\s:]|0x", "", given) if isinstance(given, str) else None
    if digits is None:
        raise ValueError('hex digits must stand in quotes: "81 05"')
    wrong = re.search(r"[^0-9a-fA-F]", digits)
    if wrong:
        raise ValueError(f'"{wrong.group()}" is no hex digit')
    if len(digits) % 2:
        raise ValueError(f"a byte is two hex digits, and here are {counted(len(digits), 'digit')}")
    return bytes.fromhex(digits)


_HEX_SCHEMA = {"type": "string", "pattern": r"^([\s:]|0x)*(([0-9A-Fa-f]([\s:]|0x)*){2})*$"}
Hex = Annotated[bytes, PlainValidator(_from_hex), WithJsonSchema({**_HEX_SCHEMA, "examples": ["81 05"]})]
Base64 = Annotated[
    bytes,
    PlainValidator(_from_base64),
    WithJsonSchema(
        {
            "type": "string",
            "contentEncoding": "base64",
            "pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
        }
    ),
]
Opcode = Annotated[
    int,
    PlainValidator(_opcode),
    WithJsonSchema({"anyOf": [{"enum": list(OPCODES)}, {"type": "integer", "minimum": 0, "maximum": 15}]}),
]


_ONE_PAYLOAD: list[Any] = [
    {"anyOf": [has_none_of(one), has_none_of(other)]}
    for one, other in combinations(("text", "data", "hex"), 2)
]
_DESCRIPTION = ("opcode", "text", "data", "hex", "fin", "rsv", "mask")


class SendFrameVerb(TimedVerb):
    """Send one WebSocket frame as it is described, be it against the rules; or ``bytes`` as they are."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {
                    "allOf": [
                        has_key("bytes"),
                        {"not": {"anyOf": [{"required": [key]} for key in _DESCRIPTION]}},
                    ]
                },
                {
                    "allOf": [
                        has_none_of("bytes"),
                        {"required": ["opcode"]},
                        *_ONE_PAYLOAD,
                    ]
                },
            ]
        }
    )

    run_time: ClassVar[frozenset[str]] = frozenset({"text"})
    opcode: Opcode = OPCODES["text"]
    text: str | None = None
    data: Base64 | None = None
    hex: Hex | None = None
    fin: bool = True
    rsv: Annotated[int, Field(ge=0, le=7)] = 0
    mask: bool = True
    bytes_: Hex | None = Field(default=None, alias="bytes")

    @model_validator(mode="after")
    def _check_payload(self) -> SendFrameVerb:
        others = sorted(self.model_fields_set - {"bytes_", "after", "consumer"})
        if self.bytes_ is not None and others:
            raise ValueError(
                f"bytes: is the frame as it is on the wire, header and all; {others[0]}: has no place"
            )
        if self.bytes_ is None and "opcode" not in self.model_fields_set:
            raise ValueError("say which frame: opcode: with text:, data: or hex:; or bytes:")
        if sum(one is not None for one in (self.text, self.data, self.hex)) > 1:
            raise ValueError("the payload is given twice; one of text:, data: (base64) and hex:")
        return self

    @property
    def payload(self) -> bytes:
        """The payload bytes, from ``text``, ``data`` or ``hex``."""
        if self.text is not None:
            return self.text.encode()
        return self.data or self.hex or b""


class DisconnectVerb(TimedVerb):
    """End the connection: with a goodbye, without one, or in the middle of a frame."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"how": {"enum": ["abort", "mid-frame"]}}, "required": ["how"]},
            "then": {"not": {"anyOf": [{"required": ["code"]}, {"required": ["reason"]}]}},
        }
    )

    short: ClassVar[str | None] = "how"
    run_time: ClassVar[frozenset[str]] = frozenset({"reason"})
    how: Literal["clean", "abort", "mid-frame"] = "clean"
    code: Annotated[int, Field(ge=0, le=65535)] = 1000
    reason: str = ""

    @model_validator(mode="after")
    def _check_closing(self) -> DisconnectVerb:
        if self.how != "clean" and self.model_fields_set & {"code", "reason"}:
            raise ValueError(f"{self.how} sends no close frame, so it has no code: and no reason:")
        if len(self.reason.encode()) > LONGEST_REASON:
            raise ValueError(f"a reason is {LONGEST_REASON} bytes at most")
        return self


class ReconnectVerb(ConsumerVerb):
    """Connect again, ``after`` a pause, and ask again for what was listened to, from ``from_sequence`` on."""

    short: ClassVar[str | None] = "from_sequence"
    from_sequence: FirstSequence = "last"
    after: DelayDistribution | None = None
    within: Duration = ANSWER_WITHIN


_RATE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)[ ]?/[ ]?(s|m|h)", re.ASCII)
_SPAN_S = {"s": 1.0, "m": 60.0, "h": 3600.0}


class Spacing(float):
    """Minimum seconds between two frames of steps; 0: no limit. Written as a rate, ``5/s``, or ``off``."""

    @classmethod
    def read(cls, given: object) -> Spacing:
        """``5/s`` → 0.2, ``30/m`` → 2.0, ``off`` → 0.0.

        Raises:
            ValueError: it is no rate; the text is an error sentence.
        """
        if isinstance(given, Spacing):
            return given
        if given == "off":
            return cls(0.0)
        match = _RATE.fullmatch(given) if isinstance(given, str) else None
        if match is None or float(match.group(1)) == 0:
            raise ValueError('a rate is a number per second, minute or hour, like "5/s" or "30/m"; or off')
        return cls(_SPAN_S[match.group(2)] / float(match.group(1)))


Rate = Annotated[
    Spacing,
    PlainValidator(Spacing.read),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(off|(?=.*[1-9].*/)[0-9]{1,6}(\.[0-9]{1,6})?[ ]?/[ ]?[smh])$",
            "examples": ["5/s", "30/m", "off"],
        }
    ),
]


class ChangeRateVerb(ConsumerVerb):
    """From here on, frames of this consumer's steps leave no faster than so. Receipts never wait for it."""

    short: ClassVar[str | None] = "rate"
    rate: Rate
