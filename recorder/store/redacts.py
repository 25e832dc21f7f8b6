"""What the store wants of a redactor: it blanks secrets in whatever a record says."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Protocol

from recorder.wire.handshake import Headers


class Redacts(Protocol):
    """Blanks secrets; ``recorder.redaction.redactor.Redactor`` is one."""

    def payload(self, data: bytes, *, stream: Hashable, fin: bool, continuation: bool) -> bytes:
        """The payload of one data frame; the same object if nothing was blanked."""
        ...

    def holds_no_secret(self, payloads: Sequence[bytes]) -> bool:
        """Whether ``payload`` would give each of these back as it is: whole payloads of data frames.

        False, too, where that is not to be told at a glance.
        """
        ...

    def forget(self, stream: Hashable) -> None:
        """Drop what was held back of a payload that will not be finished."""
        ...

    def headers(self, pairs: Headers) -> Headers:
        """HTTP headers."""
        ...

    def url(self, text: str) -> str:
        """A URL."""
        ...

    def text(self, text: str) -> str:
        """Any other text."""
        ...
