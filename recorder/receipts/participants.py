"""What participants are called: "you", "agent", "bot"; where several are compared, "agent 1", "agent 2"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from recorder.messaging.events import Participant
from recorder.messaging.snapshots import SUGGESTED

SUGGESTED_ROLE = f"/{SUGGESTED}"
"""Behind the role of somebody who was only suggested for it: ``ASSIGNED_AGENT/SUGGESTED``."""

_ADDITIONAL_ROLES = {"READER": 0, "MANAGER": 1}
"""Roles that somebody of another role may have as well; the other one says more."""

_CONSUMER = "CONSUMER"
_NAME_SHOWN = 24

ROLE_WORDS = {"ASSIGNED_AGENT": "agent", _CONSUMER: "consumer", "AGENT": "bot", "MANAGER": "manager"}
"""The service's roles in the words of people; a role that is not here is called by its own name."""


def role_word(role: str | None) -> str | None:
    """``ASSIGNED_AGENT`` → ``agent``; None where no role is known."""
    if not role:
        return None
    plain = role.removesuffix(SUGGESTED_ROLE)
    word = ROLE_WORDS.get(plain, plain.lower())
    return word if plain == role else f"suggested {word}"


def roles_in(participants: Iterable[Participant]) -> dict[str, str]:
    """The role of everybody in a snapshot: of several the one that says most of them.

    Who is only suggested may never take the dialog, and is not to be taken for the agent who has it.
    """
    ranked: dict[str, tuple[int, str]] = {}
    for participant, role, state in participants:
        rank = (_ADDITIONAL_ROLES.get(role, 2), role + (SUGGESTED_ROLE if state == SUGGESTED else ""))
        ranked[participant] = max(rank, ranked.get(participant, rank))
    return {participant: role for participant, (_, role) in ranked.items()}


class SelfRole(NamedTuple):
    """The role of one of us, and the name in a user profile; None where nothing tells it."""

    role: str | None
    name: str | None = None


OwnWords = Mapping[str | int, str]
"""Own id → what it is called; for a self whose id is not known its connection stands for it."""

ONLY_YOU: OwnWords = MappingProxyType({})
"""There is one self."""


def own_words(roles: Mapping[str | int, SelfRole]) -> OwnWords:
    """What each self is called: ``you``; one of several ``you (consumer)``, ``you (agent Ann)``.

    A consumer is one among them; others are told apart by their names, where a profile tells one, else by the
    start of their ids, or by all of it. Two who would be called the same have both. Where the id is not known
    the connection tells: ``you (connection 2)``.
    """
    if len(roles) < 2:
        return ONLY_YOU
    consumers = sum(role == _CONSUMER for role, _ in roles.values())
    starts = Counter(who[:8] for who in roles if isinstance(who, str))
    called = {
        who: _inner_word(who, own, only_consumer=own.role == _CONSUMER and consumers == 1, starts=starts)
        for who, own in roles.items()
    }
    words = Counter(called.values())
    return {
        who: f"you ({word})" if words[word] == 1 else f"you ({word} {_short_id(who, starts)})"
        for who, word in called.items()
    }


def _inner_word(who: str | int, own: SelfRole, *, only_consumer: bool, starts: Mapping[str, int]) -> str:
    word = role_word(own.role)
    if only_consumer and word:
        return word
    name = own.name if own.name is None or len(own.name) <= _NAME_SHOWN else f"{own.name[:_NAME_SHOWN]}…"
    return " ".join(filter(None, (word, name or _short_id(who, starts))))


def _short_id(who: str | int, starts: Mapping[str, int]) -> str:
    if isinstance(who, int):
        return f"connection {who}"
    return who[:8] if starts.get(who[:8], 1) == 1 else who


def own_word(participant: str | None, connection: int | None, own: OwnWords) -> str:
    """What one of us is called; ``connection`` is where it spoke, and counts where its id is not known."""
    who = connection if participant is None else participant
    if not own or who is None:
        return "you"
    return own.get(who) or f"you ({_inner_word(who, SelfRole(None), only_consumer=False, starts={})})"


def participant_word(
    participant: str | None,
    role: str | None,
    *,
    mine: bool | None,
    connection: int | None = None,
    own: OwnWords = ONLY_YOU,
) -> str:
    """``you``, ``agent``, ``manager``; a participant of no known role by the start of its id.

    ``own`` is what we are called, where there is more than one self, and ``connection`` where this one spoke.
    """
    if mine:
        return own_word(participant, connection, own)
    return role_word(role) or (participant[:8] if participant else "unknown")
