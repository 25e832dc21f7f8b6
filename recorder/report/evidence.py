"""The timeline of one message, and the facts that one frame proves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from recorder.counted import counted
from recorder.receipts.echoes import Echo
from recorder.receipts.evidence import TimelineEntry
from recorder.receipts.participants import KnownParticipant, PeopleWords, participant_word, people_words
from recorder.receipts.proofs import ProvenFact
from recorder.receipts.queries import AGENTS_AND_MANAGERS, ContentView, MessageView
from recorder.receipts.self_facts import KnownPeople, people_of
from recorder.wire.records import ReceiptPlan

from .messages import content_words, giver_word, sender_word
from .planned import plan_lines
from .tables import print_line, print_table
from .times import clock_time, delay_words, zone_name


def print_timeline(
    stream: IO[str],
    message: MessageView,
    entries: Sequence[TimelineEntry],
    people: KnownPeople | None = None,
    *,
    last_frame: int,
    plans: Sequence[ReceiptPlan] = (),
    local: bool = False,
) -> None:
    """The table of ``message show``: every frame about the message, with both clocks and the proof level.

    ``people``: everybody in the session; else those who have to do with this message. ``last_frame``: the
    number of the last frame that was looked at. ``plans``: the receipts that a replay planned for it.
    """
    words = people_words({**_people_of(message, entries), **(people or {})})
    named = "without a sequence" if message.sequence is None else str(message.sequence)
    print_line(stream, f"message {named} in dialog {message.dialog_id or 'unknown'}")
    if message.sent is not None:
        author, known = sender_word(message, words), message.author or "id unknown"
        whole_id = "" if known in author.strip("()").split() else f" ({known})"
        print_line(stream, f"from     {author}{whole_id}")
        print_line(stream, f"text     {content_words(message.type, message.text)}")
        if message.audience is not None:
            print_line(stream, f"audience {_audience(message)}")
        for content in message.contents:
            print_line(stream, f"content  {content_words(content.type, content.text)}{_where(content)}")
    print_line(stream, f"status   {message.status}{_reason(message, entries, words, last_frame)}")
    if message.status == "accepted":
        print_line(stream, f"unread   {_absent('READ', message, entries, last_frame)}")
    if message.echo is not None:
        print_line(stream, f"stored   {_echo_text(message.echo)}")
    stream.write("\n")
    zone = zone_name(local=local)
    columns = ("FRAME", f"TIME ({zone})", "AFTER", "WHAT~25", "/BY", "PROOF", f"SERVER ({zone})")
    print_table(stream, columns, (_timeline_row(entry, words, local=local) for entry in entries))
    refused = [entry for entry in entries if entry.reason is not None]
    if refused:
        stream.write("\n")
    for entry in refused:
        print_line(stream, f"#{entry.evidence.frame} says: {entry.reason}")
    if plans:
        stream.write("\n")
    for line in plan_lines(plans):
        print_line(stream, line)


def _people_of(message: MessageView, entries: Sequence[TimelineEntry]) -> KnownPeople:
    roles = people_of([message])
    for entry in entries:
        if entry.mine:
            who = entry.evidence.connection if entry.participant is None else entry.participant
            roles[who] = KnownParticipant(entry.role or roles.get(who, KnownParticipant(None)).role)
    return roles


def _audience(message: MessageView) -> str:
    if message.audience == AGENTS_AND_MANAGERS:
        return f"{message.audience}: consumers are not shown it"
    return message.audience or ""


def _where(content: ContentView) -> str:
    return f" ({content.evidence.proof.word} in frame #{content.evidence.frame})"


def _echo_text(echo: Echo) -> str:
    return (
        f"probably: the same text by you was announced later, in frame #{echo.announced.frame}; "
        f"no answer told the sequence of your publish of frame #{echo.request_frame}"
    )


def _absent(what: str, message: MessageView, entries: Sequence[TimelineEntry], last_frame: int) -> str:
    """That a receipt is missing: of ours the recording shows whether they were sent, of others it may not."""
    sent = any(entry.mine and entry.status is not None and entry.status in what for entry in entries)
    none_of_ours = message.mine is False and not sent
    missing = f"no {what} was sent or seen" if none_of_ours else f"no {what} by anybody else was seen"
    return f"{missing} in this recording; last frame #{last_frame}"


def _reason(
    message: MessageView, entries: Sequence[TimelineEntry], words: PeopleWords, last_frame: int
) -> str:
    decided_by = message.decided_by
    if message.status == "failed":
        return next((f"; {each.sentence}" for each in entries if each.kind == "refused"), _REFUSED)
    if message.status == "sent" and message.sequence is None:
        return _TAKEN
    if message.status == "sent":
        return f"; {_absent('ACCEPT or READ', message, entries, last_frame)}"
    if decided_by is None:
        return _NO_RECEIPT.get(message.status, "")
    name = giver_word(decided_by, words)
    evidence = decided_by.evidence
    return f", by {name}: {decided_by.status} {evidence.proof.word} in frame #{evidence.frame}"


_REFUSED = "; the service refused it"
_TAKEN = "; the service took it, and nothing that was seen says under which sequence"
_NO_RECEIPT = {
    "pending": "; asked for, and no answer was seen that says where it stands",
    "unknown": "; the connection ended before an answer",
    "unseen": "; only receipts name it, the message itself was not seen in this recording",
}


def _timeline_row(entry: TimelineEntry, words: PeopleWords, *, local: bool) -> tuple[str, ...]:
    evidence = entry.evidence
    return (
        f"#{evidence.frame}",
        clock_time(evidence.at_us, local=local),
        delay_words(entry.after),
        entry.sentence,
        participant_word(
            entry.participant, entry.role, mine=entry.mine, connection=evidence.connection, words=words
        ),
        evidence.proof.word,
        clock_time(None if evidence.server_ms is None else evidence.server_ms * 1_000, local=local),
    )


PROOFS_SHOWN = 40
"""A receipt may name ten thousand messages; ``--json`` lists them all."""


def print_proofs(stream: IO[str], proofs: Sequence[ProvenFact]) -> None:
    """The facts that a frame proves, one per line, each with the frame that proves it better, if any."""
    for fact in proofs[:PROOFS_SHOWN]:
        better = "" if fact.better is None else f", best proven by frame #{fact.better}"
        print_line(stream, f"proves: {fact.sentence} ({fact.proof.word}{better})")
    if len(proofs) > PROOFS_SHOWN:
        print_line(stream, f"proves: and {counted(len(proofs) - PROOFS_SHOWN, 'fact')} more")
