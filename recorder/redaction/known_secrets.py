"""The secrets seen so far, in every spelling they may come back in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .encodings import SHORTEST, spellings_of
from .string_search import StringSearch

_MOST_LEARNED = 256
_BEGINNING = 16
"""Bytes of each spelling that are looked for first: whole ones would take megabytes for a token."""
_NUMBER = re.compile(r"[-+0-9.eE]*")


class Secret(NamedTuple):
    """A secret as it reads with its escapes undone, and the word its placeholder begins with."""

    word: str
    text: str


class KnownSecrets:
    """Finds known secrets in payloads. The last 256 learned ones are kept; permanent ones stay.

    Not kept are secrets shorter than 8 characters, and those that are numbers: what is a password
    in one place is a time or a sequence in another, and a placeholder there would be no JSON.
    """

    def __init__(self) -> None:
        self._permanent: dict[str, Secret] = {}
        self._learned: dict[str, Secret] = {}
        self._spellings: dict[Secret, list[bytes]] = {}
        self._forms: dict[str, Secret] = {}
        self._beginnings: StringSearch | None = None

    def add(self, secrets: Iterable[Secret], *, permanent: bool = False) -> None:
        """Look for these secrets from now on; known ones stay as they are."""
        new = {secret.text: secret for secret in secrets if self._is_new(secret)}
        if not new:
            return
        (self._permanent if permanent else self._learned).update(new)
        for text in list(self._learned)[: max(0, len(self._learned) - _MOST_LEARNED)]:
            del self._learned[text]
        all_secrets = (*self._learned.values(), *self._permanent.values())
        known = {secret: self._spellings.get(secret) or spellings_of(secret.text) for secret in all_secrets}
        self._forms = {form.decode("latin-1"): secret for secret in all_secrets for form in known[secret]}
        self._spellings = known
        self._beginnings = None

    def _is_new(self, secret: Secret) -> bool:
        text = secret.text
        known = text in self._permanent or text in self._learned
        return not known and len(text) >= SHORTEST and not _NUMBER.fullmatch(text)

    def anywhere_in(self, data: bytes) -> bool:
        """Whether the data contains a known secret, in any spelling."""
        if not self._forms:
            return False
        if self._beginnings is None:
            self._beginnings = StringSearch(
                (form[:_BEGINNING].encode("latin-1") for form in self._forms), small=True
            )
        if not self._beginnings.any_in(data):
            return False
        text = data.decode("latin-1")
        return any(map(text.__contains__, self._forms))

    def occurrences(self, data: bytes) -> Iterator[tuple[int, int, Secret]]:
        """Start, end and secret of every occurrence, in any spelling."""
        text = data.decode("latin-1")
        for form, secret in self._forms.items():
            start = text.find(form)
            while start >= 0:
                yield start, start + len(form), secret
                start = text.find(form, start + 1)

    def open_from(self, data: bytes) -> int:
        """Where a known secret may begin that the end of ``data`` cuts off (from three letters on)."""
        opened = len(data)
        for form in (form for written in self._spellings.values() for form in written):
            start = data.find(form[:3], max(0, len(data) - len(form) + 1))
            while 0 <= start < opened:
                if form.startswith(data[start:]):
                    opened = start
                start = data.find(form[:3], start + 1)
        return opened
