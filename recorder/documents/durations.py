"""Durations as people write them: 200ms, 1.5s, 2m, 1h."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from .words import shown

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

LONGEST_S = 30 * 86_400.0
_UNIT_S = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)[ ]?([a-z]{1,2})", re.ASCII)
_DURATION_FORM = 'a duration is a number and its unit, like "200ms", "1.5s", "2m" or "1h"'


def parse_duration(text: str | int | float) -> float:
    """Seconds: ``"200ms"`` → 0.2, ``"1.5s"`` → 1.5, ``"2m"``, ``"1h"``; 0 needs no unit.

    Raises:
        ValueError: it is none, negative, or more than thirty days; the message is made for people.
    """
    if text in (0, "0") and not isinstance(text, bool):
        return 0.0
    match = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{shown(text)} is no duration: {_why_no_duration(text)}")
    number, unit = match.groups()
    if unit not in _UNIT_S:
        raise ValueError(f"{shown(text)} is no duration: the units are {', '.join(_UNIT_S)}")
    seconds = float(number) * _UNIT_S[unit]
    if seconds > LONGEST_S:
        raise ValueError(f"{shown(text)} is longer than thirty days")
    return seconds


def _why_no_duration(text: object) -> str:
    if isinstance(text, int | float) and not isinstance(text, bool):
        return f'say the unit, like "{text}s"' if text > 0 and math.isfinite(text) else _DURATION_FORM
    if isinstance(text, str) and text.strip().startswith("-"):
        return "it cannot be negative"
    return _DURATION_FORM


class Duration(float):
    """Seconds; in a document written as ``parse_duration`` reads it. For fields of pydantic models."""

    @classmethod
    def read(cls, given: str | int | float) -> Duration:
        """As ``parse_duration``."""
        return cls(parse_duration(given))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(cls.read)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, object]:
        return {"type": ["string", "integer"], "examples": ["200ms", "1.5s", "2m", "1h", 0]}
