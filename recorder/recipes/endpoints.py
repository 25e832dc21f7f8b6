"""Where the consumers of a script connect, and as whom: the service that was named, or a simulator."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

import orjson

from recorder.capture.options import ConnectOptions
from recorder.capture.upload import check_upload_url
from recorder.errors import BadOption
from recorder.replay.language.script import Script

from .option_values import connect_options

FROM_SCRIPT = "script"
"""What ``url`` may be instead of an address: the one in the script's ``consumer`` section."""

SIMULATED_CONSUMER = "00000000-0000-4000-8000-00000c0a5e12"
"""Who the first consumer is, against the built-in simulator."""

_FELLOWS = UUID("0c0a5e12-0000-4000-8000-000000000000")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """What was asked for besides the script.

    Attributes:
        token: of the first consumer; goes before the script's.
        init_connection: show tokens in an InitConnection request, whatever the script says.
        headers: "Name: value" each.
        fetching: whether tokens can be fetched, so that one may be missing.
    """

    token: str | None = None
    init_connection: bool = False
    headers: Sequence[str] = ()
    ca_file: Path | None = None
    fetching: bool = False

    def options(self, url: str, token: str | None, *, init_connection: bool) -> ConnectOptions:
        """How to connect there. Raises ``BadOption``."""
        in_payload = init_connection or self.init_connection
        options = connect_options(
            url, token=token, init_connection=in_payload, headers=self.headers, ca_file=self.ca_file
        )
        if not self.fetching:
            options.check_token_given()
        return options


Places = dict[str, ConnectOptions]
Uploads = dict[str, str]


def acting(script: Script) -> list[str]:
    """The consumers that do something, the first one first."""
    busy = {step.consumer for step in script.steps}
    return [name for name in script.consumers if name in busy] or list(script.consumers)[:1]


def places_in(script: Script, url: str, wishes: Wishes, known: Mapping[str, str]) -> tuple[Places, Uploads]:
    """Where each consumer connects, and where its files go: ``url``, or what the script says.

    Raises:
        BadOption, BadScript: something is missing, or is no address.
    """
    places: Places = {}
    uploads: Uploads = {}
    for first, name in _numbered(script):
        token = wishes.token if first else None
        if token is not None and url != FROM_SCRIPT and len(script.consumers) == 1:
            written = script.consumers[name]
            places[name] = wishes.options(url, token, init_connection=wishes.init_connection)
            upload_url = written.upload_url if "${" not in (written.upload_url or "${") else None
        else:
            consumer = script.consumer(known, name)
            address = consumer.url if url == FROM_SCRIPT else url
            if address is None:
                raise BadOption("--url script", f"{script.name} names no url for {name}")
            places[name] = wishes.options(
                address, token or consumer.token, init_connection=consumer.init_connection
            )
            upload_url = consumer.upload_url
        if upload_url is not None:
            check_upload_url(upload_url)
            uploads[name] = upload_url
    return places, uploads


def simulated_places(script: Script, url: str, wishes: Wishes) -> Places:
    """Everybody at the simulator, each as somebody else."""
    return {
        name: wishes.options(
            url,
            (wishes.token if first else None) or _token_of(name, first=first, wishes=wishes),
            init_connection=script.consumers[name].init_connection,
        )
        for first, name in _numbered(script)
    }


def simulated_token(consumer: str = SIMULATED_CONSUMER, *, name: str | None = None) -> str:
    """A token in the shape of LivePerson's, that only a simulator lets in.

    ``name`` is what rules of the agent call the consumer.
    """
    head = {"typ": "JWT", "alg": "none", "kid": "simulated"}
    claims: dict[str, str | int] = {
        "sub": consumer, "aud": "acc:le-sim", "iss": "recorder", "exp": 4_102_444_800
    }  # fmt: skip
    if name is not None:
        claims["name"] = name
    return (
        ".".join(urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode() for part in (head, claims))
        + ".none"
    )


def _token_of(name: str, *, first: bool, wishes: Wishes) -> str | None:
    if wishes.fetching:
        return None
    return simulated_token(SIMULATED_CONSUMER if first else str(uuid5(_FELLOWS, name)), name=name)


def _numbered(script: Script) -> list[tuple[bool, str]]:
    return [(place == 0, name) for place, name in enumerate(acting(script))]
