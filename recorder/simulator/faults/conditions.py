"""The building blocks of moods: which receipts, requests or connections a mood applies to, and how often.

A bare value stands for the key a mood needs most (``late_receipts: 2s`` is ``late_receipts: {by: 2s}``);
``true`` turns a mood on as it is by default, ``false`` off.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from recorder.documents import Duration, unknown
from recorder.messaging.typenames import normal_type
from recorder.wire.frames import may_be_sent

from ..protocol.request_parser import EVENT_PARSERS, REQUEST_PARSERS


class StrictModel(BaseModel):
    """A model that users write in YAML: immutable, no unknown keys, no coercion between types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    SHORT: ClassVar[str | None] = None
    """The key that a bare value is the value of; None if there is none."""

    @model_validator(mode="before")
    @classmethod
    def _written_short(cls, value: Any) -> Any:
        if value is True or value is None:
            return {}
        if isinstance(value, dict | cls) or cls.SHORT is None:
            return value
        return {cls.SHORT: value}


FALSE_AS_NONE = BeforeValidator(lambda value: None if value is False else value)
"""``false`` turns a mood off, as leaving it out does."""


def _listed(value: object) -> object:
    if value is None or value is False:
        return ()
    return tuple(value) if isinstance(value, list | tuple) else (value,)


ONE_OR_MANY = BeforeValidator(_listed)
"""A single value may stand in place of a list of one; nothing, or false, is the empty list."""


class Condition(StrictModel):
    """Which of the matching receipts, requests or connections a mood applies to; all by default.

    They are counted for each consumer, so that one consumer's faults do not depend on the others.
    """

    SHORT = "probability"

    nth: int | None = Field(default=None, ge=1)
    """Only this one, counted from 1."""
    first: int | None = Field(default=None, ge=1)
    """Only so many, from the first on."""
    probability: float = Field(default=1.0, ge=0.0, le=1.0)
    """How likely each of those is taken: 0 never, 1 always."""

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        if self.nth is not None and self.first is not None:
            raise ValueError("nth and first exclude each other")
        return self


class ReceiptCondition(Condition):
    """Which receipts a mood applies to."""

    whose: Literal["agent", "consumer", "everybody"] = "agent"
    """Given by whom: anybody on the service's side, the consumer, or either."""
    status: str | None = Field(default=None, min_length=1)
    """Only those of this status, such as READ."""

    def matches(self, *, role: str, status: object) -> bool:
        """Whether the mood applies to receipts of this status by an author of this role."""
        side = "consumer" if role == "CONSUMER" else "agent"
        return self.whose in ("everybody", side) and self.status in (None, status)


def _request_type(given: str) -> str:
    """The v3 spelling of a request type the service answers; ``PublishEvent`` will do."""
    type_name = normal_type(given)
    known = {short: name for name in REQUEST_PARSERS for short in (name, name.rpartition(".")[2])}
    if type_name not in known:
        raise ValueError(unknown("request type", given, known))
    return known[type_name]


RequestType = Annotated[str, AfterValidator(_request_type)]
EventType = Literal["ContentEvent", "RichContentEvent", "AcceptStatusEvent", "ChatStateEvent"]
assert set(EVENT_PARSERS) == set(EventType.__args__)  # type: ignore[attr-defined]  # noqa: S101 - one list, twice


class RequestCondition(Condition):
    """Which requests a mood applies to."""

    to: RequestType | None = None
    """Only requests of this type, such as ms.PublishEvent."""
    event: EventType | None = None
    """Only those that publish such an event, such as AcceptStatusEvent for receipts."""

    def matches(self, request_type: str, event_type: object) -> bool:
        """Whether the mood applies to requests of this type (v3 spelling) that publish such an event."""
        return self.to in (None, request_type) and self.event in (None, event_type)


def _close_code(given: int) -> int:
    if may_be_sent(given):
        return given
    raise ValueError(f"{given} cannot be sent; a close code is 1000-1003, 1007-1014 or 3000-4999")


SendableCloseCode = Annotated[int, AfterValidator(_close_code)]


class DisconnectCondition(Condition):
    """Which connections of a consumer end early, and when: ``after`` a time or a number of ``requests``."""

    SHORT = "after"

    after: Duration | None = None
    """So long after the connection opened."""
    requests: int | None = Field(default=None, ge=1)
    """Once so many requests were answered on it; InitConnection counts."""

    @model_validator(mode="after")
    def _one_timing_key(self) -> Self:
        given = [name for name in self.timing_keys() if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"one of {', '.join(self.timing_keys())} is wanted here, and only one")
        return self

    @classmethod
    def timing_keys(cls) -> tuple[str, ...]:
        """The keys that say when the connection ends; exactly one is given."""
        return ("after", "requests")
