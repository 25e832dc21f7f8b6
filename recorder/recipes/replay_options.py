"""How a script is played: the keyword arguments of ``recipes.replay``, parsed once and passed on whole."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Unpack

from recorder.capture.options import ConnectOptions
from recorder.errors import BadOption
from recorder.replay.language.script import Script
from recorder.replay.run.reconnect_policy import PolicyName

from .option_values import (
    TransportKeywords,
    connect_options,
    duration_s,
    given_for_services,
    reject_unknown_keywords,
)
from .record_session import SessionOptions
from .scripts import given_variables

FROM_SCRIPT, SIMULATOR = "script", "simulator"
"""What ``url`` may be instead of an address: that of the script's consumers; the built-in simulator."""

VIRTUAL = "virtual"
CLOCKS = ("real", VIRTUAL)


class PlayKeywords(TransportKeywords, total=False):
    """What one consumer and many users have in common, as the command line's options of the same names.

    Attributes:
        url: the service; "script": the URL the script names; "simulator": the built-in simulator, as for
            None, which is refused where the script's URL is filled in.
        token_command: prints a token, for whoever has none and whenever the service wants a fresh one; see
            ``TokenCommandRunner``. Unless ``reconnect`` or the script says otherwise, consumers connect again
            with that token by themselves.
        init_connection: send tokens in an InitConnection request, whatever the script says.
        variables: "NAME=value" for ``${NAME}`` in the script, before the environment.
        reconnect: "never", "on_auth_close" or "always", before what the script says.
        keep_secrets: store tokens and cookies as they are.
        secret_names: names of keys, parameters and headers whose values are replaced too.
        name: what the session is called; the script's name if not given.
    """

    url: str | None
    token_command: str | None
    variables: Sequence[str]
    reconnect: PolicyName | None
    keep_secrets: bool
    secret_names: Sequence[str]
    name: str | None


class ReplayKeywords(PlayKeywords, total=False):
    """The keyword arguments that describe one replay.

    Attributes:
        token: of the first consumer, before the script's.
        clock: "real", or "virtual": consumers, service and agent in one thread that waits for nothing. For
            the simulator only. The same script and seed give the same frames, byte for byte.
        seed: what varying delays, and on virtual time all ids and keys, are drawn from; 0 if not given.
        tolerance: how late a timed receipt may leave, like "20ms"; see ``Played.raise_if_failed``.
        simulated_tokens: at ``url``, whoever has no token sends one that only a simulator lets in.
    """

    token: str | None
    clock: str
    seed: int | None
    tolerance: str | None
    simulated_tokens: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayOptions:
    """The parsed form of ``ReplayKeywords``.

    Attributes:
        url: as in ``PlayKeywords``.
        service: token of the first consumer, and how a service is reached; its URL is not set.
        for_services: the options given that no simulator minds, as they are typed.
        variables: what was given for the script, without the environment.
        virtual: whether everything runs on virtual time.
        seed: None: not given.
        tolerance_s: how late a timed receipt may leave; None: any time.
        simulated_tokens: as in ``ReplayKeywords``.
        session: name and storage of the recorded session.
    """

    url: str | None = None
    service: ConnectOptions = field(default_factory=ConnectOptions)
    for_services: Sequence[str] = ()
    token_command: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    virtual: bool = False
    seed: int | None = None
    reconnect: PolicyName | None = None
    tolerance_s: float | None = None
    simulated_tokens: bool = False
    session: SessionOptions = field(default_factory=SessionOptions)

    def environment(self, **defaults: str) -> dict[str, str]:
        """The values of ``${NAME}``: those given, before ``defaults``, before the environment."""
        return {**os.environ, **defaults, **self.variables}

    def connect_options(self, url: str, token: str | None, *, init_connection: bool) -> ConnectOptions:
        """How one consumer connects; ``init_connection`` is what the script says.

        Raises:
            BadOption: a token must be sent, and there neither is one nor a command that prints one.
        """
        options = self.service.at(url, token=token, init_connection=init_connection)
        if self.token_command is None:
            options.check_token_given()
        return options

    def reconnect_policy(self, script: Script) -> PolicyName | None:
        """When consumers connect again by themselves; None: as the script says.

        With a token command and nothing said, a refused token is replaced.
        """
        in_script = any(consumer.reconnect is not None for consumer in script.consumers.values())
        usual: PolicyName | None = "on_auth_close" if self.token_command and not in_script else None
        return self.reconnect or usual


def replay_options(**given: Unpack[ReplayKeywords]) -> ReplayOptions:
    """Parse and check the keyword arguments of a replay.

    Raises:
        BadOption: one of them cannot be used.
        TypeError: there is no such keyword argument.
    """
    reject_unknown_keywords(given, ReplayKeywords)
    clock, url, tolerance = given.get("clock", "real"), given.get("url"), given.get("tolerance")
    if clock not in CLOCKS:
        raise BadOption("--clock", f'"{clock}" is none; there are {" and ".join(CLOCKS)}')
    if clock == VIRTUAL and url not in (None, SIMULATOR):
        raise BadOption("--clock virtual", "it is for the simulator only; a real service has its own time")
    service = connect_options(None, given)
    return ReplayOptions(
        url=url,
        service=service,
        for_services=given_for_services(given),
        token_command=given.get("token_command"),
        variables=given_variables(given.get("variables", ())),
        virtual=clock == VIRTUAL,
        seed=given.get("seed"),
        reconnect=given.get("reconnect"),
        tolerance_s=None if tolerance is None else duration_s("--tolerance", tolerance),
        simulated_tokens=given.get("simulated_tokens", False),
        session=SessionOptions(
            name=given.get("name"),
            keep_secrets=given.get("keep_secrets", False),
            secret_names=given.get("secret_names", ()),
            given_headers=tuple(name for name, _ in service.headers),
        ),
    )
