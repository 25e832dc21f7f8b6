"""Answers to domain lookups: other addresses take the place of those of the services.

LivePerson's clients ask for the hosts of an account's services first. The answer names each as ``baseURI``
or ``lpServer``, in JSON or in a call of a function (JSONP).
"""

from __future__ import annotations

import re
from collections.abc import Callable

_ADDRESS = re.compile(rb'("(?:baseURI|lpServer)"\s*:\s*")(https?://|wss?://)?([^"\\/]+)(/?")')
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE
)

_OF_THE_OLD_BODY = (
    b"content-length", b"transfer-encoding", b"trailer", b"content-encoding",
    b"etag", b"content-md5", b"digest",
)  # fmt: skip

AddressFor = Callable[[str], str | None]
"""The address (host and port) to write in place of this one; None leaves it."""


def rewrite_addresses(body: bytes, address_for: AddressFor) -> bytes:
    """The answer to a lookup with other addresses of services; every other byte stays.

    What is no host, or a host and a port, is left as it is.
    """

    def replaced(found: re.Match[bytes]) -> bytes:
        named = found[3].decode("utf-8", "replace")
        other = address_for(named) if _HOST.fullmatch(named) else None
        if other is None:
            return found[0]
        return found[1] + (found[2] or b"") + other.encode("ascii") + found[4]

    return _ADDRESS.sub(replaced, body)


def answer_head(head: bytes, length: int) -> bytes:
    """The head of an answer whose body is now ``length`` bytes, not encoded and not in chunks."""
    lines = head.split(b"\n")
    kept = [line for line in lines if line.partition(b":")[0].strip().lower() not in _OF_THE_OLD_BODY]
    end = max(place for place, line in enumerate(kept) if line.strip()) + 1
    return b"\n".join([*kept[:end], b"Content-Length: %d\r" % length, *kept[end:]])
