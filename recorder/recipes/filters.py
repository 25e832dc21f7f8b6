"""What is to be listed, as people describe it: one description for frames, for messages, and for both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypedDict, TypeVar, Unpack

from recorder.documents.patterns import PatternTooSlow, SearchTime, check_pattern
from recorder.errors import BadOption
from recorder.wire.frames import Opcode, Side

from .at_moment import Moment, parse_moment
from .payload_query import PayloadQuery

T = TypeVar("T")

_OPCODES: Final = {
    "continuation": Opcode.CONTINUATION, "text": Opcode.TEXT, "binary": Opcode.BINARY,
    "close": Opcode.CLOSE, "ping": Opcode.PING, "pong": Opcode.PONG,
}  # fmt: skip
_LONGEST_SEARCHED = 1 << 20
"""Characters of a payload that a pattern is searched in."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What to list; a field that is None leaves everything in. Make one with ``parse_filters``.

    Attributes:
        type: of a payload, an event in it, or a message; in lower case.
        sender: of a frame "client" or "service"; of a message an id, a role or "you"; in lower case.
        opcode: of a frame.
        dialog: id of a dialog.
        status: a receipt's status, a message's status or the code of an answer; in lower case.
        participant: id of a participant.
        where: holds for the JSON of a payload or a message.
        grep: regular expression, found in the text of a payload or a message.
        since, until: the first and the last moment.
        limit: how many at most.
    """

    type: str | None = None
    sender: str | None = None
    opcode: int | None = None
    dialog: str | None = None
    status: str | None = None
    participant: str | None = None
    where: PayloadQuery | None = None
    grep: str | None = None
    since: Moment | None = None
    until: Moment | None = None
    limit: int | None = None

    @property
    def read_payloads(self) -> bool:
        """Whether any of them asks what a payload says."""
        asked = (self.type, self.dialog, self.status, self.participant, self.where, self.grep)
        return any(each is not None for each in asked)

    def has_type(self, name: str | None) -> bool:
        """Whether a type is the one asked for, whole (``ms.PublishEvent``) or from its last dot."""
        if self.type is None or name is None:
            return self.type is None
        known = name.lower()
        return self.type in (known, known.rpartition(".")[2])

    def is_within(self, number: int, offset_us: int | None, at_us: int | None) -> bool:
        """Whether a frame of this number and these times is neither before ``since`` nor after ``until``.

        Raises:
            BadOption: the time that this takes is not known.
        """
        if self.since is not None and self.since.of("--since", number, offset_us, at_us) < self.since.value:
            return False
        return self.until is None or self.until.of("--until", number, offset_us, at_us) <= self.until.value


NO_FILTERS = Filters()


class FilterWords(TypedDict, total=False):
    """Filters as people type them: see the options of ``frame list``."""

    type: str | None
    sender: str | None
    opcode: str | None
    dialog: str | None
    status: str | None
    participant: str | None
    where: str | None
    grep: str | None
    since: str | None
    until: str | None
    limit: int | None


def parse_filters(**given: Unpack[FilterWords]) -> Filters:
    """The filters that are described by these words, as the options of ``frame list`` have them.

    Raises:
        BadOption: one of them cannot be used.
    """
    return Filters(
        type=_parsed(str.lower, given.get("type")),
        sender=_parsed(str.lower, given.get("sender")),
        opcode=_parsed(_opcode, given.get("opcode")),
        dialog=given.get("dialog"),
        status=_parsed(str.lower, given.get("status")),
        participant=given.get("participant"),
        where=_parsed(PayloadQuery, given.get("where")),
        grep=_parsed(_pattern, given.get("grep")),
        since=_parsed(partial(parse_moment, option="--since"), given.get("since")),
        until=_parsed(partial(parse_moment, option="--until"), given.get("until")),
        limit=given.get("limit"),
    )


def _parsed(parse: Callable[[str], T], written: str | None) -> T | None:
    return None if written is None else parse(written)


def _opcode(word: str) -> int:
    if (known := _OPCODES.get(word.lower())) is not None:
        return known
    try:
        number = int(word, 0)
    except ValueError:
        number = -1
    if not 0 <= number < 16:
        raise BadOption("--opcode", f'"{word}" is no opcode', hint=f"{', '.join(_OPCODES)}, or 0 to 15")
    return number


def _pattern(pattern: str) -> str:
    try:
        return check_pattern(pattern)
    except ValueError as problem:
        raise BadOption("--grep", str(problem)) from None


def check_side(sender: str | None) -> None:
    """Check that a sender of frames is one of the two sides. Raises ``BadOption``."""
    sides = [each.value for each in Side]
    if sender is not None and sender not in sides:
        raise BadOption("--sender", f'a frame is sent by "{sides[0]}" or "{sides[1]}", not by "{sender}"')


class PatternSearch:
    """Searches texts for one pattern, each within the time limit."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._time = SearchTime()

    def found_in(self, text: str, where: str) -> bool:
        """Whether it is found in the text of ``where``. Raises ``BadOption`` if that takes too long."""
        self._time.reset()
        try:
            return self._time.matches(self._pattern, text, within=_LONGEST_SEARCHED)
        except PatternTooSlow as slow:
            raise BadOption("--grep", f"at {where} {slow.sentence}") from None
