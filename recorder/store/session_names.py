"""Which session an id, the beginning of one, a name, or ``last`` means. Loads no database library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from recorder.errors import NotFound


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


SessionT = TypeVar("SessionT", bound=NamedSession)


def pick(sessions: Sequence[SessionT], name: str) -> SessionT:
    """The session that ``name`` means: ``last``, an id, a name, or the unique beginning of an id.

    Raises:
        NotFound: there is none, or more than one.
    """
    if name == "last" and sessions:
        return sessions[-1]
    for matches in (
        [each for each in sessions if each.session == name],
        [each for each in sessions if each.name == name],
        [each for each in sessions if name and each.session.startswith(name)],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise NotFound("session", name, close=[each.session for each in matches], many=True)
    from difflib import get_close_matches  # slow to import, and rarely needed

    words = [word for each in sessions for word in (each.session, each.name) if word]
    raise NotFound("session", name, close=get_close_matches(name, words))
