"""The facts that the rules read, kept up to date event by event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from recorder.messaging.events import (
    Event,
    Evidence,
    ParticipantNamed,
    Proof,
)
from recorder.receipts.echoes import MessageKey
from recorder.receipts.participants import ONLY_YOU, PeopleWords, own_word, people_words
from recorder.receipts.queries import MessageView
from recorder.receipts.self_facts import self_roles, speaking_in
from recorder.receipts.selves import Selves
from recorder.receipts.state import Transcript

from .announced_dialogs import AnnouncedDialogs
from .dependencies import Dependencies, Facts, Kind
from .dialog_clocks import NotedClocks, SessionClocks
from .dialog_numbers import AnnouncedNumbers
from .event_facts import EventFacts
from .findings import Limits
from .given_receipts import GivenReceipt
from .input import CheckInput, ConnectionFact
from .message_views import participants_in
from .receipt_index import ReceiptIndex
from .shown_sequences import ShownSequences


class SeenMessage(NamedTuple):
    """A message with evidence of its own, not only named by receipts."""

    dialog_id: str
    sequence: int
    sent: Evidence
    message: MessageView


class SessionIndex(EventFacts):
    """The check input and its limits, with lookups by type, message, dialog, connection and request.

    Attributes:
        input: as of now; ``end``: its end, on our clocks.
        receipts, numbers, shown, clocks, announced_dialogs: of these, see their classes.
        connections: connections by number; ``endings`` those that have ended, None while they have not.
        people_words: what we are called.
    """

    def __init__(self, transcript: Transcript, limits: Limits, dependencies: Dependencies) -> None:
        super().__init__(transcript, dependencies)
        self.limits, self.input = limits, CheckInput((), transcript)
        self.receipts, self.numbers = ReceiptIndex(dependencies), AnnouncedNumbers(dependencies)
        self.announced_dialogs, self.shown = AnnouncedDialogs(dependencies), ShownSequences(dependencies)
        self._messages: Facts[MessageKey, MessageView] = Facts(dependencies)
        self._messages.values = self.views.views
        self._seen_as: dict[MessageKey, MessageView] = {}
        self.clocks = SessionClocks(dependencies)
        self.connections: Facts[int, ConnectionFact] = Facts(dependencies)
        self.endings: Facts[int, ConnectionFact | None] = Facts(dependencies)
        self._roles: Facts[str, tuple[int, str]] = Facts(dependencies)
        self._speaking: set[int] = set()
        self._violations = 0
        self._closed_us: tuple[int | None, int | None] | None = None
        self.people_words: PeopleWords = ONLY_YOU
        self.end = self._end()
        dependencies.appear(Kind.SESSION, None)

    # --- what comes --------------------------------------------------------------------------------------

    def advance(self, check_input: CheckInput, events: Sequence[Event]) -> None:
        """Take further events, which are folded into the transcript, and the rest of the input as of now.

        Of the connections only those that may have changed are needed.
        """
        began, self._violations = self._violations, len(check_input.violations)
        self.input = check_input
        if events:
            self.facts.put("any-events", True)
        came = self.take(events)
        before, roles = self.selves, self._learn_roles(events)
        self.numbers.advance(came, self.subscription_frames)
        changed, others = self.views.advance(events)
        for key in changed:
            self._see(key)
        self.receipts.advance(events, self.selves, others=others)
        self.announced_dialogs.advance(events, self.selves, others=others)
        self._learn_words(events, before, roles=roles)
        for place in range(began, len(check_input.violations)):
            self.dependencies.appear(Kind.VIOLATION, place)
            self.facts.put(f"violated {check_input.violations[place].connection}", True)
        for connection in check_input.connections:
            self._connect(connection)
        self._pass_time()
        self._note_state()
        if others:
            self.dependencies.touch_all()
        self.clocks.settle()

    def _see(self, key: MessageKey) -> None:
        view = self.views.views.get(key)
        self.clocks.change(key[0], self._seen_as.get(key), view)
        if view is None:
            self._seen_as.pop(key, None)
            self.dependencies.vanish(Kind.MESSAGE, key)
        else:
            self._seen_as[key] = view
            self.dependencies.appear(Kind.MESSAGE, key)
            self.dependencies.touch(Kind.MESSAGE, key)
        self._messages.touch(key)
        self.shown.see(key, view)
        self.see_number(key)

    def _connect(self, connection: ConnectionFact) -> None:
        number = connection.connection
        known = self.connections.values.get(number)
        if known == connection:
            return
        self.connections.put(number, connection)
        before = (None, None) if known is None else (known.closed_at_us, known.closed_offset_us)
        if before != (connection.closed_at_us, connection.closed_offset_us):
            self._closed_us = None
        self.endings.put(number, connection if connection.ended else None)
        self.dependencies.appear(Kind.CONNECTION, number)
        self.dependencies.touch(Kind.CONNECTION, number)

    def disconnect(self, number: int) -> None:
        """A connection has not begun, as of now: the clock of its frames was set back."""
        if number in self.connections.values:
            del self.connections.values[number]
            del self.endings.values[number]
            self.dependencies.vanish(Kind.CONNECTION, number)
            self.connections.touch(number)
            self.endings.touch(number)
            self._closed_us = None

    def _pass_time(self) -> None:
        before, self.end = self.end, self._end()
        for clock, was_us, is_us in (
            ("offset", before.offset_us, self.end.offset_us),
            ("calendar", before.at_us, self.end.at_us),
        ):
            self.facts.put(clock, is_us is not None)
            if was_us is not None and (is_us is None or is_us < was_us):
                self.dependencies.touch_all()
            if is_us is not None:
                self.dependencies.pass_time(clock, is_us)

    def _note_state(self) -> None:
        check_input, facts = self.input, self.facts
        facts.put("clock-step", check_input.clock_step)
        facts.put("timed", check_input.last_at_us is not None)
        facts.put("over", bool(check_input.last_frame) and not check_input.recording)
        facts.put("missing", (check_input.missing, check_input.last_frame) if check_input.missing else None)
        facts.put("any-ids", bool(self.selves.ids))
        if len(self.selves.ids) > 1:
            facts.put("ours", tuple(sorted(self.people.suggested_ids() & self.selves.ids)))

    def _learn_words(self, events: Sequence[Event], before: Selves, *, roles: bool) -> None:
        """What we are called, where there is more than one of us."""
        speaking = len(self._speaking)
        self._speaking |= set(speaking_in(self.input.transcript, events))
        named = any(isinstance(event, ParticipantNamed) for event in events)
        if roles or named or self.selves != before or len(self._speaking) > speaking:
            words = people_words(self_roles(self.input.transcript, self.selves, self._speaking))
            if words != self.people_words:
                self.people_words = words
                self.dependencies.touch_all()

    def _learn_roles(self, events: Sequence[Event]) -> bool:
        """Whether one of us has another role than before."""
        ours = False
        for who in participants_in(events):
            now, known = self.input.transcript.roles.get(who), self._roles.values.get(who)
            if now is not None and (known is None or known[1] != now[1]):
                self._roles.put(who, now)
                ours = ours or who in self.selves.ids
        return ours

    # --- what rules ask ----------------------------------------------------------------------------------

    @property
    def selves(self) -> Selves:
        """Who we are on each connection."""
        return self.views.selves

    def message(self, dialog_id: str, sequence: int) -> MessageView | None:
        """The view of a message, or of one that only receipts name."""
        return self._messages.get((dialog_id, sequence))

    def seen(self, key: MessageKey) -> SeenMessage | None:
        """A message that was published or announced in this recording."""
        view = self._messages.get(key)
        return None if view is None or view.sent is None else SeenMessage(*key, view.sent, view)

    def clocks_of(self, dialog_id: str) -> NotedClocks:
        """How far the service's clock and ours agree on a dialog."""
        return self.clocks.of(dialog_id)

    def role_of(self, participant: str | None) -> str | None:
        """The newest role of a participant."""
        role = None if participant is None else self._roles.get(participant)
        return None if role is None else role[1]

    def may_be_one(self, participant: str, author: str | None) -> bool:
        """Whether these are one person, or may be: an author without an id is us, a consumer may step up."""
        if author is None:
            return self.selves.is_one(participant) is True
        roles = {self.role_of(who) for who in (participant, author)}
        return participant == author or roles == {"CONSUMER"}

    def who(self, participant: str | None, *, mine: bool | None = None, connection: int | None = None) -> str:
        """``you``, ``ASSIGNED_AGENT 3d834d4d``, ``somebody``."""
        if mine or self.selves.is_one(participant):
            return own_word(participant, connection, self.people_words)
        if participant is None:
            return "somebody"
        role = self.role_of(participant)
        return f"{role} {participant[:8]}" if role else participant[:8]

    def giver(self, receipt: GivenReceipt) -> str:
        """Who gave a receipt, as ``who`` says it."""
        return self.who(receipt.participant, mine=receipt.mine, connection=receipt.first.connection)

    # --- how long somebody watched -----------------------------------------------------------------------

    def _end(self) -> Evidence:
        """The last moment anything could have been heard, on our clock."""
        if self._closed_us is None:
            closed = self.connections.values.values()
            self._closed_us = (
                _latest(None, (connection.closed_at_us for connection in closed)),
                _latest(None, (connection.closed_offset_us for connection in closed)),
            )
        at_us = _latest(self.input.last_at_us, self._closed_us[:1])
        offset_us = _latest(self.input.last_offset_us, self._closed_us[1:])
        return Evidence(Proof.CLAIMED, self.input.last_frame, 0, at_us, offset_us)

    @property
    def end_words(self) -> str:
        """Why no more was heard, and after which frame."""
        if self.input.recording:
            return going_on_words(self.input.last_frame)
        connections = self.connections.values.values()
        closed = bool(connections) and all(connection.how is not None for connection in connections)
        return ended_words(self.input.last_frame, closed=closed)


def going_on_words(last_frame: int) -> str:
    """What follows frame ``last_frame`` is not known yet."""
    return f"frame #{last_frame}, its last so far; the recording goes on"


def ended_words(last_frame: int, *, closed: bool) -> str:
    """What ended after this frame: a connection whose end was seen (``closed``), or the recording."""
    return f"the {'connection' if closed else 'recording'} ended after frame #{last_frame}"


def _latest(one: int | None, others: Iterable[int | None]) -> int | None:
    return max((value for value in (one, *others) if value is not None), default=None)
