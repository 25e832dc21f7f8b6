"""What a player can tell its driver to do."""

from __future__ import annotations

from typing import NamedTuple


class Send(NamedTuple):
    """Send this text, then call ``sent``. ``due_s`` is when it was planned for, None for "now"."""

    text: str
    due_s: float | None = None


class WakeAt(NamedTuple):
    """Nothing to do before then; what is heard meanwhile is still to be handed in."""

    at_s: float


class AwaitMessage(NamedTuple):
    """Something must be heard to go on; ask again then at the latest (None: whenever)."""

    until_s: float | None


class HangUp(NamedTuple):
    """Close the connection, then call ``connection_ended``."""

    code: int = 1000
    reason: str = ""


class Done(NamedTuple):
    """The script is over, and so is the connection."""


Action = Send | WakeAt | AwaitMessage | HangUp | Done
