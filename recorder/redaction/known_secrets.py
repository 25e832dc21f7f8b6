"""The secrets seen so far, in every spelling they may come back in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .encodings import SHORTEST, forms

_MOST = 256
_A_NUMBER = re.compile(r"[-+0-9.eE]*")


class Secret(NamedTuple):
    """A secret as it reads with its escapes undone, and the word its placeholder begins with."""

    word: str
    text: str


class Remembered:
    """Looks for known secrets. Of those learnt on the way the last 256 are kept; the given ones for good.

    Not remembered are secrets shorter than 8 characters, and those that are numbers: what is a password
    in one place is a time or a sequence in another, and a placeholder there would be no JSON.
    """

    def __init__(self) -> None:
        self._pinned: dict[str, Secret] = {}
        self._learnt: dict[str, Secret] = {}
        self._written: dict[Secret, list[bytes]] = {}
        self._forms: dict[str, Secret] = {}

    def learn(self, secrets: Iterable[Secret], *, pinned: bool = False) -> None:
        """Remember secrets from now on; of those already known nothing changes."""
        news = {secret.text: secret for secret in secrets if self._is_news(secret)}
        if not news:
            return
        (self._pinned if pinned else self._learnt).update(news)
        for text in list(self._learnt)[: max(0, len(self._learnt) - _MOST)]:
            del self._learnt[text]
        kept = (*self._learnt.values(), *self._pinned.values())
        written = {secret: self._written.get(secret) or forms(secret.text) for secret in kept}
        self._forms = {form.decode("latin-1"): secret for secret in kept for form in written[secret]}
        self._written = written

    def _is_news(self, secret: Secret) -> bool:
        text = secret.text
        known = text in self._pinned or text in self._learnt
        return not known and len(text) >= SHORTEST and not _A_NUMBER.fullmatch(text)

    def anywhere_in(self, data: bytes) -> bool:
        """Whether one of them stands there, in any spelling."""
        if not self._forms:
            return False
        text = data.decode("latin-1")
        return any(map(text.__contains__, self._forms))

    def places(self, data: bytes) -> Iterator[tuple[int, int, Secret]]:
        """Everywhere one of them stands: start, end, which."""
        text = data.decode("latin-1")
        for form, secret in self._forms.items():
            start = text.find(form)
            while start >= 0:
                yield start, start + len(form), secret
                start = text.find(form, start + 1)

    def open_from(self, data: bytes) -> int:
        """Where the end of ``data`` begins to read like one of them (from three letters on)."""
        opened = len(data)
        for form in (form for written in self._written.values() for form in written):
            start = data.find(form[:3], max(0, len(data) - len(form) + 1))
            while 0 <= start < opened:
                if form.startswith(data[start:]):
                    opened = start
                start = data.find(form[:3], start + 1)
        return opened
