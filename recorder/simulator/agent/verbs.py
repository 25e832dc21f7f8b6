"""What the agent can do: one model for each verb of a script's ``do``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from recorder.documents import Delay
from recorder.wire.frames import CloseCode

from ..faults.conditions import LISTED, SendableCloseCode, Strict
from ..faults.config import Handover, Survey


class Deed(Strict):
    """Anything the agent can do, after a delay that counts from the trigger."""

    after: Delay | None = None
    """How long after the trigger; at once if not given. May vary: 1.5s ± 500ms, 1s..3s."""


class Say(Deed):
    """A message of plain text; ``{message}`` in it stands for what triggered the rule."""

    SHORT = "text"

    text: str
    quick_replies: Annotated[tuple[str, ...], LISTED] = ()
    """Buttons under it; a click publishes their text."""
    metadata: list[dict[str, Any]] | None = None
    """Sent along as it is."""


class SendFile(Deed):
    """A message about a file; the file itself is not there."""

    SHORT = "caption"

    caption: str = ""
    file_type: Literal["JPG", "JPEG", "PNG", "GIF"] = "PNG"
    path: str | None = None
    """relativePath; made up if not given."""
    preview: str = "data:image/png;base64,iVBORw0KGgo="


class Rich(Deed):
    """Structured content, as it is."""

    content: dict[str, Any]
    quick_replies: dict[str, Any] | None = None
    metadata: list[dict[str, Any]] | None = None


class Receipt(Deed):
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


class Accept(Receipt):
    """ACCEPT: it got here."""

    SHORT = "sequences"

    status: Literal["ACCEPT"] = "ACCEPT"


class Read(Receipt):
    """READ: somebody saw it."""

    SHORT = "sequences"

    status: Literal["READ"] = "READ"


class Nack(Receipt):
    """NACK: it did not get here."""

    SHORT = "sequences"

    status: Literal["NACK"] = "NACK"


class Access(Receipt):
    """ACCESS: the file was opened."""

    SHORT = "sequences"

    status: Literal["ACCESS"] = "ACCESS"


class Type(Deed):
    """A chat state; it stands until another one comes."""

    SHORT = "state"

    state: str = Field(min_length=1)


class Close(Deed):
    """The agent closes: the MAIN dialog where a survey follows, else the whole conversation."""


class Transfer(Deed, Handover):
    """This agent leaves, another one joins."""

    SHORT = None


class StartSurvey(Deed, Survey):
    """The agent closes the MAIN dialog, and a survey follows."""

    SHORT = None


class LogIn(Deed):
    """The consumer logs in: everything of theirs goes on under another id."""

    SHORT = "to"

    to: str | None = Field(default=None, min_length=1, max_length=128)
    """The new id; made from the old one if not given."""


class HangUpOn(Deed):
    """The service closes every connection of the consumer."""

    SHORT = "code"

    code: SendableCloseCode = CloseCode.TOKEN_EXPIRED.value
    reason: str = Field(default="", max_length=40)


class SendRaw(Deed):
    """A frame to every connection of the consumer: text as it is, anything else as JSON."""

    frame: str | dict[str, Any] | list[Any]


VERBS: dict[str, type[Deed]] = {
    "say": Say,
    "send_file": SendFile,
    "rich": Rich,
    "accept": Accept,
    "read": Read,
    "nack": Nack,
    "access": Access,
    "receipt": Receipt,
    "type": Type,
    "close": Close,
    "transfer": Transfer,
    "survey": StartSurvey,
    "step_up": LogIn,
    "hang_up": HangUpOn,
    "send": SendRaw,
}
