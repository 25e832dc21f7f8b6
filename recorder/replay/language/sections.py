"""The top-level sections of a script: consumers, the standing receipt rule, the rate."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from recorder.documents import DelayDistribution, Duration

from .verb_model import ScriptModel
from .verbs_wire import Rate, Spacing

ONLY_CONSUMER = "consumer"
"""Name of the consumer in a script without ``consumers:``."""

MOST_CONSUMERS = 1_000

LATE_VARIABLE_KEYS = ("url", "token", "upload_url")
"""Keys of a consumer whose variables are filled in when it connects; the simulator does not need them."""


def _delay_or_none(given: Any) -> DelayDistribution | None:
    return None if given is None or given == "never" else DelayDistribution.read(given)


StandingDelay = Annotated[
    DelayDistribution | None,
    PlainValidator(_delay_or_none),
    WithJsonSchema({"anyOf": [{"const": "never"}, {"type": "null"}, DelayDistribution.JSON_SCHEMA]}),
]


class StandingRule(ScriptModel):
    """What goes out for each message of the other side, so long after it arrived; None: nothing does."""

    accept: StandingDelay = None
    """ACCEPT: so long after the message arrived. never: not at all."""
    read: StandingDelay = None
    """READ: so long after the message arrived. never: not at all."""
    batch: Duration | None = None
    """Receipts of one status and dialog wait so long for each other, and go out as one."""

    def delays(self) -> dict[str, DelayDistribution]:
        """Status → delay, ACCEPT before READ; statuses without a delay are left out."""
        delays = {"ACCEPT": self.accept, "READ": self.read}
        return {status: delay for status, delay in delays.items() if delay is not None}


class Consumer(ScriptModel):
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


class Sections(ScriptModel):
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
