"""Durations (200ms, 1.5s, 2m, 1h) and delays, which may also be random (1.5s ± 500ms, 1s..3s)."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

from .error_text import quoted

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
        ValueError: it is no duration, negative, or more than thirty days; the text is an error sentence.
    """
    bare = text.strip() if isinstance(text, str) else text
    if bare in (0, "0") and not isinstance(bare, bool):
        return 0.0
    match = _DURATION.fullmatch(bare) if isinstance(bare, str) else None
    if match is None:
        raise ValueError(f"{quoted(text)} is no duration: {_duration_hint(text)}")
    number, unit = match.groups()
    if unit not in _UNIT_S:
        raise ValueError(f"{quoted(text)} is no duration: the units are {', '.join(_UNIT_S)}")
    seconds = float(number) * _UNIT_S[unit]
    if seconds > LONGEST_S:
        raise ValueError(f"{quoted(text)} is longer than thirty days")
    return seconds


def _duration_hint(text: object) -> str:
    if isinstance(text, int | float) and not isinstance(text, bool):
        return (
            f'say the unit, like "{text}s" or "{text}ms"'
            if text > 0 and math.isfinite(text)
            else _DURATION_FORM
        )
    if isinstance(text, str) and text.strip().startswith("-"):
        return "it cannot be negative"
    if isinstance(text, str) and _VARYING.search(text):
        return f"it cannot vary here; {_DURATION_FORM}"
    return _DURATION_FORM


# JSON Schema pattern. Whitespace around a duration is allowed, as ``parse_duration`` strips it.
_DURATION_PATTERN = r"(0|[0-9]{1,9}(\.[0-9]{1,9})?[ ]?(us|ms|s|m|h))"
_VARYING = re.compile(r"±|\+-|\+/-|\.\.")
_DELAY_FORM = 'a delay is a duration like "200ms", or varies like "1.5s ± 500ms" or "1s..3s"'


def _json_schema(pattern: str, *, examples: list[str]) -> dict[str, Any]:
    text = {"type": "string", "pattern": rf"^\s*{pattern}$", "examples": examples}
    return {"anyOf": [{"const": 0}, text]}


class DelayDistribution(ABC):
    """A fixed, normally or uniformly distributed time span, never negative. Can be a pydantic field's type.

    ``Duration`` is the fixed one.
    """

    __slots__ = ()
    JSON_SCHEMA: ClassVar[dict[str, Any]] = _json_schema(
        rf"{_DURATION_PATTERN}\s*((±|\+-|\+/-|\.\.)\s*{_DURATION_PATTERN}\s*)?",
        examples=["200ms", "1.5s ± 500ms", "1s..3s"],
    )

    @classmethod
    def read(cls, given: Any) -> DelayDistribution:
        """``200ms`` (as ``parse_duration``), ``1.5s ± 500ms`` (also ``+-``), ``1s..3s``.

        Raises:
            ValueError: it is no delay; the text is an error sentence.
        """
        if isinstance(given, DelayDistribution):
            return given
        parts = _VARYING.split(given) if isinstance(given, str) else []
        if len(parts) < 2:
            return Duration.read(given)
        if len(parts) > 2:
            raise ValueError(f"{quoted(given)} is no delay: {_DELAY_FORM}")
        first_s, second_s = (parse_duration(part.strip()) for part in parts)
        if ".." not in given:
            return NormalDelay(first_s, second_s)
        if first_s > second_s:
            raise ValueError(f"{quoted(given)} is no delay: the shorter one comes first")
        return UniformDelay(first_s, second_s)

    @property
    @abstractmethod
    def bounds_s(self) -> tuple[float, float]:
        """Lower and upper bound in seconds; the upper one is infinite where there is none."""

    @abstractmethod
    def draw(self, random: Random) -> float:
        """One value in seconds. A fixed delay does not call ``random``; a random one calls it once."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(cls.read)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return cls.JSON_SCHEMA


class Duration(float, DelayDistribution):
    """Seconds, as a float. Can be a pydantic field's type, written ``200ms``, ``1.5s``, ``2m`` or 0."""

    JSON_SCHEMA: ClassVar[dict[str, Any]] = _json_schema(
        rf"{_DURATION_PATTERN}\s*", examples=["200ms", "1.5s", "2m", "1h"]
    )

    @classmethod
    def read(cls, given: Any) -> Duration:
        """Read ``200ms``, ``1.5s``, ``2m``, ``1h`` or 0; see ``parse_duration`` for the errors."""
        return given if isinstance(given, Duration) else cls(parse_duration(given))

    @property
    def bounds_s(self) -> tuple[float, float]:
        return float(self), float(self)

    def draw(self, random: Random) -> float:
        return float(self)


@dataclass(frozen=True, slots=True)
class NormalDelay(DelayDistribution):
    """Normally distributed around ``mean_s``; negative values count as 0."""

    mean_s: float
    deviation_s: float

    @property
    def bounds_s(self) -> tuple[float, float]:
        return (0.0, math.inf) if self.deviation_s else (self.mean_s, self.mean_s)

    def draw(self, random: Random) -> float:
        return max(0.0, random.gauss(self.mean_s, self.deviation_s))


@dataclass(frozen=True, slots=True)
class UniformDelay(DelayDistribution):
    """Uniformly distributed from ``least_s`` to ``most_s``."""

    least_s: float
    most_s: float

    @property
    def bounds_s(self) -> tuple[float, float]:
        return self.least_s, self.most_s

    def draw(self, random: Random) -> float:
        return random.uniform(self.least_s, self.most_s)
