"""Where the users of a load run connect, and whose token each of them sends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from recorder.replay.language.script import Script

from ..endpoints import Endpoints, script_tokens, service_endpoints, simulated_token, simulator_endpoints
from ..replay_options import ReplayOptions

USER = "USER"
"""The variable of a script that holds the number of the user, from 1."""

_NAMESPACE = UUID("6f1b2a3c-7d4e-4f50-8a61-9b2c3d4e5f60")

UserEndpoints = Callable[[Script, int], Endpoints]
"""The endpoints of one user, by its script and its number. Raises ``BadOption``, ``BadScript``."""


def simulator_user_endpoints(url: str, base_url: str, options: ReplayOptions) -> UserEndpoints:
    """Every consumer of every user is somebody of its own, the same for the same seed."""

    def endpoints(script: Script, user: int) -> Endpoints:
        connect = {
            name: each if each.token is None else replace(each, token=_token(options.seed or 0, user, name))
            for name, each in simulator_endpoints(script, url, options).items()
        }
        tokens = script_tokens(script, options.environment(USER=str(user)))
        return Endpoints(connect, dict.fromkeys(connect, base_url), unused_tokens=tokens)

    return endpoints


def service_user_endpoints(url: str, options: ReplayOptions, tokens: Sequence[str]) -> UserEndpoints:
    """Every user sends the next of ``tokens``, if there are any, else the script's."""

    def endpoints(script: Script, user: int) -> Endpoints:
        token = tokens[(user - 1) % len(tokens)] if tokens else None
        own = replace(options, service=replace(options.service, token=token))
        return service_endpoints(script, url, own, options.environment(USER=str(user)))

    return endpoints


def _token(seed: int, user: int, consumer: str) -> str:
    return simulated_token(str(uuid5(_NAMESPACE, f"{seed} {user} {consumer}")), name=consumer)
