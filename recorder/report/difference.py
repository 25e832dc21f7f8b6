"""The output of ``session diff``, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import IO

from recorder.receipts.difference import Change, Difference, Occurrence

from .json_views import delay_json
from .tables import print_line

_MARKS = {
    "appeared": ("+", "green"),
    "vanished": ("-", "red"),
    "changed": ("!", "yellow"),
    "moved": ("~", ""),
}
"""First character and style of a line, by kind of change. A delay within ``--delays-over`` has no mark."""


def print_difference(stream: IO[str], difference: Difference) -> None:
    """One line for each change, under its dialog; nothing if the sessions do not differ."""
    for dialog, changes in groupby(difference.changes, key=lambda change: change.dialog):
        listed = list(changes)
        print_line(stream, f"dialog {dialog} ({' and '.join(_ids(listed))})")
        for change in listed:
            mark, style = _MARKS[change.kind.partition("-")[2]] if change.differs else (" ", "dim")
            print_line(stream, f"{mark} {change.sentence}", style=style)


def _ids(changes: Sequence[Change]) -> list[str]:
    """The ids of a dialog in both sessions, once if they are equal."""
    places = [place for change in changes for place in (change.first, change.second) if place is not None]
    return list(dict.fromkeys(place.dialog_id or "unknown" for place in places))


def difference_json(difference: Difference) -> Iterator[dict[str, object]]:
    """The lines of ``session diff --json``. ``differs`` is false if only a delay changed a little."""
    return (_change_json(change) for change in difference.changes)


def _change_json(change: Change) -> dict[str, object]:
    return {
        "kind": change.kind,
        "dialog": change.dialog,
        "sequence": change.sequence,
        "participant": change.participant,
        "status": change.status,
        "differs": change.differs,
        "a": None if change.first is None else _place_json(change.first),
        "b": None if change.second is None else _place_json(change.second),
        "says": change.sentence,
    }


def _place_json(place: Occurrence) -> dict[str, object]:
    return {
        "dialog": place.dialog_id,
        "sequence": place.sequence,
        "frame": place.frame,
        "value": place.value,
        "delay": delay_json(place.delay),
    }
