"""A session as Markdown for a ticket: is it complete, its messages with their receipts, its findings.

Nothing recorded is markup: what is more than plain words stands in code spans, in which no HTML, link,
mention or emphasis is read. A ``|`` would end the cell of a table even there, so it stands between two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from recorder.checks.findings import Finding, Outcome
from recorder.counted import counted
from recorder.messaging.events import Evidence, Proof
from recorder.receipts.delays import Clocks, clocks_of, delay
from recorder.receipts.queries import MessageView, ReceiptView
from recorder.wire.endings import ending_words

from .messages import STATUS_MARKS, audience_words, content_words
from .session_view import SessionView, completeness_lines
from .terminal import safe_text
from .times import clock_time, delay_words, moment_words

TEXT_SHOWN = 400
"""Characters of a text in a table; the rest is counted."""

FINDINGS_SHOWN = 100

_PLAIN = re.compile(r"(?!.*www\.)(?:[A-Za-z0-9 ,.;()'-]|:(?= ))*", re.ASCII | re.IGNORECASE)


def markdown_lines(view: SessionView) -> Iterator[str]:
    """The lines of the document, without their ends."""
    session = view.session
    named = "" if session.name is None else f" ({plain_or_code(session.name)})"
    yield f"# Session {code(session.session)}{named}"
    yield ""
    yield from (f"> * {plain_or_code(line)}" for line in completeness_lines(view))
    yield ""
    started = moment_words(session.started_at_us)
    yield f"Started {started}, {counted(session.frames, 'frame')}, written by {session.recorder_version}."
    yield ""
    for each in view.connections:
        where = code(each.url or "an unknown address")
        yield f"* Connection {each.connection} to {where}: {plain_or_code(ending_words(each))}"
    told = set(_everybody(view))
    for who, called in view.names.items():
        if isinstance(who, str) and who != called and called in told:
            yield f"* {plain_or_code(called)}: {_person(view, who)}"
    for dialog, messages in groupby(view.messages, lambda message: message.dialog_id):
        yield from _dialog(view, dialog, list(messages))
    if not view.messages:
        yield from ("", "No messages in this recording.")
    yield from _findings(view)


def _everybody(view: SessionView) -> Iterator[str]:
    for message in view.messages:
        yield view.author(message)
        yield from map(view.giver, message.receipts)


def _person(view: SessionView, participant: str) -> str:
    profile = view.people[participant].name
    return code(participant) if profile is None else f"{plain_or_code(profile)}, {code(participant)}"


def _dialog(view: SessionView, dialog: str | None, messages: list[MessageView]) -> Iterator[str]:
    clocks = clocks_of(messages)
    yield from ("", f"## Dialog {code(dialog or 'unknown')}", "")
    yield "| Message | From | Text | Status | Sent (UTC) | Receipts |"
    yield "|---|---|---|---|---|---|"
    for message in messages:
        receipts = (_receipt(view, message, receipt, clocks) for receipt in message.receipts)
        cells = (
            "" if message.sequence is None else str(message.sequence),
            plain_or_code(view.author(message)),
            _text(message),
            _status(message),
            "" if message.sent is None else _when(message.sent),
            "; ".join(receipts),
        )
        yield f"| {' | '.join(cells)} |"


def _status(message: MessageView) -> str:
    """The Vs of the status, and its word. Markdown has no colours: that of READ is bold."""
    shown = f"{STATUS_MARKS[message.status].mark.strip()} {message.status}"
    return f"**{shown}**" if message.status == "read" else shown


def _text(message: MessageView) -> str:
    marks = [f"[{audience_words(message)}]"] if message.is_private else []
    marks += [f"[{counted(len(message.contents), 'content')}]"] if message.contents else []
    return " ".join([*map(plain_or_code, marks), code(shortened(content_words(message.type, message.text)))])


def shortened(text: str, limit: int = TEXT_SHOWN) -> str:
    """The beginning of a text, and how long it is if that is not all of it."""
    return text if len(text) <= limit else f"{text[:limit]}… ({counted(len(text), 'character')})"


def _when(evidence: Evidence) -> str:
    snapshot = " (snapshot)" if evidence.snapshot else ""
    return f"{clock_time(evidence.at_us)} {code(f'#{evidence.frame}')}{snapshot}"


def _receipt(view: SessionView, message: MessageView, receipt: ReceiptView, clocks: Clocks) -> str:
    evidence = receipt.evidence
    passed = delay(message.sent, evidence, clocks)
    words = [plain_or_code(view.giver(receipt)), plain_or_code(receipt.status)]
    words += [code(delay_words(passed))] if passed is not None else []
    words.append(_when(evidence))
    words += [f"({evidence.proof.word})"] if evidence.proof < Proof.ACKNOWLEDGED else []
    return " ".join(words)


def _findings(view: SessionView) -> Iterator[str]:
    violated = [finding for finding in view.findings if finding.outcome is Outcome.VIOLATED]
    cannot_tell = {each.rule for each in view.findings if each.outcome is Outcome.NOT_OBSERVABLE}
    satisfied = {each.rule for each in view.findings} - cannot_tell - {each.rule for each in violated}
    yield from ("", "## Findings", "")
    yield from (_finding_line(finding) for finding in violated[:FINDINGS_SHOWN])
    if len(violated) > FINDINGS_SHOWN:
        yield f"* and {len(violated) - FINDINGS_SHOWN} more"
    yield from ([""] if violated else ["Nothing violated.", ""])
    yield f"{counted(len(satisfied), 'rule')} satisfied; {len(cannot_tell)} cannot tell by this recording."


def _finding_line(finding: Finding) -> str:
    frames = " ".join(code(f"#{frame}") for frame in finding.frames)
    where = f" ({frames})" if frames else ""
    return f"* **{finding.severity.value}** {code(finding.rule)}: {plain_or_code(finding.sentence)}{where}"


def plain_or_code(text: str) -> str:
    """Plain words as they are, anything else as code."""
    return text if text.strip() and _PLAIN.fullmatch(text) else code(text)


def code(text: str) -> str:
    """The text in code spans, on one line, with characters that would act on a reader's screen escaped."""
    return "&#124;".join(_code_span(part) if part else "" for part in safe_text(text).split("|"))


def _code_span(text: str) -> str:
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    # CommonMark 6.1: one blank is taken from both ends where both have one and there is more than blanks.
    padded = text[0] in " `" or text[-1] in " `"
    return f"{fence} {text} {fence}" if padded and text.strip() else f"{fence}{text}{fence}"
