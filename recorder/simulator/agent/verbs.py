"""The verbs of an agent's rules: one model for each key that may stand under ``do``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from recorder.documents import DelayDistribution
from recorder.wire.frames import CloseCode

from ..faults.conditions import ONE_OR_MANY, SendableCloseCode, StrictModel
from ..faults.config import Survey, TransferOptions


class AgentVerb(StrictModel):
    """One thing the agent can do, after a delay that counts from the trigger."""

    after: DelayDistribution | None = None
    """How long after the trigger; at once if not given. May vary: 1.5s ± 500ms, 1s..3s."""


class AgentSay(AgentVerb):
    """A message of plain text; ``{message}`` in it stands for what triggered the rule."""

    SHORT = "text"

    text: str
    quick_replies: Annotated[tuple[str, ...], ONE_OR_MANY] = ()
    """Buttons under it; a click publishes their text."""
    metadata: list[dict[str, Any]] | None = None
    """Sent along as it is."""


class AgentSendFile(AgentVerb):
    """A message about a file; the file itself is not there."""

    SHORT = "caption"

    caption: str = ""
    file_type: Literal["JPG", "JPEG", "PNG", "GIF"] = "PNG"
    path: str | None = None
    """relativePath; made up if not given."""
    preview: str = "data:image/png;base64,iVBORw0KGgo="


class AgentRich(AgentVerb):
    """Structured content, as it is."""

    content: dict[str, Any]
    quick_replies: dict[str, Any] | None = None
    metadata: list[dict[str, Any]] | None = None


class AgentReceipt(AgentVerb):
    """Any receipt."""

    SHORT = "status"

    status: str = Field(min_length=1)
    sequences: list[int] | Literal["all"] | None = None
    """For which messages; all: of the consumer's, those without such a receipt from this agent.

    If not given, the message that triggered the rule, or all where none did.
    """

    @field_validator("sequences", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return [value] if type(value) is int else value


class AgentAccept(AgentReceipt):
    """ACCEPT: it got here."""

    SHORT = "sequences"

    status: Literal["ACCEPT"] = "ACCEPT"


class AgentRead(AgentReceipt):
    """READ: somebody saw it."""

    SHORT = "sequences"

    status: Literal["READ"] = "READ"


class AgentNack(AgentReceipt):
    """NACK: it did not get here."""

    SHORT = "sequences"

    status: Literal["NACK"] = "NACK"


class AgentAccess(AgentReceipt):
    """ACCESS: the file was opened."""

    SHORT = "sequences"

    status: Literal["ACCESS"] = "ACCESS"


class AgentType(AgentVerb):
    """A chat state; it stands until another one comes."""

    SHORT = "state"

    state: str = Field(min_length=1)


class AgentClose(AgentVerb):
    """The agent closes: the MAIN dialog where a survey follows, else the whole conversation."""


class AgentTransfer(AgentVerb, TransferOptions):
    """This agent leaves, another one joins."""

    SHORT = None


class AgentSurvey(AgentVerb, Survey):
    """The agent closes the MAIN dialog, and a survey follows."""

    SHORT = None


class AgentStepUp(AgentVerb):
    """The consumer logs in: everything of theirs goes on under another id."""

    SHORT = "to"

    to: str | None = Field(default=None, min_length=1, max_length=128)
    """The new id; made from the old one if not given."""


class AgentHangUp(AgentVerb):
    """The service closes every connection of the consumer."""

    SHORT = "code"

    code: SendableCloseCode = CloseCode.TOKEN_EXPIRED.value
    reason: str = Field(default="", max_length=40)


class AgentSend(AgentVerb):
    """A frame to every connection of the consumer: text as it is, anything else as JSON."""

    frame: str | dict[str, Any] | list[Any]
