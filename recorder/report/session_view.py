"""A session as files for other people show it: facts that a recipe gathered, and what people are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from recorder.checks.findings import Finding
from recorder.checks.input import ConnectionFact
from recorder.counted import counted
from recorder.messaging.events import Evidence
from recorder.receipts.participants import PeopleWords, participant_word
from recorder.receipts.queries import MessageView, ReceiptView
from recorder.receipts.self_facts import KnownPeople, connection_of
from recorder.redaction.people import Part
from recorder.wire.records import ConnectionInfo, SessionInfo

from .summary import FrameCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """One session with what was concluded from it.

    Attributes:
        session, connections: as the archive has them.
        connection_facts: the first and last frame of each connection, and how it ended.
        messages: in the order of ``receipts.queries.view``.
        people: everybody who takes part: us, with those of unknown id, and all others, with roles and names.
        names: what each of these is called here, no two alike.
        findings: what ``check`` finds, by its own rules.
        missing: what is known to be missing, in one phrase; None if nothing is.
        recording: whether the session is still being recorded.
        counts: of its frames.
        left_out: parts that are not in it any more.
    """

    session: SessionInfo
    connections: Sequence[ConnectionInfo]
    connection_facts: Sequence[ConnectionFact]
    messages: Sequence[MessageView]
    people: KnownPeople
    names: PeopleWords
    findings: Sequence[Finding]
    missing: str | None
    recording: bool
    counts: FrameCounts
    left_out: frozenset[Part] = field(default=frozenset())

    def author(self, message: MessageView) -> str:
        """What the author of a message is called."""
        return self._name(message.author, message.role, message.mine, message.sent)

    def giver(self, receipt: ReceiptView) -> str:
        """What the giver of a receipt is called."""
        return self._name(receipt.participant, receipt.role, receipt.mine, receipt.evidence)

    def _name(
        self, participant: str | None, role: str | None, mine: bool | None, evidence: Evidence | None
    ) -> str:
        connection = connection_of(evidence)
        return participant_word(participant, role, mine=mine, connection=connection, words=self.names)


_FIDELITY_WORDS = {
    "bytes": "every byte",
    "messages": "whole messages, without control frames and fragments",
    "lines": "lines of text",
}


def completeness_lines(view: SessionView) -> Iterator[str]:
    """Sentences: is it complete, where does it come from, what was left out, whose texts are inside."""
    if view.missing is not None:
        yield f"Incomplete: {view.missing}."
    elif view.recording:
        yield "Still being recorded when this was written."
    else:
        yield "Complete: nothing is known to be missing."
    yield f"Recorded from: {'; '.join(_sources(view)) or view.session.source}."
    yield f"Secrets: blanked in {view.counts.secrets:,} of {counted(view.session.frames, 'frame')}."
    authors = {view.author(message) for message in view.messages if message.text is not None}
    texts = sum(message.text is not None for message in view.messages)
    left_out = view.left_out | view.counts.left_out
    if "text" in left_out:
        yield f"Left out: the texts of {counted(texts, 'message')}."
    else:
        people = "1 person" if len(authors) == 1 else f"{len(authors)} people"
        yield f"Inside: the texts of {counted(texts, 'message')} by {people}."
    if "names" in left_out:
        yield "Left out: the ids and names of people."
    yield "A receipt that is not listed was not seen in this recording; that does not mean nobody gave it."


def _sources(view: SessionView) -> list[str]:
    """Provenance and fidelity of the connections, each pair once."""
    told = []
    for each in view.connections:
        provenance = each.provenance or view.session.source
        own = each.provenance is None and view.session.source in ("client", "replay")
        words = _FIDELITY_WORDS.get(each.fidelity or ("bytes" if own else ""))
        told.append(f"{provenance} ({words})" if words else provenance)
    return list(dict.fromkeys(told))
