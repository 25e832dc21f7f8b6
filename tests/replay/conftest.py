"""Two ways to play a script without a socket: against the simulator's pure service, or answered by hand."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from builders.drive import drive

from recorder.clock import VirtualClock
from recorder.errors import CannotConnect, RecordingIncomplete
from recorder.messaging import requests
from recorder.messaging.envelopes import Request, dump
from recorder.messaging.events import Stamp
from recorder.replay.generate.timeline_builder import timeline_events
from recorder.replay.generate.timeline_events import (
    RecordedOpen,
    RecordedPayload,
    SessionRecord,
    TimelineEvent,
)
from recorder.replay.language.includes import Folder
from recorder.replay.language.script import Script, load
from recorder.replay.run import actions
from recorder.replay.run.actions import AwaitMessage, Connect, PlayerAction, Send, Upload, WakeAt
from recorder.replay.run.outcome import ScriptOutcome
from recorder.replay.run.player import Player
from recorder.replay.run.reconnect_policy import PolicyName
from recorder.runtime.waiter import Waiting
from recorder.simulator import Deliver, Service, agent_from, read_agent
from recorder.simulator.service import Patience

CONSUMER_ID, AGENT_ID, CONVERSATION = "consumer-1", "agent-1", "conv-1"


def _segment(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()


def _token_for(subject: str, **claims: str) -> str:
    payload = {"sub": subject, "aud": "acc:le-sim", **claims}
    return f"{_segment({'alg': 'RS256'})}.{_segment(payload)}.c2lnbmF0dXJl"


TOKEN = _token_for(CONSUMER_ID)


def token_of(consumer: str) -> str:
    """The token of one consumer of several: anna is anna-id, and rules of the agent call her anna."""
    return _token_for(f"{consumer}-id", name=consumer)


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


class VirtualConnection:
    """One connection to the pure service on virtual time."""

    def __init__(self, world: VirtualWorld, number: int, consumer: str, token: str | None) -> None:
        self._world = world
        self.number, self.consumer = number, consumer
        self.token = token or None
        self.init_connection = world.init_connection
        self.incoming: deque[Payload] = deque()
        self.closed: Ended | None = None

    def send(self, text: str) -> Payload:
        return self._world.send(self, text)

    def send_frame(
        self, opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, masked: bool = True
    ) -> Payload:
        self._world.raw.append((self.number, opcode, payload, fin, rsv, masked))
        if opcode == 1 and fin:
            return self._world.send(self, payload.decode())
        return self._world.payload(self, "client", payload.decode(errors="replace"), opcode)

    def send_bytes(self, data: bytes) -> None:
        self._world.raw.append((self.number, data))

    def receive(self, until_s: float | None = None) -> Payload | None:
        self._world.wake()
        return self.incoming.popleft() if self.incoming else None

    def hang_up(self, code: int = 1000, reason: str = "") -> None:
        self.end(Ended(code, reason, "client", "closed"))

    close = hang_up

    def abort(self, *, mid_frame: bool = False) -> None:
        self._world.raw.append((self.number, "mid-frame" if mid_frame else "abort"))
        self.end(Ended(None, None, "client", "broken off"))

    def end(self, ended: Ended) -> None:
        if self.closed is None:
            self.closed = ended
            self._world.gone(self)

    def next_due_s(self) -> float | None:
        return self._world.next_due_s()


class VirtualWorld:
    """The pure service and any number of connections to it, on virtual time.

    Keeps (seconds, sender, envelope) of every payload in ``log``, and in ``frames`` whose connection it was.
    ``drops`` are ends to come: (seconds, how), each for every connection there is then.
    """

    def __init__(
        self,
        service: Service,
        *,
        token: str | None = TOKEN,
        init_connection: bool = False,
        drops: tuple[tuple[float, Ended], ...] = (),
    ) -> None:
        self.clock = VirtualClock()
        self.service = service
        self.token, self.init_connection = token, init_connection
        self.lines: list[VirtualConnection] = []
        self.log: list[tuple[float, str, Any]] = []
        self.frames: list[int] = []
        self.raw: list[tuple[Any, ...]] = []
        self.connects: list[tuple[float, str, bool]] = []
        self.uploads: list[Upload] = []
        self.refuse: list[str] = []
        self._drops = sorted(drops)

    @property
    def closed(self) -> Ended | None:
        return self.lines[-1].closed

    def connect(self, consumer: str, fresh_token: bool) -> VirtualConnection:
        self.connects.append((round(self.clock.now_s(), 6), consumer, fresh_token))
        if self.refuse and (says := self.refuse.pop(0)):
            raise CannotConnect("ws://service", says)
        token = self.token
        if token is not None and consumer != "consumer":
            token = token_of(consumer)
        line = VirtualConnection(self, len(self.lines) + 1, consumer, token)
        self.lines.append(line)
        shown = None if self.init_connection else token
        self._take(self.service.connected(line.number, token=shown, now_s=self.clock.now_s()))
        return line

    def upload(self, action: Upload) -> None:
        self.uploads.append(action)

    def send(self, line: VirtualConnection, text: str) -> Payload:
        if line.closed is not None:
            raise RecordingIncomplete("over")
        payload = self.payload(line, "client", text)
        self._take(self.service.received(line.number, text, now_s=self.clock.now_s()))
        return payload

    def wait(self, waiting: Waiting) -> None:
        timing_keys = [waiting.until_s, *(at_s for at_s, _ in self._drops[:1])]
        self.clock.sleep_until(min(moment for moment in timing_keys if moment is not None))
        while self._drops and self._drops[0][0] <= self.clock.now_s():
            _, ended = self._drops.pop(0)
            for line in self.lines:
                line.end(ended)

    def wake(self) -> None:
        self._take(self.service.wake(self.clock.now_s()))

    def next_due_s(self) -> float | None:
        return self.service.next_wake_s()

    def gone(self, line: VirtualConnection) -> None:
        self._take(self.service.disconnected(line.number, now_s=self.clock.now_s()))

    def payload(self, line: VirtualConnection, sender: str, text: str, opcode: int = 1) -> Payload:
        now_s = self.clock.now_s()
        try:
            said = json.loads(text)
        except ValueError:
            said = text
        self.log.append((now_s, sender, said))
        self.frames.append(line.number)
        return Payload(
            len(self.log), line.number, self.clock.wall_us(), round(now_s * 1e6), opcode, text.encode()
        )

    def _take(self, effects: list[Any]) -> None:
        for effect in effects:
            line = self.lines[effect.client - 1]
            if isinstance(effect, Deliver):
                line.incoming.append(self.payload(line, "service", effect.text))
            elif line.closed is None:
                code, reason = getattr(effect, "code", None), getattr(effect, "reason", None)
                line.end(Ended(code, reason, "service", "closed" if code is not None else "lost"))


class Played(NamedTuple):
    outcome: ScriptOutcome
    line: VirtualWorld
    player: Player
    seconds: float

    def receipts_sent(self) -> list[tuple[float, str, list[int]]]:
        """(when, status, sequences) of every receipt the consumers sent."""
        return [
            (round(at_s, 6), event["status"], event["sequenceList"])
            for at_s, sender, envelope in self.line.log
            if sender == "client" and (event := published(envelope)).get("type") == "AcceptStatusEvent"
        ]

    def said(self, sender: str = "client") -> list[str]:
        """The types of what was said by one side, in order."""
        return [said.get("type") for _, by, said in self.line.log if by == sender and isinstance(said, dict)]


def published(envelope: Any) -> dict[str, Any]:
    body = envelope.get("body") if isinstance(envelope, dict) else None
    return body.get("event", {}) if isinstance(body, dict) else {}


def script_of(text: str, folder: Path | None = None) -> Script:
    place = None if folder is None else Folder(folder)
    return load(text, file="script.yaml", variables={}, folder=place)


@pytest.fixture
def play() -> Callable[..., Played]:
    """Play a script, its agent included, against the pure service on virtual time."""
    return _play


def _play(
    text: str,
    *,
    seed: int = 0,
    reconnect: PolicyName | None = None,
    refuse: tuple[str, ...] = (),
    script: Script | None = None,
    idle_s: float | None = None,
    folder: Path | None = None,
    **connecting: Any,
) -> Played:
    """``connecting``: token, init_connection and drops, as ``VirtualWorld`` has them."""
    script = script_of(text, folder) if script is None else script
    agent = read_agent(script.document, at=("agent",)) if script.agent is not None else agent_from([])
    service = Service(agent=agent, patience=Patience(idle_s=idle_s))
    world = VirtualWorld(service, **connecting)
    world.refuse = list(refuse)
    player = Player(script, seed=seed, reconnect=reconnect)
    outcome = drive(player, connect=world.connect, clock=world.clock, wait=world.wait, upload=world.upload)
    return Played(outcome, world, player, world.clock.now_s())


@pytest.fixture
def play_folder() -> Callable[[str, Path], Played]:
    """Play a script that lies in this folder."""
    return lambda text, folder: _play(text, folder=folder)


@pytest.fixture(scope="session")
def play_lawfully() -> Callable[..., Played]:
    """``play``, for laws that are tried on many examples."""
    return _play


class ManualDriver:
    """A player, the time, and what the test lets the service say. Everybody is connected already."""

    def __init__(
        self,
        text: str,
        *,
        token: str | None = TOKEN,
        init_connection: bool = False,
        folder: Path | None = None,
        **options: Any,
    ) -> None:
        self.player = Player(script_of(text, folder), **options)
        self.now_s = 0.0
        self.frame = 0
        self.connections: dict[str, int] = {}
        self._count = 0
        self.sent: list[tuple[float, dict[str, Any]]] = []
        self.token, self.init_connection = token, init_connection
        while isinstance(action := self.player.next_action(0.0), Connect):
            self.connect(action)

    def connect(self, action: PlayerAction | None = None) -> Connect:
        """Carry out the Connect that must be next."""
        action = self.next() if action is None else action
        assert isinstance(action, Connect), action
        self._count += 1
        self.connections[action.consumer] = self._count
        self.player.begun(action, self.now_s)
        token = self.token
        if token is not None and action.consumer != "consumer":
            token = token_of(action.consumer)
        self.player.connected(action.consumer, self._count, self.now_s, token, self.init_connection)
        return action

    def next(self) -> PlayerAction:
        return self.player.next_action(self.now_s)

    def send(self) -> dict[str, Any]:
        """Carry out the Send that must be next, and return its envelope."""
        action = self.next()
        assert isinstance(action, Send), action
        envelope = json.loads(action.text)
        self.sent.append((self.now_s, envelope))
        self.player.sent(self.stamp(action.connection), self.now_s)
        return envelope

    def answer(
        self, request: dict[str, Any], *, code: int = 200, body: object = None, by: int | None = None
    ) -> None:
        response = {"kind": "resp", "reqId": str(request["id"]), "code": code, "type": "x", "body": body}
        self.receive(response, by=by)

    def receive(self, envelope: object, *, by: int | None = None) -> None:
        """Heard on the connection ``by``, by default the newest one."""
        data = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
        self.player.received(data, self.stamp(by), self.now_s)

    def open(self, conversation: str = CONVERSATION, *, by: int | None = None) -> None:
        """Answer what open_conversation asks."""
        self.answer(self.send(), body={"subscriptionId": "s"}, by=by)
        self.answer(self.send(), body={"conversationId": conversation}, by=by)
        self.answer(self.send(), body={}, by=by)

    def advance_to(self, at_s: float) -> None:
        """Let time pass; the player must have nothing to send before then."""
        while self.now_s < at_s:
            action = self.next()
            assert isinstance(action, WakeAt | AwaitMessage), action
            until_s = action.at_s if isinstance(action, WakeAt) else action.until_s
            self.now_s = at_s if until_s is None else min(at_s, until_s)

    def end(self, says: str = "lost", code: int | None = None, *, connection: int | None = None) -> None:
        """The connection is over."""
        ended = actions.Ended("lost" if code is None else "closed", code, None, "service", says)
        self.player.connection_ended(connection or self._count, ended, self.now_s)

    def stamp(self, connection: int | None = None) -> Stamp:
        self.frame += 1
        micros = round(self.now_s * 1e6)
        return Stamp(self.frame, connection or self._count, 1_700_000_000_000_000 + micros, micros)


@pytest.fixture
def manual_driver() -> type[ManualDriver]:
    return ManualDriver


def change(
    sequence: int | None, event: dict[str, Any], *, by: str = AGENT_ID, dialog: str = CONVERSATION
) -> Any:
    role = "CONSUMER" if by == CONSUMER_ID else "ASSIGNED_AGENT"
    fields = {"originatorId": by, "originatorMetadata": {"id": by, "role": role}}
    fields |= {"dialogId": dialog, "event": event}
    return (
        fields if sequence is None else {**fields, "sequence": sequence, "serverTimestamp": 1_700_000_000_000}
    )


@pytest.fixture
def notification() -> Callable[..., dict[str, Any]]:
    """A notification of changes; each is made by ``text``, ``receipt`` or ``typing`` below."""

    def notification(*changes: Any) -> dict[str, Any]:
        body = {"changes": list(changes)}
        return {"kind": "notification", "type": "ms.MessagingEventNotification", "body": body}

    return notification


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


# --- records of a session ---------------------------------------------------------------------------


class RecordingBuilder:
    """Builds the records of a session, at times given in seconds."""

    def __init__(self) -> None:
        self.records: list[SessionRecord] = [RecordedOpen(1, 0, None)]
        self.connection = 1
        self._frame = 0

    def events(self) -> list[TimelineEvent]:
        """The timeline, with all connections taken for one consumer's."""
        return [event for _, event in timeline_events(self.records, {})]

    def add_payload(self, at_s: float, envelope: Request | dict[str, Any] | str, *, by_client: bool) -> int:
        self._frame += 1
        text = dump(envelope) if isinstance(envelope, Request) else envelope
        data = (text if isinstance(text, str) else json.dumps(text)).encode()
        stamp = Stamp(self._frame, self.connection, None, round(at_s * 1e6))
        self.records.append(RecordedPayload(stamp, by_client, data))
        return self._frame

    def request(self, at_s: float, request: Request, body: object = None, *, code: int = 200) -> None:
        """A request, and its answer a millisecond later."""
        self.add_payload(at_s, request, by_client=True)
        answer = {"kind": "resp", "reqId": request.id, "code": code, "type": "x", "body": body}
        self.add_payload(at_s + 0.001, answer, by_client=False)

    def open_conversation(self, at_s: float = 0.0, conversation_id: str = CONVERSATION) -> None:
        self.request(at_s, requests.subscribe_conversations("1"), {"subscriptionId": "s"})
        answer = {"conversationId": conversation_id}
        self.add_payload(at_s, requests.request_conversation("2"), by_client=True)
        self.add_payload(
            at_s,
            {
                "kind": "resp",
                "reqId": "2",
                "code": 200,
                "type": "cm.RequestConversationResponse",
                "body": answer,
            },
            by_client=False,
        )
        self.request(at_s, requests.subscribe_messages("3", conversation_id), {})

    def receive_event(
        self,
        at_s: float,
        sequence: int,
        event: dict[str, Any],
        *,
        by: str = AGENT_ID,
        server_s: float | None = None,
        dialog_id: str = CONVERSATION,
    ) -> None:
        """A messaging event; ``server_s`` is the service's time for it, seconds since the session began."""
        role = "CONSUMER" if by == CONSUMER_ID else "ASSIGNED_AGENT"
        server_time_s = at_s if server_s is None else server_s
        change = {
            "sequence": sequence, "dialogId": dialog_id, "originatorId": by, "event": event,
            "originatorMetadata": {"id": by, "role": role},
            "serverTimestamp": round((1_700_000_000 + server_time_s) * 1000),
        }  # fmt: skip
        notification = {
            "kind": "notification",
            "type": "ms.MessagingEventNotification",
            "body": {"changes": [change]},
        }
        self.add_payload(at_s, notification, by_client=False)

    def receive_text(self, at_s: float, sequence: int, text: str, *, server_s: float | None = None) -> None:
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
        self.receive_event(at_s, sequence, event, server_s=server_s)

    def receive_receipt(self, at_s: float, sequence: int, status: str, of: int) -> None:
        event = {"type": "AcceptStatusEvent", "status": status, "sequenceList": [of]}
        self.receive_event(at_s, sequence, event)


@pytest.fixture
def recording() -> RecordingBuilder:
    return RecordingBuilder()
