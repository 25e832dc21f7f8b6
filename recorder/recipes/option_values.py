"""Options as people type them, turned into values: durations, headers, and how a service is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from recorder.capture.options import ConnectOptions
from recorder.documents import parse_duration
from recorder.errors import BadOption


def connect_options(
    url: str | None = None,
    *,
    token: str | None = None,
    init_connection: bool = False,
    headers: Sequence[str] = (),
    subprotocols: Sequence[str] = (),
    ping_interval: str = "30s",
    ca_file: Path | None = None,
) -> ConnectOptions:
    """How to reach a service. ``headers`` are "Name: value"; a ``ping_interval`` of "0" sends no pings.

    Raises:
        BadOption: one of them cannot be used.
    """
    return ConnectOptions(
        url=url,
        headers=tuple(_header(written) for written in headers),
        subprotocols=tuple(subprotocols),
        token=token,
        init_connection=init_connection,
        ping_interval_s=duration_s("--ping-interval", ping_interval) or None,
        ca_file=ca_file,
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
