"""Tokens that clients send as subprotocols, because browsers let them set no other header."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from .names import KNOWN_NAMES
from .patterns import is_opaque
from .tokens import is_jwt

_SHORTEST_SUFFIX: Final = 8
_SEPARATOR = re.compile(r"[.:|-]")
_KUBERNETES: Final = "base64url.bearer.authorization.k8s.io."


def subprotocol_secrets(offered: Iterable[str]) -> Iterator[str]:
    """The tokens in a list of subprotocols.

    That is what follows a name like ``bearer``, as the next element or after a full stop or hyphen in the
    same one (Kubernetes: ``base64url.bearer.authorization.k8s.io.…``), and every JSON Web Token.
    """
    follows = False
    for element in filter(None, map(str.strip, offered)):
        if follows or is_jwt(element):
            follows = False
            yield element
        elif suffix := _suffix(element):
            yield suffix
        else:
            follows = _is_name(element)


def _suffix(element: str) -> str | None:
    """What stands after the name of a secret in the same element."""
    if element.lower().startswith(_KUBERNETES):
        return element[len(_KUBERNETES) :] or None
    for separator in _SEPARATOR.finditer(element):
        suffix = element[separator.end() :]
        if (
            len(suffix) >= _SHORTEST_SUFFIX
            and is_opaque(_bytes(suffix))
            and _is_name(element[: separator.start()])
        ):
            return suffix
    return None


def _is_name(text: str) -> bool:
    return KNOWN_NAMES.anywhere(_bytes(text))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
