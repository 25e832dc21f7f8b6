"""The statuses of receipts that some public material describes, and misspelt ones told from unknown ones."""

from __future__ import annotations

from typing import Final

from .events import Evidence, OddityNoticed

STATUSES: Final = ("ACCEPT", "READ", "ACCESS", "NACK", "ACTION", "VIEWED")
"""Known statuses; a later release of the protocol may have others."""

KNOWN_STATUSES: Final = frozenset(STATUSES)

MISSPELT_STATUS: Final = "misspelt-status"
UNKNOWN_STATUS: Final = "unknown-status"

_LONGEST = 32
_ENDINGS = ("", "S", "D", "ED", "ING", "ER")
# Words of their own that only their letters bring near to a status.
_OTHER_WORDS = frozenset({"ACK", "ACTIVE", "UNREAD"})


def status_oddity(status: str, evidence: Evidence) -> OddityNoticed | None:
    """The oddity of a receipt's status; None for a known one. Case counts: the service compares words."""
    if status in KNOWN_STATUSES:
        return None
    word = f'"{status}"' if len(status) <= _LONGEST else f'"{status[:_LONGEST]}…"'
    meant = probable_status(status)
    if meant is None:
        return OddityNoticed(UNKNOWN_STATUS, f"a receipt of status {word}", evidence)
    return OddityNoticed(MISSPELT_STATUS, f"status {word} was sent; {meant} was probably meant", evidence)


def probable_status(status: str) -> str | None:
    """The known status that was probably meant; None if no such word is near.

    Near is another case, blanks or punctuation around it, another ending (``ACCEPTED``), or one wrong letter,
    two in a word of six.
    """
    word = status[: 2 * _LONGEST].strip(" \t\r\n\"'._-").upper()
    if len(word) > _LONGEST or word in _OTHER_WORDS:
        return None
    for known in STATUSES:
        if word in {stem + ending for stem in (known, known.removesuffix("ED")) for ending in _ENDINGS}:
            return known
    distances = [(_distance(word, known), place) for place, known in enumerate(STATUSES)]
    least, place = min(distances)
    return STATUSES[place] if least <= (1 if len(STATUSES[place]) <= 4 else 2) else None


def _distance(one: str, other: str) -> int:
    """How many letters are inserted, left out, replaced or swapped with their neighbour."""
    before, row = list[int](), list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, wanted in enumerate(other, start=1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                least = min(least, earlier[j - 2] + 1)
            row.append(least)
    return row[-1]
