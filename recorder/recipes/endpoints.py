"""Where the consumers of a script connect, and as whom: the service that was named, or a simulator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID, uuid5

from recorder.capture.options import ConnectOptions
from recorder.capture.upload import check_upload_url
from recorder.documents import unset_variables
from recorder.errors import BadOption
from recorder.replay.language.script import Script
from recorder.simulator.protocol.tokens import unsigned_jwt
from recorder.simulator.service import Service

from .replay_options import FROM_SCRIPT, ReplayOptions

SIMULATED_CONSUMER = "00000000-0000-4000-8000-00000c0a5e12"
"""Who the first consumer is, against the built-in simulator."""

_OTHER_CONSUMERS = UUID("0c0a5e12-0000-4000-8000-000000000000")


class Endpoints(NamedTuple):
    """Where the consumers of a script connect.

    Attributes:
        connect: how each consumer connects, by name.
        uploads: the address that takes each consumer's files; who is missing uploads none.
        service: the simulator's service on virtual time; None: real connections.
        unused_tokens: the script's, where a simulator takes tokens of its own; its steps may name them too.
    """

    connect: Mapping[str, ConnectOptions]
    uploads: Mapping[str, str]
    service: Service | None = None
    unused_tokens: Sequence[str] = ()

    @property
    def secrets(self) -> list[str]:
        """Every token and password that is known before anybody connects."""
        used = [secret for options in self.connect.values() for secret in options.secrets]
        return [*used, *self.unused_tokens]


def service_endpoints(
    script: Script, url: str, options: ReplayOptions, variables: Mapping[str, str]
) -> Endpoints:
    """Where each consumer connects, and where its files go: ``url``, or what the script says.

    What an option overrides is not looked at in the script, and its variables need not be set.

    Raises:
        BadOption, BadScript: something is missing, or is no address.
    """
    connect: dict[str, ConnectOptions] = {}
    uploads: dict[str, str] = {}
    for first, name in _numbered(script):
        token = options.service.token if first else None
        keys = _keys_needed(script, name, url, options, variables)
        consumer = script.consumer(variables, name, keys=keys if token is None else keys - {"token"})
        stand_in = _simulated_token_of(name, first, options) if options.simulated_tokens else None
        address = consumer.url if url == FROM_SCRIPT else url
        if not address:
            raise BadOption("--url script", f"{script.name} names no url for {name}")
        connect[name] = options.connect_options(
            address, token or consumer.token or stand_in, init_connection=consumer.init_connection
        )
        if consumer.upload_url is not None:
            check_upload_url(consumer.upload_url)
            uploads[name] = consumer.upload_url
    return Endpoints(connect, uploads)


def _keys_needed(
    script: Script, name: str, url: str, options: ReplayOptions, variables: Mapping[str, str]
) -> set[str]:
    """What must be filled in of url, token and upload_url, whatever that takes."""
    written = script.consumers[name]
    sends_files = any(step.verb == "send_file" and step.consumer == name for step in script.steps)
    overridden = set() if url == FROM_SCRIPT else {"url"}
    if any(header.lower() == "authorization" for header, _ in options.service.headers):
        overridden.add("token")
    may_lack = {
        "url": False,
        "token": options.token_command is not None or options.simulated_tokens,
        "upload_url": not sends_files,
    }
    unset = {key for key in may_lack if unset_variables(getattr(written, key) or "", variables)}
    return {key for key in may_lack if key not in overridden and not (key in unset and may_lack[key])}


def simulator_endpoints(script: Script, url: str, options: ReplayOptions) -> dict[str, ConnectOptions]:
    """How each consumer connects to the simulator: each as somebody else, by a token of its own."""
    return {
        name: options.connect_options(
            url,
            (options.service.token if first else None) or _simulated_token_of(name, first, options),
            init_connection=script.consumers[name].init_connection,
        )
        for first, name in _numbered(script)
    }


def script_tokens(script: Script, variables: Mapping[str, str]) -> list[str]:
    """The tokens that the script gives its consumers, as far as their variables are set."""
    tokens = []
    for name in script.acting:
        written = script.consumers[name].token
        if written and not unset_variables(written, variables):
            tokens.append(script.consumer(variables, name, keys={"token"}).token or "")
    return [token for token in tokens if token]


def simulated_token(consumer: str = SIMULATED_CONSUMER, *, name: str | None = None) -> str:
    """A token in the shape of LivePerson's, that only a simulator lets in.

    ``name`` is what rules of the agent call the consumer.
    """
    claims: dict[str, str | int] = {
        "sub": consumer, "aud": "acc:le-sim", "iss": "recorder", "exp": 4_102_444_800
    }  # fmt: skip
    if name is not None:
        claims["name"] = name
    return unsigned_jwt(claims)


def _simulated_token_of(name: str, first: bool, options: ReplayOptions) -> str | None:
    if options.token_command is not None:
        return None
    return simulated_token(SIMULATED_CONSUMER if first else str(uuid5(_OTHER_CONSUMERS, name)), name=name)


def _numbered(script: Script) -> list[tuple[bool, str]]:
    return [(place == 0, name) for place, name in enumerate(script.acting)]
