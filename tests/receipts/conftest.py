"""Builders that read like the story: ``told.message(3, by=AGENT)``, ``told.receipt("READ", 3, by=ME)``."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import pytest

from recorder.messaging.events import (
    Event,
    Evidence,
    Identified,
    MessagePublished,
    Proof,
    PublishAsked,
    PublishLost,
    PublishRefused,
    ReceiptRefused,
    ReceiptReported,
)


@dataclass
class Story:
    """What was heard, event by event; each gets the next frame number and comes a second later."""

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

    def ask(self, text: str = "hi") -> PublishAsked:
        return PublishAsked(self.dialog, None, "text/plain", text, None, self.proof(Proof.CLAIMED))

    def answer(self, ask: PublishAsked, sequence: int) -> Event:
        return MessagePublished(
            self.dialog, sequence, None, None, None, True, "text/plain", ask.text, ask.evidence.frame,
            self.proof(Proof.ACKNOWLEDGED),
        )  # fmt: skip

    def refuse(self, ask: PublishAsked, code: int = 400) -> Event:
        return PublishRefused(ask.evidence.frame, code, self.proof(Proof.REFUSED))

    def lose(self, ask: PublishAsked) -> Event:
        return PublishLost(ask.evidence.frame)

    def receipt(self, status: str, *sequences: int, by: str, role: str | None = None) -> Event:
        proof = self.proof(Proof.ANNOUNCED, server_ms=10_000)
        return ReceiptReported(self.dialog, sequences, by, role, False, status, None, None, proof)

    def claim(self, status: str, *sequences: int, by: str | None = None) -> ReceiptReported:
        proof = self.proof(Proof.CLAIMED)
        return ReceiptReported(self.dialog, sequences, by, None, True, status, None, proof.frame, proof)

    def acknowledge(self, claim: ReceiptReported) -> Event:
        return claim._replace(evidence=self.proof(Proof.ACKNOWLEDGED))

    def refuse_receipt(self, claim: ReceiptReported, code: int = 400) -> Event:
        assert claim.ask is not None
        return ReceiptRefused(
            claim.dialog_id, claim.sequences, claim.participant, claim.status, claim.ask, code,
            self.proof(Proof.REFUSED),
        )  # fmt: skip


@pytest.fixture
def told() -> Story:
    return Story()
