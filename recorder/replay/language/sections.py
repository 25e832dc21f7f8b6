"""What stands at the top of a script: who connects where, and which receipts go out by themselves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from recorder.documents import Delay, Duration

from .verb_model import Model
from .verbs_wire import Rate, Spacing

ONLY_CONSUMER = "consumer"
"""What the consumer is called in a script that names none."""

MOST_CONSUMERS = 1_000

FILLED_IN_LATE = ("url", "token", "upload_url")
"""Keys of a consumer whose variables are filled in when it connects: the simulator needs none of them."""


def _none_if_never(given: Any) -> Delay | None:
    return None if given is None or given == "never" else Delay.read(given)


RuledDelay = Annotated[
    Delay | None,
    PlainValidator(_none_if_never),
    WithJsonSchema({"anyOf": [{"const": "never"}, {"type": "null"}, Delay.JSON_SCHEMA]}),
]


class StandingRule(Model):
    """What goes out for each message of the other side, so long after it arrived; None: nothing does."""

    accept: RuledDelay = None
    """ACCEPT: so long after the message arrived. never: not at all."""
    read: RuledDelay = None
    """READ: so long after the message arrived. never: not at all."""
    batch: Duration | None = None
    """Receipts of one status and dialog wait so long for each other, and go out as one."""

    def delays(self) -> dict[str, Delay]:
        """Status → delay, in the order of the ladder."""
        ruled = {"ACCEPT": self.accept, "READ": self.read}
        return {status: delay for status, delay in ruled.items() if delay is not None}


class Consumer(Model):
    """Where to connect, as whom, and how to behave; an option on the command line goes before it."""

    url: str | None = None
    """Where to connect; the simulator needs none."""
    token: str | None = None
    """The JWT. Take it from outside: "${UMS_JWT}"."""
    init_connection: bool = False
    """Hand the token over in an InitConnection request instead of a header."""
    upload_url: str | None = None
    """Where files are handed over; without it they are announced, but not handed over."""
    reconnect: Literal["never", "on_auth_close", "always"] | None = None
    """After which ends of a connection to connect again without a step that says so."""
    receipts: StandingRule | None = None
    """Its own standing rule, in place of the script's."""
    properties: dict[str, Any] | None = None
    """Body of the SetUserProfile it begins with."""
    brand: str | None = None
    """brandId of its conversations: the account."""
    campaign: dict[str, Any] | None = None
    """campaignInfo of its conversations: campaignId and engagementId."""
    context: dict[str, Any] | None = None
    """conversationContext of its conversations."""


class Sections(Model):
    """A script. Its steps are checked one by one, agent and simulator by the simulator."""

    name: str | None = None
    """What recorded sessions are called; the file's name if not given."""
    consumer: Any = None
    consumers: dict[str, Any] | None = None
    receipts: StandingRule = StandingRule()
    """The standing rule: what goes out by itself for each message of the other side."""
    rate: Rate = Spacing(0.0)
    """Frames of steps leave no faster than so; receipts never wait for it."""
    steps: Annotated[list[Any], Field(min_length=1)]
    agent: list[Any] | None = None
    simulator: dict[str, Any] | None = None
