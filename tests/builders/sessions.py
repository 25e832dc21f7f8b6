"""Builds events (``build.receipt("READ", 3, by=ME)``) and sessions (``session.say("hi")``) for tests."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from recorder.checks.engine import check
from recorder.checks.findings import Finding, Limits
from recorder.checks.given_receipts import GivenReceipt, ReceiptCollector
from recorder.checks.input import CheckInput, ConnectionFact, WireFact
from recorder.messaging.envelopes import parse
from recorder.messaging.events import (
    Event,
    Evidence,
    Identified,
    MessagePublished,
    Proof,
    PublishLost,
    PublishRefused,
    PublishRequested,
    ReceiptRefused,
    ReceiptReported,
    Stamp,
)
from recorder.messaging.interpreter import Interpreter
from recorder.receipts.fold import fold
from recorder.receipts.selves import Selves


@dataclass
class EventBuilder:
    """Makes events of one dialog; each has the next frame number and comes a second later."""

    dialog: str = "d1"
    frames: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def proof(self, level: Proof, *, server_ms: int | None = None) -> Evidence:
        frame = next(self.frames)
        return Evidence(level, frame, 1, frame * 1_000_000, frame * 1_000_000, server_ms)

    def i_am(self, participant: str) -> Event:
        return Identified(participant, self.proof(Proof.CLAIMED))

    def message(self, sequence: int, *, by: str, text: str = "hi", role: str | None = None) -> Event:
        proof = self.proof(Proof.ANNOUNCED, server_ms=sequence * 1_000)
        return MessagePublished(self.dialog, sequence, None, by, role, False, "text/plain", text, None, proof)

    def publish(self, text: str = "hi") -> PublishRequested:
        return PublishRequested(self.dialog, None, "text/plain", text, None, self.proof(Proof.CLAIMED))

    def answer(self, publish: PublishRequested, sequence: int) -> Event:
        return MessagePublished(
            self.dialog, sequence, None, None, None, True, "text/plain", publish.text, publish.evidence.frame,
            self.proof(Proof.ACKNOWLEDGED),
        )  # fmt: skip

    def refuse(self, publish: PublishRequested, code: int = 400) -> Event:
        return PublishRefused(publish.evidence.frame, code, self.proof(Proof.REFUSED))

    def lose(self, publish: PublishRequested) -> Event:
        return PublishLost(publish.evidence.frame)

    def receipt(self, status: str, *sequences: int, by: str, role: str | None = None) -> Event:
        proof = self.proof(Proof.ANNOUNCED, server_ms=10_000)
        return ReceiptReported(self.dialog, sequences, by, role, False, status, None, None, proof)

    def claim(self, status: str, *sequences: int, by: str | None = None) -> ReceiptReported:
        proof = self.proof(Proof.CLAIMED)
        return ReceiptReported(self.dialog, sequences, by, None, True, status, None, proof.frame, proof)

    def acknowledge(self, claim: ReceiptReported) -> Event:
        return claim._replace(evidence=self.proof(Proof.ACKNOWLEDGED))

    def refuse_receipt(self, claim: ReceiptReported, code: int = 400) -> Event:
        assert claim.request_frame is not None
        return ReceiptRefused(
            claim.dialog_id, claim.sequences, claim.participant, claim.status, claim.request_frame, code,
            self.proof(Proof.REFUSED),
        )  # fmt: skip


@pytest.fixture
def build() -> EventBuilder:
    return EventBuilder()


# --- sessions for the rules: envelopes through the real interpreter, with times -------------------------

ME, AGENT, BOT = "consumer-1", "agent-1", "bot-1"
START_MS = 1_700_000_000_000


class SessionBuilder:
    """Builds a session envelope by envelope: ``at`` sets the clock, each envelope is a frame."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.violations: list[WireFact] = []
        self.connection = 1
        self._interpreter = Interpreter()
        self._frame = 0
        self._ids = itertools.count(1)
        self._request_ids: dict[int, str] = {}
        self._us: int | None = 0
        self._facts: dict[int, dict[str, Any]] = {}
        self._dialog = "d"

    # time and place
    def at(self, seconds: float | None) -> SessionBuilder:
        """From here on it is so late; None: the capture has no times."""
        self._us = None if seconds is None else round(seconds * 1e6)
        return self

    def on(self, connection: int) -> SessionBuilder:
        self.connection = connection
        return self

    def ends(
        self, how: str | None = "closed", *, code: int | None = None, by_client: bool | None = None
    ) -> SessionBuilder:
        """The connection ends now; with how None, nobody saw it, but it is over."""
        if code is not None:
            self._frame += 1
        fact = self._fact()
        fact.update(
            how=how, close_code=code, closed_by_client=by_client, closed_offset_us=self._us, ended=True
        )
        fact["close_frame"] = None if code is None else self._frame
        self.events += self._interpreter.connection_ended(self.connection)
        return self

    def told_by(self, fidelity: str) -> SessionBuilder:
        """The connection comes from a source that can tell this much."""
        self._fact()["fidelity"] = fidelity
        return self

    def _fact(self) -> dict[str, Any]:
        return self._facts.setdefault(
            self.connection,
            {"first_frame": None, "last_frame": None, "last_offset_us": None, "how": None, "close_code": None,
             "close_reason": None, "closed_by_client": None, "close_frame": None, "closed_offset_us": None,
             "ended": False, "fidelity": None},
        )  # fmt: skip

    def raw(self, data: bytes, *, from_client: bool) -> int:
        """One payload as it stands; returns its frame."""
        self._frame += 1
        at_us = None if self._us is None else self._us + START_MS * 1000
        stamp = Stamp(self._frame, self.connection, at_us, self._us)
        self.events += self._interpreter.feed(parse(data, from_client=from_client), stamp)
        fact = self._fact()
        fact["first_frame"] = fact["first_frame"] or self._frame
        fact["last_frame"], fact["last_offset_us"] = self._frame, self._us
        return self._frame

    # what the client says
    def i_am(self, participant: str = ME) -> SessionBuilder:
        stamp = Stamp(0, self.connection, self._us, self._us)
        self.events.append(Identified(participant, Evidence(Proof.CLAIMED, *stamp)))
        return self

    def request(self, kind: str, body: object = None, *, id: object = None) -> int:
        """A request; returns its frame."""
        name = str(next(self._ids)) if id is None else id
        frame = self.raw(
            json.dumps({"kind": "req", "id": name, "type": kind, "body": body}).encode(), from_client=True
        )
        self._request_ids[frame] = str(name)
        return frame

    def publish(self, event: dict[str, object], *, dialog: str | None = None, id: object = None) -> int:
        return self.request("ms.PublishEvent", {"dialogId": dialog or self._dialog, "event": event}, id=id)

    def say(self, text: str = "hi", *, id: object = None) -> int:
        return self.publish({"type": "ContentEvent", "contentType": "text/plain", "message": text}, id=id)

    def give(self, status: str, *sequences: Any, dialog: str | None = None) -> int:
        listed = list(sequences)
        return self.publish(
            {"type": "AcceptStatusEvent", "status": status, "sequenceList": listed}, dialog=dialog
        )

    def subscribe(self) -> int:
        return self.request("ms.SubscribeMessagingEvents", {"dialogId": self._dialog})

    # what the service says
    def answer(
        self, request: int, sequence: int | None = None, *, code: int = 200, id: str | None = None
    ) -> int:
        body = {} if sequence is None else {"sequence": sequence}
        raw = {"kind": "resp", "reqId": id or self._request_ids[request], "code": code, "body": body,
               "type": "ms.PublishEventResponse"}  # fmt: skip
        return self.raw(json.dumps(raw).encode(), from_client=False)

    def notify(self, *changes: dict[str, object], kind: str = "ms.MessagingEventNotification") -> int:
        raw = {"kind": "notification", "type": kind, "body": {"changes": list(changes)}}
        return self.raw(json.dumps(raw).encode(), from_client=False)

    def change(
        self,
        sequence: int | None,
        by: str,
        event: dict[str, object],
        *,
        dialog: str | None = None,
        ms: int | None = -1,
    ) -> dict[str, object]:
        time = ms if ms != -1 else None if self._us is None else START_MS + self._us // 1000
        change: dict[str, object] = {"dialogId": dialog or self._dialog, "originatorId": by, "event": event}
        if time is not None:
            change["serverTimestamp"] = time
        return change if sequence is None else {**change, "sequence": sequence}

    def message(self, sequence: int, *, by: str = AGENT, text: str = "hi", **more: Any) -> int:
        return self.notify(self.content(sequence, by=by, text=text, **more))

    def content(
        self, sequence: int, *, by: str = AGENT, text: str = "hi", audience: str | None = None, **more: Any
    ) -> dict[str, object]:
        """The change of a message."""
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
        change = self.change(sequence, by, event, **more)
        return change if audience is None else {**change, "messageAudience": audience}

    def receipt(
        self, status: str, *sequences: int, by: str = AGENT, own: int | None = None, **more: Any
    ) -> int:
        event = {"type": "AcceptStatusEvent", "status": status, "sequenceList": list(sequences)}
        return self.notify(self.change(own, by, event, **more))

    def snapshot(
        self,
        *people: str,
        dialog_state: str = "OPEN",
        roles: Sequence[str] = (),
        last: dict[str, object] | None = None,
    ) -> int:
        """A snapshot of the conversation, with the last message in it if one is given."""
        roles = roles or [{ME: "CONSUMER", AGENT: "ASSIGNED_AGENT"}.get(who, "CONSUMER") for who in people]
        details = {
            "participants": [{"id": who, "role": role} for who, role in zip(people, roles, strict=True)],
            "dialogs": [{"dialogId": self._dialog, "dialogType": "MAIN", "state": dialog_state}],
        }
        result: dict[str, object] = {"convId": self._dialog, "conversationDetails": details}
        if last is not None:
            result["lastContentEventNotification"] = last
        return self.notify({"type": "UPSERT", "result": result}, kind="cqm.ExConversationChangeNotification")

    # all of it
    def own(self, text: str, sequence: int) -> SessionBuilder:
        """A message of ours: asked, answered, echoed."""
        self.answer(self.say(text), sequence)
        self.message(sequence, by=ME, text=text)
        return self

    def given(self, status: str, sequence: int, own: int) -> SessionBuilder:
        """A receipt of ours: asked, answered, echoed."""
        self.answer(self.give(status, sequence), own)
        self.receipt(status, sequence, by=ME, own=own)
        return self

    def check_input(self, *, recording: bool = False) -> CheckInput:
        return CheckInput(
            events=self.events,
            transcript=fold(self.events),
            connections=tuple(ConnectionFact(number, **fact) for number, fact in sorted(self._facts.items())),
            violations=tuple(self.violations),
            last_frame=self._frame,
            last_offset_us=self._us,
            recording=recording,
        )

    def check(self, rule: str, **limits: float) -> list[Finding]:
        """What one rule finds."""
        return check(self.check_input(), rules=[rule], limits=Limits(**limits))

    def outcomes(self, rule: str, **limits: float) -> list[str]:
        return [finding.outcome.value for finding in self.check(rule, **limits)]


def given_receipts(events: Iterable[Event], selves: Selves) -> list[GivenReceipt]:
    """All receipts among the events, in the order of their first evidence."""
    collector = ReceiptCollector(selves)
    for event in events:
        collector.feed(event)
    return [receipt for receipt in collector.receipts if receipt.exists]


@pytest.fixture
def session() -> SessionBuilder:
    return SessionBuilder()
