"""Options as people type them, turned into values: durations, headers, and how a service is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from recorder.capture.options import ConnectOptions
from recorder.documents import parse_duration
from recorder.errors import BadOption


class ServiceKeywords(TypedDict, total=False):
    """How a service is reached, as people type it.

    Attributes:
        token: sent in the ``Authorization`` header, or with ``init_connection`` in a first request.
        headers: "Name: value" each, for the upgrade request.
        ca_file: PEM file of certificates trusted in addition to the system's.
    """

    token: str | None
    init_connection: bool
    headers: Sequence[str]
    ca_file: Path | None


def connect_options(
    url: str | None,
    given: ServiceKeywords,
    *,
    subprotocols: Sequence[str] = (),
    ping_interval: str = "30s",
) -> ConnectOptions:
    """The parsed form of these keywords; a ``ping_interval`` of "0" sends no pings.

    Raises:
        BadOption: one of them cannot be used.
    """
    return ConnectOptions(
        url=url,
        headers=tuple(_header(written) for written in given.get("headers", ())),
        subprotocols=tuple(subprotocols),
        token=given.get("token"),
        init_connection=given.get("init_connection", False),
        ping_interval_s=duration_s("--ping-interval", ping_interval) or None,
        ca_file=given.get("ca_file"),
    )


def _header(written: str) -> tuple[str, str]:
    name, colon, value = written.partition(":")
    if not colon:
        raise BadOption("--header", "it needs a colon between name and value", hint="--header 'Name: value'")
    return name.strip(), value.strip()


def reject_unknown_keywords(given: Mapping[str, object], known: type) -> None:
    """Raise ``TypeError`` for a keyword argument that the ``TypedDict`` ``known`` does not name."""
    if unknown := given.keys() - known.__annotations__.keys():
        raise TypeError(f"unexpected keyword argument: {', '.join(sorted(unknown))}")


def duration_s(option: str, written: str) -> float:
    """A duration like "2s" in seconds. Raises ``BadOption``, which names ``option``."""
    try:
        return parse_duration(written)
    except ValueError as problem:
        raise BadOption(option, str(problem)) from None
