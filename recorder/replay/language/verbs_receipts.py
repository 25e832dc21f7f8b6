"""Verbs that send receipts: ``accept``, ``read`` and ``receipt``."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import ConfigDict, Field, model_validator

from recorder.documents import DelayDistribution

from .verb_model import (
    LAST_RECEIVED,
    ConsumerVerb,
    DelayOrNever,
    MessageReference,
    MessageReferences,
    ReceiptStatus,
    has_key,
)


class _ReceiptVerb(ConsumerVerb):
    """A receipt for one message or several; ``after`` counts from the arrival of each."""

    message: MessageReferences = LAST_RECEIVED

    @property
    def messages(self) -> tuple[str | int, ...]:
        """Names or sequences of the messages it is for."""
        return self.message if isinstance(self.message, tuple) else (self.message,)


class _TimedReceiptVerb(_ReceiptVerb):
    """Send a receipt for a message: ``after`` so long from its arrival, at once, or never.

    ``with``: in the frame in which that message's receipt of the same status leaves, whenever that is.
    """

    model_config = ConfigDict(json_schema_extra={"not": {"allOf": [has_key("after"), has_key("with")]}})

    short: ClassVar[str | None] = "message"
    after: DelayOrNever | None = None
    with_: MessageReference | None = Field(default=None, alias="with")

    @model_validator(mode="after")
    def _check_timing(self) -> _TimedReceiptVerb:
        if self.with_ is not None and self.after is not None:
            raise ValueError("after: and with: both say when; one of them")
        if self.with_ is not None and self.with_ in self.messages:
            raise ValueError(f'"{self.with_}" is to go out with itself; with: names another message')
        return self


class AcceptVerb(_TimedReceiptVerb):
    """Publish ACCEPT for a message."""


class ReadVerb(_TimedReceiptVerb):
    """Publish READ for a message."""


class ReceiptVerb(_ReceiptVerb):
    """Publish a receipt of any status, also a second time. ``metadata`` goes beside it as it stands."""

    run_time: ClassVar[frozenset[str]] = frozenset({"metadata"})
    status: ReceiptStatus
    after: DelayDistribution | None = None
    metadata: list[dict[str, Any]] | None = None
