"""Two ways to play a script without a socket: against the simulator's pure service, or answered by hand."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from recorder.clock import VirtualClock
from recorder.errors import RecordingIncomplete
from recorder.messaging.events import Stamp
from recorder.replay.actions import Action, AwaitMessage, Send, WakeAt
from recorder.replay.driver import drive
from recorder.replay.outcome import Outcome
from recorder.replay.player import Player
from recorder.replay.script import Script, load
from recorder.simulator import Deliver, Service, agent_from, read_agent

CONSUMER_ID, AGENT_ID, CONVERSATION = "consumer-1", "agent-1", "conv-1"


def _segment(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()


TOKEN = f"{_segment({'alg': 'RS256'})}.{_segment({'sub': CONSUMER_ID, 'aud': 'acc:le-sim'})}.c2lnbmF0dXJl"


class Payload(NamedTuple):
    number: int
    connection: int
    at_us: int
    offset_us: int
    opcode: int
    data: bytes


class Ended(NamedTuple):
    close_code: int | None
    close_reason: str | None
    closed_by: str | None
    how: str


class VirtualLine:
    """A connection to the pure service on virtual time; keeps (seconds, sender, text) of every payload."""

    def __init__(self, service: Service, clock: VirtualClock, *, token: str | None = TOKEN) -> None:
        self._service, self._clock = service, clock
        self._incoming: deque[Payload] = deque()
        self._count = 0
        self.log: list[tuple[float, str, dict[str, Any]]] = []
        self.closed: Ended | None = None
        self._take(service.connected(1, token=token, now_s=clock.now_s()))

    def send(self, text: str) -> Payload:
        if self.closed is not None:
            raise RecordingIncomplete("over")
        payload = self._payload("client", text)
        self._take(self._service.hear(1, text, now_s=self._clock.now_s()))
        return payload

    def receive(self, until_s: float | None = None) -> Payload | None:
        while not self._incoming and self.closed is None:
            wake_s = self._service.next_wake_s()
            moments = [moment for moment in (wake_s, until_s) if moment is not None]
            self._clock.sleep_until(min(moments))
            if wake_s is not None and wake_s <= self._clock.now_s():
                self._take(self._service.wake(self._clock.now_s()))
            elif until_s is not None and self._clock.now_s() >= until_s:
                return None
        return self._incoming.popleft() if self._incoming else None

    def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed = self.closed or Ended(code, reason, "client", "closed")

    def _take(self, effects: list[Any]) -> None:
        for effect in effects:
            if isinstance(effect, Deliver):
                self._incoming.append(self._payload("service", effect.text))
            else:
                self.closed = Ended(effect.code, effect.reason, "service", "closed")

    def _payload(self, sender: str, text: str) -> Payload:
        self._count += 1
        now_s = self._clock.now_s()
        self.log.append((now_s, sender, json.loads(text)))
        return Payload(self._count, 1, self._clock.wall_us(), round(now_s * 1e6), 1, text.encode())


class Played(NamedTuple):
    outcome: Outcome
    line: VirtualLine
    player: Player
    seconds: float

    def receipts_sent(self) -> list[tuple[float, str, list[int]]]:
        """(when, status, sequences) of every receipt the consumer sent."""
        return [
            (round(at_s, 6), event["status"], event["sequenceList"])
            for at_s, sender, envelope in self.line.log
            if sender == "client" and (event := published(envelope)).get("type") == "AcceptStatusEvent"
        ]


def published(envelope: dict[str, Any]) -> dict[str, Any]:
    body = envelope.get("body")
    return body.get("event", {}) if isinstance(body, dict) else {}


def script_of(text: str) -> Script:
    return load(text, file="script.yaml", variables={})


@pytest.fixture
def play() -> Callable[..., Played]:
    """Play a script, its agent included, against the pure service on virtual time."""

    def play(text: str, *, token: str | None = TOKEN, init_connection: bool = False) -> Played:
        script, clock = script_of(text), VirtualClock()
        agent = read_agent(script.document, at=("agent",)) if script.agent is not None else agent_from([])
        line = VirtualLine(Service(agent=agent), clock, token=None if init_connection else token)
        player = Player(script, token=token, init_connection=init_connection)
        outcome = drive(player, connect=lambda: line, clock=clock)
        return Played(outcome, line, player, clock.now_s())

    return play


class ByHand:
    """A player, the time, and what the test lets the service say."""

    def __init__(self, text: str, *, token: str | None = TOKEN) -> None:
        self.player = Player(script_of(text), token=token)
        self.now_s = 0.0
        self.frame = 0
        self.sent: list[tuple[float, dict[str, Any]]] = []

    def next(self) -> Action:
        return self.player.next_action(self.now_s)

    def send(self) -> dict[str, Any]:
        """Carry out the Send that must be next, and return its envelope."""
        action = self.next()
        assert isinstance(action, Send), action
        envelope = json.loads(action.text)
        self.sent.append((self.now_s, envelope))
        self.player.sent(self._stamp(), self.now_s)
        return envelope

    def answer(self, request: dict[str, Any], *, code: int = 200, body: object = None) -> None:
        self.hear({"kind": "resp", "reqId": str(request["id"]), "code": code, "type": "x", "body": body})

    def hear(self, envelope: object) -> None:
        data = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
        self.player.heard(data, self._stamp(), self.now_s)

    def open(self) -> None:
        """Answer what open_conversation asks."""
        self.answer(self.send(), body={"subscriptionId": "s"})
        self.answer(self.send(), body={"conversationId": CONVERSATION})
        self.answer(self.send(), body={})

    def until(self, at_s: float) -> None:
        """Let time pass; the player must have nothing to send before then."""
        while self.now_s < at_s:
            action = self.next()
            assert isinstance(action, WakeAt | AwaitMessage), action
            until_s = action.at_s if isinstance(action, WakeAt) else action.until_s
            self.now_s = at_s if until_s is None else min(at_s, until_s)

    def _stamp(self) -> Stamp:
        self.frame += 1
        micros = round(self.now_s * 1e6)
        return Stamp(self.frame, 1, 1_700_000_000_000_000 + micros, micros)


@pytest.fixture
def by_hand() -> type[ByHand]:
    return ByHand


def change(
    sequence: int | None, event: dict[str, Any], *, by: str = AGENT_ID, dialog: str = CONVERSATION
) -> Any:
    role = "CONSUMER" if by == CONSUMER_ID else "ASSIGNED_AGENT"
    told = {"originatorId": by, "originatorMetadata": {"id": by, "role": role}}
    told |= {"dialogId": dialog, "event": event}
    return told if sequence is None else {**told, "sequence": sequence, "serverTimestamp": 1_700_000_000_000}


@pytest.fixture
def told() -> Callable[..., dict[str, Any]]:
    """A notification of changes; each is made by ``text``, ``receipt`` or ``typing`` below."""

    def told(*changes: Any) -> dict[str, Any]:
        body = {"changes": list(changes)}
        return {"kind": "notification", "type": "ms.MessagingEventNotification", "body": body}

    return told


@pytest.fixture
def text() -> Callable[..., Any]:
    def text(sequence: int, message: str, **who: str) -> Any:
        return change(
            sequence, {"type": "ContentEvent", "contentType": "text/plain", "message": message}, **who
        )

    return text


@pytest.fixture
def receipt() -> Callable[..., Any]:
    def receipt(sequence: int, status: str, *named: int, **who: str) -> Any:
        event = {"type": "AcceptStatusEvent", "status": status, "sequenceList": list(named)}
        return change(sequence, event, **who)

    return receipt


@pytest.fixture
def typing() -> Callable[..., Any]:
    def typing(state: str, **who: str) -> Any:
        return change(None, {"type": "ChatStateEvent", "chatState": state}, **who)

    return typing
