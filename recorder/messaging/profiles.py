"""Names of participants, as user profiles tell them: those that a client asks for, and the one it sets.

No event of a dialog carries a name, and no snapshot does. A token may, and there it is left out with all
other claims that nothing is joined on.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from . import typenames
from .envelopes import Request, id_text
from .events import Evidence, ParticipantNamed

_NICKNAMES: Final = ("nickName", "nickname")
_FULL_NAME: Final = (("firstName", "lastName"), ("firstname", "lastname"))
_PERSONAL: Final = "personal"
_LONGEST: Final = 128


class RequestedProfile(NamedTuple):
    """What a request says of a profile.

    Attributes:
        participant: whose profile it is about; None: that of whoever sends it.
        name: the name that it sets; None if it asks for one.
    """

    participant: str | None
    name: str | None


def requested_profile(request: Request) -> RequestedProfile | None:
    """The profile that a GetUserProfile or SetUserProfile is about; None for any other request."""
    body = request.body
    if request.type == typenames.SET_USER_PROFILE:
        return RequestedProfile(None, name_in(body))
    if request.type != typenames.GET_USER_PROFILE:
        return None
    return RequestedProfile(id_text(body.get("userId")) if type(body) is dict else id_text(body), None)


def named_by(requested: RequestedProfile, body: object, evidence: Evidence) -> ParticipantNamed | None:
    """The name that follows from a request and the body of its 2xx response; None if there is none."""
    name = requested.name or name_in(body)
    return None if name is None else ParticipantNamed(requested.participant, name, evidence)


def name_in(body: object) -> str | None:
    """The name in a profile: the nickname, else first and last name.

    A profile is an object, or, as an SDK hands it on, a list of objects with the name under ``personal``.
    """
    for profile in body if type(body) is list else [body]:
        fields = profile.get(_PERSONAL, profile) if type(profile) is dict else None
        name = _name_of(fields) if type(fields) is dict else None
        if name:
            return name
    return None


def _name_of(fields: dict[str, Any]) -> str:
    nicknames = (_text(fields.get(key)) for key in _NICKNAMES)
    full_names = (" ".join(filter(None, (_text(fields.get(key)) for key in keys))) for keys in _FULL_NAME)
    return next(filter(None, (*nicknames, *full_names)), "")


def _text(value: object) -> str:
    return " ".join(value[:_LONGEST].split()) if type(value) is str else ""
