"""The messages of a session as a pane shows them, kept up to date by what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from recorder.errors import RecorderError
from recorder.receipts.delays import Clocks
from recorder.receipts.listing import dialogs_of
from recorder.receipts.participants import PeopleWords, people_words
from recorder.receipts.queries import MessageView
from recorder.receipts.self_facts import KnownPeople
from recorder.recipes.filters import Filters
from recorder.recipes.message_filter import ListingFilter
from recorder.report.layout import READABLE, Column
from recorder.report.messages import dialog_line, message_columns, message_row, status_cells

from .row_table import Row, RowTable

MessageId = tuple[str | None, int]
"""Dialog and sequence; for a publish without one, dialog and minus the number of its frame, minus one."""

_NEEDS = {4: 60, 5: 96, 6: 96, 7: 120}
"""Columns that the time, the receipts, and other receipts take to be shown."""


def id_of(message: MessageView) -> MessageId:
    """What stays the same of a message while it changes."""
    if message.sequence is not None:
        return (message.dialog_id, message.sequence)
    return (message.dialog_id, -(message.request_frame or 0) - 1)


def reference_of(message: MessageView) -> str:
    """How ``message show`` is told which message: ``DIALOG:SEQUENCE``, or ``#FRAME``."""
    if message.sequence is None:
        return f"#{message.request_frame}"
    return str(message.sequence) if not message.dialog_id else f"{message.dialog_id}:{message.sequence}"


@dataclass(slots=True)
class _DialogMessages:
    """The messages of a dialog by sequence, publishes of ours that have none by frame.

    ``given``: all of them, where they came at once.
    """

    numbered: dict[int, MessageView] = field(default_factory=dict)
    unnumbered: dict[int, MessageView] = field(default_factory=dict)
    clocks: Clocks | None = None
    given: Sequence[MessageView] | None = None

    @classmethod
    def of(cls, listed: Sequence[MessageView]) -> _DialogMessages:
        """These messages, which are in order."""
        numbered = {each.sequence: each for each in listed if each.sequence is not None}
        unnumbered = {each.request_frame or 0: each for each in listed if each.sequence is None}
        return cls(numbered, unnumbered, given=listed)

    def put(self, message: MessageView) -> None:
        """Take a message in the place of what was known of it."""
        frame = message.request_frame
        if message.sequence is None:
            self.unnumbered[frame or 0] = message
        else:
            in_order = not self.numbered or message.sequence >= next(reversed(self.numbered))
            self.numbered[message.sequence] = message
            if not in_order:
                self.numbered = dict(sorted(self.numbered.items()))
            if frame is not None:
                self.unnumbered.pop(frame, None)
        self.clocks = None

    def messages(self) -> Iterator[MessageView]:
        """All of them, as ``message list`` has them in order."""
        yield from self.numbered.values()
        yield from self.unnumbered.values()


class Conversation:
    """The rows of ``message list``: a line for each dialog, and its messages below it.

    Attributes:
        table: what is to be shown.
        count: how many messages are shown.
    """

    def __init__(self, *, local: bool = False) -> None:
        self._local = local
        self._cells = status_cells()
        self._dialogs: dict[str | None, _DialogMessages] = {}
        self._words: PeopleWords = people_words({})
        self._filter: ListingFilter | None = None
        self._limit: int | None = None
        self._hidden: set[MessageId] = set()
        self.count = 0
        columns = [_cuttable(each) for each in message_columns(local=local)]
        self.table: RowTable[MessageView | str] = RowTable(columns, self._row, _NEEDS)

    def replace(self, messages: Iterable[MessageView], people: KnownPeople) -> None:
        """Show these messages, and no others; a dialog of which all are the same objects stays as it is."""
        self._words = people_words(people)
        given: dict[str | None, list[MessageView]] = {}
        for message in messages:
            given.setdefault(message.dialog_id, []).append(message)
        before, self._dialogs = self._dialogs, {}
        for dialog_id, listed in given.items():
            known = before.get(dialog_id)
            if known is None or known.given != listed:
                known = _DialogMessages.of(listed)
                for message in listed if self._filter is not None else ():
                    self._decide(message)
            self._dialogs[dialog_id] = known
        self._list()

    def update(self, changed: Iterable[MessageView], people: KnownPeople) -> None:
        """Take messages that are new or changed; ``people`` are everybody in the session."""
        self._words = people_words(people)
        for message in changed:
            self._dialogs.setdefault(message.dialog_id, _DialogMessages()).put(message)
            self._decide(message)
        self._list()

    def choose(self, filters: Filters | None, session: str) -> None:
        """Show only the messages that these filters leave in.

        Raises:
            BadOption: a filter cannot be decided for a message; then all are shown.
        """
        self._filter = None if filters is None else ListingFilter(filters, session)
        self._limit = None if filters is None else filters.limit
        self._hidden.clear()
        try:
            for dialog in self._dialogs.values():
                for message in dialog.messages():
                    self._decide(message)
        except RecorderError:
            self._filter = self._limit = None
            self._hidden.clear()
            raise
        finally:
            self._list()

    def message_at(self, index: int) -> MessageView | None:
        """The message in a row; None for the line of a dialog, or where there is no row."""
        item = self.table.items[index] if 0 <= index < len(self.table) else None
        return item if isinstance(item, MessageView) else None

    def place_of(self, message: MessageId | None, near: int = 0) -> int | None:
        """The row of a message, looked for first where it was; None if it is not shown."""
        known = self.message_at(near)
        if known is not None and id_of(known) == message:
            return near
        for index, item in enumerate(self.table.items):
            if isinstance(item, MessageView) and id_of(item) == message:
                return index
        return None

    def _decide(self, message: MessageView) -> None:
        """Hide a message that the filter leaves out."""
        if self._filter is not None and not self._filter.passes(message):
            self._hidden.add(id_of(message))
        else:
            self._hidden.discard(id_of(message))

    def _list(self) -> None:
        items: list[MessageView | str] = []
        self.count = 0
        for dialog_id, dialog in self._dialogs.items():
            shown = list(dialog.messages())
            if self._hidden:
                shown = [each for each in shown if id_of(each) not in self._hidden]
            if self._limit is not None:
                shown = shown[: self._limit - self.count]
            if shown:
                self.count += len(shown)
                items.append(dialog_line(dialog_id))
                items += shown
        self.table.items = items

    def _row(self, item: MessageView | str) -> Row | str:
        if isinstance(item, str):
            return item
        return message_row(
            item, self._cells[item.status], self._clocks(item.dialog_id), self._words, local=self._local
        )

    def _clocks(self, dialog_id: str | None) -> Clocks:
        dialog = self._dialogs[dialog_id]
        if dialog.clocks is None:
            dialog.clocks = next(dialogs_of(list(dialog.messages()))).clocks
        return dialog.clocks


def _cuttable(column: str | Column) -> Column:
    """The same column where a row may not take a second line."""
    read = Column.read(column) if isinstance(column, str) else column
    return read._replace(least=None if read.least is None else min(read.least, READABLE), whole=False)
