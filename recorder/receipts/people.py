"""What participants are called: "you", "agent", "bot"; where several are compared, "agent 1", "agent 2"."""

from __future__ import annotations

ROLE_WORDS = {"ASSIGNED_AGENT": "agent", "CONSUMER": "consumer", "AGENT": "bot", "MANAGER": "manager"}
"""The service's roles in the words of people; a role that is not here is called by its own name."""


def role_word(role: str | None) -> str | None:
    """``ASSIGNED_AGENT`` → ``agent``; None where no role is known."""
    return ROLE_WORDS.get(role, role.lower()) if role else None


def who(participant: str | None, role: str | None, *, mine: bool | None) -> str:
    """``you``, ``agent``, ``manager``; a participant of no known role by the start of its id."""
    if mine:
        return "you"
    return role_word(role) or (participant[:8] if participant else "unknown")
