"""Tokens that clients send as subprotocols, because browsers let them set no other header."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
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


def shown_subprotocols(offered: Sequence[str]) -> list[str]:
    """The list as people may read it: an ellipsis in place of every token."""
    secrets = [secret.lower() for secret in subprotocol_secrets(offered)]
    return [_without(secrets, element) for element in offered]


def shown_choice(chosen: str, offered: Sequence[str]) -> str | None:
    """A subprotocol that a service chose; None if it is or holds a token, such as one that was offered."""
    secrets = [secret.lower() for secret in subprotocol_secrets(offered)]
    shown = _without([*secrets, *map(str.lower, subprotocol_secrets([chosen]))], chosen)
    return chosen if shown == chosen else None


def _without(secrets: Sequence[str], element: str) -> str:
    for secret in secrets:
        at = element.lower().find(secret)
        if at >= 0:
            element = f"{element[:at]}…{element[at + len(secret) :]}"
    return element


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
