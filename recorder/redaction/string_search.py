"""Whether any of many byte strings stands in a text: all are looked for in one pass (Aho and Corasick, 1975).

One search for each string would cost five times as much (tests/benchmarks/store_intake.py).
"""

from __future__ import annotations

from collections.abc import Iterable

from ahocorasick_rs import BytesAhoCorasick, Implementation

_STEP = 1 << 16
"""Bytes looked through at once: what is found in a huge text is a list, thrown away in small ones."""


class StringSearch:
    """A set of byte strings to look for; empty ones are left out.

    Args:
        small: take a tenth of the memory, and half as long again to look.
    """

    def __init__(self, strings: Iterable[bytes], *, small: bool = False) -> None:
        wanted = sorted(set(filter(None, strings)))
        form = Implementation.ContiguousNFA if small else Implementation.DFA
        self._find = BytesAhoCorasick(wanted, implementation=form).find_matches_as_indexes if wanted else None
        self._overlap = max(map(len, wanted), default=1) - 1

    def any_in(self, data: bytes) -> bool:
        """Whether one of them stands in the data."""
        find = self._find
        if find is None:
            return False
        if len(data) <= _STEP:
            return bool(find(data))
        return any(find(data[at : at + _STEP + self._overlap]) for at in range(0, len(data), _STEP))
