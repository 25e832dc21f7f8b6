"""Finds ids and names of people: in tokens, where the protocol names somebody, in profiles."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

from .json_values import CONTENT_KEYS, JsonPlace
from .people import NAME_WITHHELD
from .tokens import PLACEHOLDER, claims_of

_ID_KEYS: Final = frozenset(
    {"originatorId", "originatorPId", "participantId", "userId", "agentId", "consumerId", "ownerId", "pid"}
)
_HOLDERS_OF_ID: Final = frozenset(
    {"originatorMetadata", "participants", "participantsPId", "participantsDetails", "consumer", "agent"}
)
_PERSONAL_NAMES: Final = frozenset(
    {"firstname", "lastname", "nickname", "displayname", "email", "mobilenum", "phone", "username"}
    | {"fullname", "loginname"}
)
_SHORTEST_NAME: Final = 3


class PeopleListed:
    """Everybody that the payloads of a session name; ``names`` calls them person1, person2, … from then on.

    A name of a profile is called what nobody else is called, since a payload need not say whose it is.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._people = 0

    def add_participant(self, participant: str) -> None:
        """Somebody of this id."""
        if participant and participant not in self.names:
            self._people += 1
            self.names[participant] = f"person{self._people}"

    def add_name(self, name: str) -> None:
        """A name that somebody has."""
        if len(name) >= _SHORTEST_NAME and name not in self.names and name != NAME_WITHHELD:
            self.names[name] = NAME_WITHHELD

    def add_token(self, text: str) -> None:
        """Whoever the token, or the placeholder of one, in a header or an address is of."""
        claims = claims_of(text)
        if claims is not None and claims.sub is not None:
            self.add_participant(claims.sub)

    def add_payload(self, payload: bytes) -> None:
        """Everybody in a payload, if that is JSON."""
        try:
            found = orjson.loads(payload)
        except ValueError:
            try:
                found = json.loads(payload)
            except (ValueError, RecursionError):
                return
        self._add_values(found, JsonPlace(None))

    def _add_values(self, found: Any, place: JsonPlace) -> None:
        waiting = [(found, place)]
        while waiting:
            value, place = waiting.pop()
            if type(value) is dict:
                in_content = place.in_content or place.key in CONTENT_KEYS
                inner = [(each, JsonPlace(key, place.key, in_content)) for key, each in value.items()]
                waiting += reversed(inner)
            elif type(value) is list:
                waiting += [(each, place) for each in reversed(value)]
            elif type(value) is str:
                self._add_string(value, place)

    def _add_string(self, value: str, place: JsonPlace) -> None:
        key = place.key
        if key is None or place.in_content:
            return
        if key in _ID_KEYS or place.is_listed_by_role or (key == "id" and place.outer in _HOLDERS_OF_ID):
            self.add_participant(value)
        elif key.lower() in _PERSONAL_NAMES:
            self.add_name(value)
        elif PLACEHOLDER.fullmatch(value):
            self.add_token(value)
