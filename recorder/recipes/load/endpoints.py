"""Where the users of a swarm connect, and whose token each of them shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID, uuid5

from recorder.replay.language.script import Script

from ..endpoints import Places, Uploads, Wishes, places_in, simulated_places, simulated_token

_NAMESPACE = UUID("6f1b2a3c-7d4e-4f50-8a61-9b2c3d4e5f60")


class Whereabouts(NamedTuple):
    """Where each consumer of one user connects, and where its files go."""

    places: Places
    uploads: Uploads


FindPlaces = Callable[[Script, int], Whereabouts]
"""For a user's script and its number. Raises ``BadOption``, ``BadScript``."""


def at_the_simulator(url: str, base_url: str, wishes: Wishes, *, seed: int) -> FindPlaces:
    """Every consumer of every user is somebody of its own, the same for the same seed."""

    def find(script: Script, user: int) -> Whereabouts:
        usual = simulated_places(script, url, wishes)
        places = {
            name: replace(place, token=_token_of(seed, user, name)) if place.token is not None else place
            for name, place in usual.items()
        }
        return Whereabouts(places, dict.fromkeys(places, base_url))

    return find


def at_the_service(
    url: str, wishes: Wishes, *, tokens: Sequence[str], known_to: Callable[[int], Mapping[str, str]]
) -> FindPlaces:
    """Every user shows the next of ``tokens``, if there are any; see ``places_in`` for the rest."""

    def find(script: Script, user: int) -> Whereabouts:
        token = tokens[(user - 1) % len(tokens)] if tokens else None
        return Whereabouts(*places_in(script, url, replace(wishes, token=token), known_to(user)))

    return find


def simulated_consumer(seed: int, user: int, consumer: str) -> str:
    """An id for a consumer of the simulator."""
    return str(uuid5(_NAMESPACE, f"{seed} {user} {consumer}"))


def _token_of(seed: int, user: int, consumer: str) -> str:
    return simulated_token(simulated_consumer(seed, user, consumer), name=consumer)
