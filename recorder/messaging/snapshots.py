"""A conversation's snapshot, its last message, and accepted rings, in any of the forms of three generations.

Its count of unread messages is left where it is, in the frame: nobody has published what it counts, its keys
are ids that no event carries, and a recording that began late could not be held against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .changes import read_change
from .envelopes import id_text, one_or_many
from .events import (
    ConversationChanged,
    ConversationTaken,
    Dialog,
    Event,
    Evidence,
    MessagePublished,
    Participant,
    Stamp,
)

SUGGESTED = "SUGGESTED"
LAST_CONTENT: Final = "lastContentEventNotification"
"""Key of the last message of a conversation, a change as of a MessagingEventNotification."""


def snapshot(
    result: dict[str, Any], conversation_id: str, *, left_subscription: bool, evidence: Evidence
) -> ConversationChanged:
    """Read the ``result`` of one change. ``evidence`` is kept as it is."""
    details = _object(result.get("conversationDetails"))
    dialogs = [dialog for dialog in one_or_many(details.get("dialogs")) if isinstance(dialog, dict)]
    return ConversationChanged(
        conversation_id,
        participants=_participants(details, dialogs),
        dialogs=tuple(_dialogs(dialogs)),
        state=_word(details.get("state")),
        stage=_word(details.get("stage")),
        updated_ms=evidence.server_ms,
        left_subscription=left_subscription,
        evidence=evidence,
    )


def read_last_content(
    change: object, conversation: ConversationChanged, stamp: Stamp, events: list[Event]
) -> None:
    """Append the message that a snapshot shows as its last one, marked as a snapshot's word.

    Every later snapshot shows it again, until there is another.
    """
    found: list[Event] = []
    read_change(change, stamp, found, dialog_id=_only_dialog(conversation))
    for event in found:
        if type(event) is MessagePublished:
            event = event._replace(evidence=event.evidence._replace(snapshot=True))
        events.append(event)


def _only_dialog(conversation: ConversationChanged) -> str | None:
    """The dialog of an event that names none: the one there is, which older frames do not list."""
    if not conversation.dialogs:
        return conversation.conversation_id
    return conversation.dialogs[0].dialog_id if len(conversation.dialogs) == 1 else None


def conversation_of(result: dict[str, Any]) -> str | None:
    """The id of the conversation a ``result`` is about."""
    details = _object(result.get("conversationDetails"))
    return id_text(result.get("convId")) or id_text(details.get("convId"))


def updated_at(result: dict[str, Any]) -> object:
    """When the service says the snapshot was true; the field moved from one generation to the next."""
    details = _object(result.get("conversationDetails"))
    updated = details.get("metaDataLastUpdateTs")
    return result.get("lastUpdateTime") if updated is None else updated


def _dialogs(dialogs: list[dict[str, Any]]) -> Iterator[Dialog]:
    for dialog in dialogs:
        dialog_id = id_text(dialog.get("dialogId"))
        if dialog_id is not None:
            yield Dialog(
                dialog_id,
                type=_word(dialog.get("dialogType")),
                channel=_word(dialog.get("channelType")),
                state=_word(dialog.get("state")),
            )


def _participants(details: dict[str, Any], dialogs: list[dict[str, Any]]) -> tuple[Participant, ...]:
    """Everybody in it, once per role. An agent who is only suggested stands in the dialogs alone."""
    plain = _plainly_listed(details, dialogs)
    if plain is not None:
        return plain
    by_role = _named_once(
        _by_role(details.get("participants")), by_public_id=_by_role(details.get("participantsPId"))
    )
    states = {(who, role): None for role, ids in by_role.items() for who in ids}
    known: dict[tuple[str, str], str | None] = dict(states)
    for dialog in dialogs:
        for who, role, state in _listed(dialog.get("participantsDetails")):
            if (who, role) in known or not states or state == SUGGESTED:
                known[who, role] = state or known.get((who, role))
    return tuple(Participant(who, role, state) for (who, role), state in known.items())


def _plainly_listed(details: dict[str, Any], dialogs: list[dict[str, Any]]) -> tuple[Participant, ...] | None:
    """The same where it is simple: a list of people, each of another role, and no more of them anywhere.

    That is the usual snapshot, and takes a fifth of the time; None for any other.
    """
    listed = details.get("participants")
    if type(listed) is not list or "participantsPId" in details:
        return None
    for dialog in dialogs:
        if "participantsDetails" in dialog:
            return None
    by_role: dict[str, Participant] = {}
    for entry in listed:
        if type(entry) is not dict:
            return None
        who, role = entry.get("id"), entry.get("role")
        if not (type(who) is type(role) is str and who and role) or role in by_role:
            return None
        by_role[role] = Participant(who, role)
    return tuple(by_role.values())


def _named_once(by_role: dict[str, list[str]], *, by_public_id: dict[str, list[str]]) -> dict[str, list[str]]:
    """Agents have two ids, and events name them by the public one.

    So that one counts, unless the public list of a role is the shorter one: then who is missing
    there is anybody's guess, and both are shown.
    """
    named = dict(by_role)
    for role, public in by_public_id.items():
        others = by_role.get(role, [])
        named[role] = public if len(public) >= len(others) else list(dict.fromkeys([*public, *others]))
    return named


def _by_role(value: object) -> dict[str, list[str]]:
    """A map of role to ids, from that map or from a list of ``{id, role}``."""
    if isinstance(value, dict) and not ("id" in value and "role" in value):
        return {role: [i for i in map(id_text, one_or_many(ids)) if i] for role, ids in value.items()}
    by_role: dict[str, list[str]] = {}
    for who, role, _ in _listed(value):
        by_role.setdefault(role, []).append(who)
    return by_role


def _listed(value: object) -> Iterator[tuple[str, str, str | None]]:
    for entry in one_or_many(value):
        if isinstance(entry, dict):
            who, role = id_text(entry.get("id")), _word(entry.get("role"))
            if who is not None and role is not None:
                yield who, role, _word(entry.get("state"))


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


# --- rings ----------------------------------------------------------------------------------------------

# A ring offers a conversation to an agent. Nobody has published all the shapes of their notifications, so a
# ring is any object with a ``ringState``, and its conversation is named in it or in one that it lies in.
TAKEN_STATES: Final = frozenset({"ACCEPTED", "AUTO_ACCEPT"})
_RING_STATE: Final = "ringState"
_CONVERSATION_KEYS: Final = ("conversationId", "convId")
_MOST_VALUES: Final = 1_000


def conversations_taken(body: object, evidence: Evidence) -> list[ConversationTaken]:
    """The conversations whose rings were accepted, each once."""
    taken = (conversation for state, conversation in _rings(body) if state in TAKEN_STATES)
    return [ConversationTaken(each, evidence) for each in dict.fromkeys(filter(None, taken))]


def _rings(body: Any) -> Iterator[tuple[str, str | None]]:
    """State and conversation of each ring in a body."""
    waiting: list[tuple[Any, str | None]] = [(body, None)]
    for value, outer in waiting:  # grows while it is read
        if len(waiting) > _MOST_VALUES:
            return
        if type(value) is list:
            waiting += [(each, outer) for each in value]
        elif type(value) is dict:
            named = next(filter(None, (id_text(value.get(key)) for key in _CONVERSATION_KEYS)), outer)
            if type(value.get(_RING_STATE)) is str:
                yield value[_RING_STATE], named
            waiting += [(each, named) for each in value.values() if type(each) in (dict, list)]
