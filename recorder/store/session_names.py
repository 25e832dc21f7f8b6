"""Which session an id, the beginning of one, a name, or ``last`` means. Loads no database library."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

from recorder.errors import NotFound

from .completeness import REFUSED
from .remarks import Notify, silent

LAST = "last"
_COUNTED = re.compile(r"(.*)~([0-9]{1,9})", re.ASCII | re.DOTALL)


class NamedSession(Protocol):
    """A session as far as its id and its name."""

    @property
    def session(self) -> str:
        """Public id."""
        ...

    @property
    def name(self) -> str | None:
        """What the user called it, or None."""
        ...

    @property
    def state(self) -> str | None:
        """As in ``SessionInfo``; may be None while it has no end record."""
        ...


SessionT = TypeVar("SessionT", bound=NamedSession)


def pick(
    sessions: Sequence[SessionT], name: str, say: Notify = silent, *, connected: bool = False
) -> SessionT:
    """The session that ``name`` means: ``last``, an id, a name, or the unique beginning of an id.

    ``sessions`` are in order, oldest first. Of several with one name the newest is meant, and ``say`` is
    called with how many there are. ``name~1`` and ``last~1`` are the one before, ``~2`` the one before that;
    a session that is really called so comes first. With ``connected``, refused sessions are passed over,
    unless an id is given: there is no message in them, and of nothing every check would hold.

    Raises:
        NotFound: there is none, or more than one id begins so.
    """
    candidates = [each for each in sessions if each.state != REFUSED] if connected else sessions
    if name == LAST and candidates:
        return candidates[-1]
    if of_this_id := [each for each in sessions if each.session == name]:
        return _only(of_this_id, name)
    if named := _called(candidates, name):
        if len(named) > 1:
            say(f"{name}: the newest of {len(named)}")
        return named[-1]
    if (counted := _counted_back(candidates, name)) is not None:
        return counted
    if fitting := [each for each in sessions if name and each.session.startswith(name)]:
        return _only(fitting, name)
    if refused := [each for each in sessions if name in (LAST, each.name) and each.state == REFUSED]:
        raise NotFound("session", name, hint=f"{refused[-1].session} is refused: the service never let it in")
    from difflib import get_close_matches  # slow to import, and rarely needed

    words = [word for each in sessions for word in (each.session, each.name) if word]
    raise NotFound("session", name, close=get_close_matches(name, words))


def _called(sessions: Sequence[SessionT], name: str) -> list[SessionT]:
    return [each for each in sessions if each.name == name]


def _only(matches: Sequence[SessionT], name: str) -> SessionT:
    if len(matches) > 1:
        raise NotFound("session", name, close=[each.session for each in matches], many=True)
    return matches[0]


def _counted_back(sessions: Sequence[SessionT], name: str) -> SessionT | None:
    """The session that ``NAME~NUMBER`` means; None where it is not written so, or nothing has that name."""
    if (written := _COUNTED.fullmatch(name)) is None:
        return None
    called, back = written[1], int(written[2])
    named = sessions if called == LAST else _called(sessions, called)
    if not named:
        return None
    if back >= len(named):
        raise NotFound("session", name, hint=f"the oldest of {len(named)} is {called}~{len(named) - 1}")
    return named[-1 - back]
