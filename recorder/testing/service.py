"""A simulator for one test, that remembers every word and can be waited for."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Self

import orjson

from recorder.clock import RealClock
from recorder.simulator import AgentScript, Moods, Patience, SimulatorServer, agent_from, moods_from
from recorder.wire.frames import Side

PATIENCE_S = 5.0

Json = dict[str, Any]


class Said(NamedTuple):
    """One payload, by a client or to it.

    Attributes:
        client: number of the connection, from 1.
        sender: ``client`` or ``service``; compares with these words.
        at_us: when, in microseconds since the epoch.
        data: as it went over the wire.
    """

    client: int
    sender: Side
    at_us: int
    data: bytes

    @property
    def envelope(self) -> Json:
        """The JSON object; empty if the payload is none."""
        try:
            read = orjson.loads(self.data)
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}

    @property
    def event(self) -> Json:
        """The event, if this is a client's request to publish one; else empty."""
        body = self.envelope.get("body")
        asked = self.sender is Side.CLIENT and isinstance(body, dict)
        event = body.get("event") if asked and isinstance(body, dict) else None
        return event if isinstance(event, dict) else {}


class PretendService:
    """A pretend LivePerson on this machine. It starts when it is first asked for its address."""

    def __init__(self) -> None:
        self._server: SimulatorServer | None = None
        self._clock = RealClock()
        self._changed = threading.Condition()
        self._said: list[Said] = []

    def start(
        self,
        agent: AgentScript | Sequence[object] | None = None,
        *,
        moods: Moods | Mapping[str, object] | None = None,
        seed: int | None = None,
        patience: Patience | None = None,
        allow_origins: Sequence[str] = (),
        as_hosts: Sequence[str] = (),
        tls: ssl.SSLContext | None = None,
    ) -> Self:
        """Start it with an agent and moods, as Python values or as the simulator has them.

        The other options are those of ``recorder.simulator.SimulatorServer``.

        Raises:
            RuntimeError: it runs already.
            BadScript: the agent or a mood cannot be played as written.
            BadOption: one of ``as_hosts`` is no host name.
        """
        if self._server is not None:
            raise RuntimeError("the simulator runs already: start it before its address is asked for")
        self._server = SimulatorServer(
            agent if isinstance(agent, AgentScript) or agent is None else agent_from(list(agent)),
            seed=seed,
            patience=patience or Patience(),
            moods=moods if isinstance(moods, Moods) else moods_from(dict(moods or {})),
            allow_origins=allow_origins,
            as_hosts=as_hosts,
            tls=tls,
            on_payload=self._hear,
        ).start()
        return self

    def stop(self) -> None:
        """End it; what was said stays known. Stopping twice, or before it began, is fine."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    @property
    def url(self) -> str:
        """Where consumers connect, with any token."""
        return self._running().url

    @property
    def base_url(self) -> str:
        """Where clients look up addresses and sign up, instead of at LivePerson's."""
        return self._running().base_url

    @property
    def said(self) -> list[Said]:
        """Every payload so far, in the order in which the service heard and said it."""
        with self._changed:
            return list(self._said)

    def requests(self, type_name: str | None = None) -> list[Json]:
        """What clients asked, as JSON; only of this type, if one is given."""
        asked = [one.envelope for one in self.said if one.sender is Side.CLIENT]
        return [one for one in asked if type_name in (None, one.get("type"))]

    def published(self, type_name: str | None = None) -> list[Json]:
        """The events that clients asked to publish: messages, receipts, chat states."""
        events = [one.event for one in self.said if one.event]
        return [one for one in events if type_name in (None, one.get("type"))]

    def receipts(self) -> list[tuple[str, list[int]]]:
        """The receipts that clients sent, as status and sequences."""
        return [
            (event["status"], _listed(event["sequenceList"]))
            for event in self.published("AcceptStatusEvent")
            if {"status", "sequenceList"} <= event.keys()
        ]

    def wait_for(self, matching: Callable[[Said], object], *, within_s: float = PATIENCE_S) -> Said:
        """The first payload, past or to come, that matches.

        Raises:
            AssertionError: none came within ``within_s`` seconds; shows what was said instead.
        """
        with self._changed:
            self._changed.wait_for(partial(self._first, matching), timeout=within_s)
            found = self._first(matching)
            if found is None:
                raise AssertionError(
                    f"nothing like that was said within {within_s:g} s, but:\n{self._told()}"
                )
            return found

    def wait_for_receipt(self, status: str, sequence: int, *, within_s: float = PATIENCE_S) -> Said:
        """The first receipt of a client with that status for that message. Raises as ``wait_for``."""

        def matches(one: Said) -> bool:
            event = one.event
            return event.get("status") == status and sequence in _listed(event.get("sequenceList"))

        return self.wait_for(matches, within_s=within_s)

    def _first(self, matching: Callable[[Said], object]) -> Said | None:
        return next((one for one in self._said if matching(one)), None)

    def _told(self) -> str:
        lines = (f"  {one.client} {one.sender}: {one.data.decode(errors='replace')}" for one in self._said)
        return "\n".join(lines) or "  nothing at all"

    def _running(self) -> SimulatorServer:
        if self._server is None:
            self.start()
        assert self._server is not None  # noqa: S101 - just started
        return self._server

    def _hear(self, client: int, sender: Side, data: bytes) -> None:
        with self._changed:
            self._said.append(Said(client, sender, self._clock.wall_us(), data))
            self._changed.notify_all()


def _listed(value: object) -> list[Any]:
    """An array of one may come as the element itself."""
    return value if isinstance(value, list) else [] if value is None else [value]
