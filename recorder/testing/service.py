"""A simulator for one test that keeps every payload, and can wait for one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Self, Unpack

import orjson

from recorder.clock import RealClock
from recorder.messaging.requests import Json
from recorder.recipes.option_values import reject_unknown_keywords
from recorder.simulator import AgentScript, Moods, SimulatorServer, agent_from, moods_from
from recorder.simulator.server import ServerOptions
from recorder.wire.frames import Side

TIMEOUT_S = 5.0


class ObservedPayload(NamedTuple):
    """One payload, from a client or to it.

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
        event = body.get("event") if self.sender is Side.CLIENT and isinstance(body, dict) else None
        return event if isinstance(event, dict) else {}


class PretendService:
    """A simulated LivePerson on this machine. It starts when its address is first used."""

    def __init__(self) -> None:
        self._server: SimulatorServer | None = None
        self._clock = RealClock()
        self._changed = threading.Condition()
        self._payloads: list[ObservedPayload] = []

    def start(
        self,
        agent: AgentScript | Sequence[object] | None = None,
        *,
        moods: Moods | Mapping[str, object] | None = None,
        **options: Unpack[ServerOptions],
    ) -> Self:
        """Start it with an agent and moods, as plain Python values or as the simulator's types.

        The other options are those of ``recorder.simulator.SimulatorServer``.

        Raises:
            RuntimeError: it runs already.
            TypeError: there is no such option.
            BadScript: the agent or a mood cannot be played as written.
            BadOption: one of ``as_hosts`` is no host name.
        """
        reject_unknown_keywords(options, ServerOptions)
        if self._server is not None:
            raise RuntimeError("the simulator runs already: start it before its address is asked for")
        self._server = SimulatorServer(
            agent if isinstance(agent, AgentScript) or agent is None else agent_from(list(agent)),
            moods=moods if isinstance(moods, Moods) else moods_from(moods or {}),
            on_payload=self._observe,
            **options,
        ).start()
        return self

    def stop(self) -> None:
        """Stop it; ``said`` stays. Stopping twice, or before the start, is fine."""
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
    def said(self) -> list[ObservedPayload]:
        """Every payload so far, in the order in which the service received and sent it."""
        with self._changed:
            return list(self._payloads)

    def requests(self, type_name: str | None = None) -> list[Json]:
        """The requests of clients, as JSON; only those of this type, if one is given."""
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

    def wait_for(
        self, matching: Callable[[ObservedPayload], object], *, within_s: float = TIMEOUT_S
    ) -> ObservedPayload:
        """The first payload, past or to come, that matches.

        Raises:
            AssertionError: none came within ``within_s`` seconds; shows all payloads there were.
        """
        __tracebackhide__ = True
        with self._changed:
            found = self._changed.wait_for(partial(self._first, matching), timeout=within_s)
            if found is None:
                raise AssertionError(
                    f"nothing like that was said within {within_s:g} s, but:\n{self._transcript()}"
                )
            return found

    def wait_for_receipt(self, status: str, sequence: int, *, within_s: float = TIMEOUT_S) -> ObservedPayload:
        """The first receipt of a client with that status for that message. Raises as ``wait_for``."""

        __tracebackhide__ = True

        def matches(one: ObservedPayload) -> bool:
            event = one.event
            return event.get("status") == status and sequence in _listed(event.get("sequenceList"))

        return self.wait_for(matches, within_s=within_s)

    def _first(self, matching: Callable[[ObservedPayload], object]) -> ObservedPayload | None:
        return next((one for one in self._payloads if matching(one)), None)

    def _transcript(self) -> str:
        lines = (
            f"  {one.client} {one.sender}: {one.data.decode(errors='replace')}" for one in self._payloads
        )
        return "\n".join(lines) or "  nothing at all"

    def _running(self) -> SimulatorServer:
        if self._server is None:
            self.start()
        assert self._server is not None  # noqa: S101 - just started
        return self._server

    def _observe(self, client: int, sender: Side, data: bytes) -> None:
        with self._changed:
            self._payloads.append(ObservedPayload(client, sender, self._clock.wall_us(), data))
            self._changed.notify_all()


def _listed(value: object) -> list[Any]:
    """An array of one may come as the element itself."""
    return value if isinstance(value, list) else [] if value is None else [value]
