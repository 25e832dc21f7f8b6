"""Two ids, one person: merge them where the user says so, and suggest where it looks like it.

A consumer who signs in halfway (step-up) goes on under another id, and nothing on the wire says that it
is the same person. So nothing here is ever merged by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from recorder.errors import BadOption
from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    Event,
    Evidence,
    Identified,
    MessagePublished,
    ParticipantNamed,
    PublishRequested,
    ReceiptRefused,
    ReceiptReported,
    RequestMade,
)

Aliases = Mapping[str, str]
"""Old id → the id that stands for it in all views."""

OPTION = "--alias"
CONSUMER = "CONSUMER"


def parse_aliases(written: Iterable[str]) -> dict[str, str]:
    """``["old=new", …]`` to a mapping in which every id leads to its last name at once.

    Raises:
        BadOption: one is not OLD=NEW, one id gets two names, or they go round in a circle.
    """
    aliases: dict[str, str] = {}
    for pair in written:
        old, _, new = pair.partition("=")
        if not old or not new:
            raise BadOption(OPTION, f'"{pair}" is not OLD=NEW', hint="recorder message show tells whole ids")
        if aliases.setdefault(old, new) != new:
            raise BadOption(OPTION, f'"{old}" cannot be both "{aliases[old]}" and "{new}"')
    named = {old: new for old, new in aliases.items() if old != new}
    return {old: _last_name(old, named) for old in named}


def _last_name(old: str, aliases: Aliases) -> str:
    passed = [old]
    while (name := aliases.get(passed[-1])) is not None:
        if name in passed:
            raise BadOption(OPTION, f"{' = '.join([*passed, name])} goes round in a circle")
        passed.append(name)
    return passed[-1]


def rewritten(events: Iterable[Event], aliases: Aliases) -> Iterator[Event]:
    """The same events with every old id replaced, wherever a participant stands in them."""
    if not aliases:
        yield from events
        return
    for event in events:
        rewrite = _REWRITE.get(type(event))
        yield event if rewrite is None else rewrite(event, aliases)


def _participant(event: Any, aliases: Aliases) -> Any:
    new = aliases.get(event.participant)
    return event if new is None else event._replace(participant=new)


def _author(event: Any, aliases: Aliases) -> Any:
    new = aliases.get(event.author)
    return event if new is None else event._replace(author=new)


def _snapshot(event: ConversationChanged, aliases: Aliases) -> ConversationChanged:
    named = (
        one._replace(participant=aliases.get(one.participant, one.participant)) for one in event.participants
    )
    merged = tuple(dict.fromkeys(named))  # a snapshot during the change may list the person twice
    return event if merged == event.participants else event._replace(participants=merged)


_REWRITE: dict[type, Callable[[Any, Aliases], Any]] = {
    Identified: _participant,
    ParticipantNamed: _participant,
    PublishRequested: _author,
    MessagePublished: _author,
    ReceiptReported: _participant,
    ReceiptRefused: _participant,
    ChatStateReported: _participant,
    ConversationChanged: _snapshot,
}


# --- suggestions ----------------------------------------------------------------------------------------


class Suggestion(NamedTuple):
    """Two ids that may be one person, the newer one last, and what makes it look so."""

    old: str
    new: str
    why: str

    @property
    def option(self) -> str:
        """What to type to merge them."""
        return f"{OPTION} {self.old}={self.new}"


class _FirstSeen(NamedTuple):
    """First server time (if any) and first frame of a participant id."""

    server_ms: int | None
    frame: int


class ParticipantTracker:
    """Collects participants, their dialogs and conversations from the events of a session."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._spoke_as: dict[str, Evidence] = {}
        self._consumers: dict[str, dict[str, _FirstSeen]] = {}
        self._conversation_of: dict[str, str] = {}
        self._roles: dict[str, str] = {}
        self._requests: dict[int, tuple[int, int]] = {}
        self._found: list[Suggestion] | None = []

    def watch(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the events unchanged, and collect their participants."""
        for event in events:
            rule = _TRACKER_RULES.get(type(event))
            if rule is not None:
                rule(self, event)
            yield event

    def suggestions(self) -> list[Suggestion]:
        """Pairs that may be one person, each once: our own ids on connections that followed each other, and
        several consumers in one conversation (where there should be one)."""
        if self._found is None:
            self._found = list(self._several_consumers())
        found = [*self._several_of_us(), *self._found]
        return list({frozenset((each.old, each.new)): each for each in reversed(found)}.values())[::-1]

    def suggested_ids(self) -> set[str]:
        """The ids of all suggestions."""
        return {name for each in self.suggestions() for name in (each.old, each.new)}

    def _several_of_us(self) -> Iterator[Suggestion]:
        ours = sorted(self._spoke_as.items(), key=lambda item: (item[1].connection, item[1].frame))
        for old, first in ours[:-1]:
            new, last = ours[-1]
            if not self._may_have_stepped_up(old, first.connection, new, last.connection):
                continue
            why = (
                f"we spoke as the first on connection {first.connection}, as the second on {last.connection}"
            )
            yield Suggestion(old, new, why)

    def _may_have_stepped_up(self, old: str, first: int, new: str, last: int) -> bool:
        """Whether nothing says that these two are an agent, or that they spoke at the same time."""
        if {self._roles.get(old, CONSUMER), self._roles.get(new, CONSUMER)} != {CONSUMER}:
            return False
        one, other = self._requests.get(first), self._requests.get(last)
        return first == last or one is None or other is None or one[1] < other[0]

    def _several_consumers(self) -> Iterator[Suggestion]:
        for conversation_id, consumers in self._by_conversation().items():
            ordered = _in_order(consumers)
            for old in ordered[:-1]:
                yield Suggestion(old, ordered[-1], f"both are consumers in conversation {conversation_id}")

    def _by_conversation(self) -> dict[str, dict[str, _FirstSeen]]:
        merged: dict[str, dict[str, _FirstSeen]] = {}
        for place, consumers in self._consumers.items():
            known = merged.setdefault(self._conversation_of.get(place, place), {})
            for participant, first_seen in consumers.items():
                known[participant] = _earlier(known.get(participant), first_seen)
        return merged

    def _note_request(self, event: RequestMade) -> None:
        connection, frame = event.evidence.connection, event.evidence.frame
        first, last = self._requests.get(connection, (frame, frame))
        self._requests[connection] = (min(first, frame), max(last, frame))

    def _note_identity(self, event: Identified) -> None:
        self.names.add(event.participant)
        self._spoke_as.setdefault(event.participant, event.evidence)

    def _note_message(self, event: MessagePublished) -> None:
        if event.conversation_id is not None:
            self._belongs(event.dialog_id, event.conversation_id)
        self._note_consumer(event.dialog_id, event.author, event.role, event.evidence)

    def _note_participant(self, event: ReceiptReported | ChatStateReported) -> None:
        self._note_consumer(event.dialog_id, event.participant, event.role, event.evidence)

    def _note_snapshot(self, event: ConversationChanged) -> None:
        for dialog in event.dialogs:
            self._belongs(dialog.dialog_id, event.conversation_id)
        for one in event.participants:
            self._note_consumer(event.conversation_id, one.participant, one.role, event.evidence)

    def _note_consumer(
        self, place: str | None, participant: str | None, role: str | None, evidence: Evidence
    ) -> None:
        if participant is None:
            return
        self.names.add(participant)
        if role is not None and role != CONSUMER:
            self._roles[participant] = role
        if place is not None and role == CONSUMER:
            consumers = self._consumers.setdefault(place, {})
            known = consumers.get(participant)
            first_seen = _earlier(known, _FirstSeen(evidence.server_ms, evidence.frame))
            if first_seen != known:
                consumers[participant], self._found = first_seen, None

    def _belongs(self, dialog_id: str, conversation_id: str) -> None:
        if self._conversation_of.get(dialog_id) != conversation_id:
            self._conversation_of[dialog_id], self._found = conversation_id, None


_TRACKER_RULES: dict[type, Callable[[ParticipantTracker, Any], None]] = {
    RequestMade: ParticipantTracker._note_request,
    Identified: ParticipantTracker._note_identity,
    MessagePublished: ParticipantTracker._note_message,
    ReceiptReported: ParticipantTracker._note_participant,
    ChatStateReported: ParticipantTracker._note_participant,
    ConversationChanged: ParticipantTracker._note_snapshot,
}


def _earlier(known: _FirstSeen | None, first_seen: _FirstSeen) -> _FirstSeen:
    if known is None:
        return first_seen
    times = [each.server_ms for each in (known, first_seen) if each.server_ms is not None]
    return _FirstSeen(min(times, default=None), min(known.frame, first_seen.frame))


def _in_order(consumers: Mapping[str, _FirstSeen]) -> list[str]:
    """Oldest first: by their clock if it tells of all (a history is replayed late), else by frame."""
    if all(first_seen.server_ms is not None for first_seen in consumers.values()):
        return sorted(consumers, key=lambda one: (consumers[one].server_ms or 0, consumers[one].frame, one))
    return sorted(consumers, key=lambda one: (consumers[one].frame, one))
