"""What participants are called: "you", "agent", "bot Ann", "participant 3d834d4d"; no two alike."""

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
_START_OF_ID = 8
_PARTICIPANT = "participant"

NOBODY_KNOWN = "somebody unknown"
"""Whose id no frame tells, and who is not one of us."""

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


class KnownParticipant(NamedTuple):
    """Role and name in a user profile, None where nothing tells it; ``mine``: whether it is one of us."""

    role: str | None
    name: str | None = None
    mine: bool = True


PeopleWords = Mapping[str | int, str]
"""Id → what somebody is called; for one of us whose id is not known the connection stands for it."""

ONLY_YOU: PeopleWords = MappingProxyType({})
"""Nobody else is known, and there is one self."""


def people_words(people: Mapping[str | int, KnownParticipant], *, ids: bool = True) -> PeopleWords:
    """What each of these is called, no two alike: ``you``, ``agent Ann``, ``participant 3d834d4d``.

    Of several selves each is ``you (consumer)``, ``you (agent Ann)``: a consumer is one among them; others
    are told apart by their names, where a profile tells one, else by the start of their ids, or by all of it.
    Two who would be called the same have both. Where the id of one of us is not known the connection tells:
    ``you (connection 2)``. Without ``ids`` there are neither ids nor names, but numbers.
    """
    selves = {who: one for who, one in people.items() if one.mine}
    others = {who: one for who, one in people.items() if not one.mine}
    starts = Counter(who[:_START_OF_ID] for who in people if isinstance(who, str))
    if ids:
        inner = {who: _own_word(who, one, selves, starts) for who, one in selves.items()}
        plain = {who: _other_word(who, one, starts) for who, one in others.items()}
        inner, plain = (_with_ids(each, starts) for each in (inner, plain))
    else:
        inner = _numbered({who: _anonymous_word(who, one) for who, one in selves.items()})
        plain = _numbered({who: _anonymous_word(who, one) for who, one in others.items()})
    own = {who: f"you ({word})" if len(selves) > 1 else "you" for who, word in inner.items()}
    return own | plain


def _with_ids(words: Mapping[str | int, str], starts: Mapping[str, int]) -> dict[str | int, str]:
    """The same words, those of several followed by ids."""
    counts = Counter(words.values())
    return {
        who: word if counts[word] == 1 else f"{word} {_short_id(who, starts)}" for who, word in words.items()
    }


def _numbered(words: Mapping[str | int, str]) -> dict[str | int, str]:
    """The same words, those of several followed by numbers."""
    counts, seen = Counter(words.values()), Counter[str]()
    numbered = {}
    for who, word in words.items():
        seen[word] += 1
        numbered[who] = word if counts[word] == 1 else f"{word} {seen[word]}"
    return numbered


def _anonymous_word(who: str | int, one: KnownParticipant) -> str:
    return f"connection {who}" if isinstance(who, int) else role_word(one.role) or _PARTICIPANT


def _other_word(who: str | int, one: KnownParticipant, starts: Mapping[str, int]) -> str:
    word = " ".join(filter(None, (role_word(one.role), _shown_name(one))))
    return word or f"{_PARTICIPANT} {_short_id(who, starts)}"


def _own_word(
    who: str | int,
    own: KnownParticipant,
    selves: Mapping[str | int, KnownParticipant],
    starts: Mapping[str, int],
) -> str:
    consumers = sum(one.role == _CONSUMER for one in selves.values())
    return _inner_word(who, own, only_consumer=own.role == _CONSUMER and consumers == 1, starts=starts)


def _shown_name(one: KnownParticipant) -> str | None:
    return one.name if one.name is None or len(one.name) <= _NAME_SHOWN else f"{one.name[:_NAME_SHOWN]}…"


def _inner_word(
    who: str | int, own: KnownParticipant, *, only_consumer: bool, starts: Mapping[str, int]
) -> str:
    word = role_word(own.role)
    if only_consumer and word:
        return word
    return " ".join(filter(None, (word, _shown_name(own) or _short_id(who, starts))))


def _short_id(who: str | int, starts: Mapping[str, int]) -> str:
    if isinstance(who, int):
        return f"connection {who}"
    return who[:_START_OF_ID] if starts.get(who[:_START_OF_ID], 1) == 1 else who


def own_word(participant: str | None, connection: int | None, words: PeopleWords) -> str:
    """What one of us is called; ``connection`` is where it spoke, and counts where its id is not known."""
    who = connection if participant is None else participant
    if who is None:
        return "you"
    word = words.get(who)
    if word is not None or not any(each.startswith("you (") for each in words.values()):
        return word or "you"
    return f"you ({_inner_word(who, KnownParticipant(None), only_consumer=False, starts={})})"


def participant_word(
    participant: str | None,
    role: str | None,
    *,
    mine: bool | None,
    connection: int | None = None,
    words: PeopleWords = ONLY_YOU,
) -> str:
    """What somebody is called: by ``words``, else by the role, or by the start of the id.

    ``connection`` is where this one spoke.
    """
    if mine:
        return own_word(participant, connection, words)
    if participant is None:
        return role_word(role) or NOBODY_KNOWN
    return words.get(participant) or _other_word(participant, KnownParticipant(role, mine=False), {})
