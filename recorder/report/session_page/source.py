"""What the page of a session is made of: plain data that a recipe has gathered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from recorder.checks.finding_history import FindingHistory
from recorder.receipts.evidence import TimelineEntry
from recorder.receipts.numbers import Count, Distribution
from recorder.receipts.proofs import ProvenFact
from recorder.receipts.queries import MessageView
from recorder.receipts.self_facts import KnownPeople
from recorder.receipts.state_changes import StateChange
from recorder.wire.records import ConnectionInfo, ReceiptPlan, RecordedFrame, SessionInfo


class RuleText(NamedTuple):
    """A rule of ``check`` in words."""

    id: str
    title: str
    explain: str


@dataclass(frozen=True, slots=True)
class SessionSource:
    """One session, or its beginning.

    Attributes:
        session: which.
        last: number of its last frame that is told of.
        connections: as of that frame.
        frames: those up to it, read once.
        messages: as of that frame.
        timelines: for each message its evidence, in the same order, read once.
        changes: how the states came about, in the order of frames.
        proofs: what each frame proves, in the order of frames, read once; those of frame 0 are of no frame.
        findings, rules: what ``check --at`` says of every moment, and its rules.
        people: everybody whose role or name is known, and all of us.
        self_of: connection → who speaks on it, where that is known.
        distributions, counts: delays, and what each participant did.
        requests, answered: how many requests went out, and how many of them were answered.
        missing: what is known to be missing of the recording; None if nothing is.
        dialog_types: dialog → its type, where a snapshot tells.
        plans: the receipts that a replay planned.
    """

    session: SessionInfo
    last: int
    connections: Sequence[ConnectionInfo]
    frames: Iterable[RecordedFrame]
    messages: Sequence[MessageView]
    timelines: Iterable[Sequence[TimelineEntry]]
    changes: Sequence[StateChange]
    proofs: Iterable[tuple[int, ProvenFact]]
    findings: FindingHistory
    rules: Sequence[RuleText]
    people: KnownPeople
    self_of: Mapping[int, str] = field(default_factory=dict)
    distributions: Sequence[Distribution] = ()
    counts: Sequence[Count] = ()
    requests: int = 0
    answered: int = 0
    missing: str | None = None
    dialog_types: Mapping[str, str] = field(default_factory=dict)
    plans: Sequence[ReceiptPlan] = ()
