"""What is asked of an archive now and then: its sessions, a moment of one, evidence, a frame.

Questions are answered in a thread, one after another; of several for the same pane only the newest.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recorder import recipes
from recorder.errors import RecorderError
from recorder.receipts.queries import MessageView
from recorder.receipts.self_facts import KnownPeople
from recorder.recipes import KnownMoments
from recorder.report.checks import finding_json, print_findings
from recorder.report.evidence import print_proofs, print_timeline
from recorder.report.frames import print_frame
from recorder.report.json_views import forwarded_json, frame_json, payload_text, proven_json, timeline_json
from recorder.store.archive import Archive
from recorder.wire.records import SessionInfo

from .printed_text import PrintedText


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """A page to show, what its ``c`` copies (a line of JSON each), and what it is about."""

    text: PrintedText
    copied: Sequence[Mapping[str, object]]
    title: str


@dataclass(frozen=True, slots=True)
class MomentAnswer:
    """The messages as of a frame, and when that frame was recorded."""

    at: int
    at_us: int | None
    messages: Sequence[MessageView]
    people: KnownPeople


Answer = list[SessionInfo] | PageAnswer | MomentAnswer | KnownMoments | str
Question = Callable[[Archive], Answer]


def ask_sessions(archive: Archive) -> list[SessionInfo]:
    """All sessions, newest first."""
    return archive.sessions()[::-1]


def moment_of(session: str, at: int, known: KnownMoments | None = None) -> Question:
    """The messages of a session as of a frame: from the moments that are known, else folded anew."""

    def ask(archive: Archive) -> MomentAnswer:
        at_us = recipes.frame(archive, session, str(at)).at_us if at else None
        if known is not None and at < known.frames:
            return MomentAnswer(at, at_us, known.states.as_of(at), known.people)
        people: KnownPeople = {}
        _, messages = recipes.messages(archive, session, at=f"#{at}", people=people)
        return MomentAnswer(at, at_us, messages, people)

    return ask


def known_moments(session: str) -> Question:
    """All moments of a session up to now: they take some times as long as one, and are there at once then."""
    return lambda archive: recipes.known_moments(archive, session)


def evidence_of(session: str, reference: str, when: str | None, *, local: bool) -> Question:
    """What ``message show`` prints."""

    def ask(archive: Archive) -> PageAnswer:
        people: KnownPeople = {}
        session_id, message, entries = recipes.message_life(
            archive, session, reference, at=when, people=people
        )
        last = recipes.last_frame(archive, session_id, at=when)
        text = PrintedText(
            lambda stream: print_timeline(stream, message, entries, people, last_frame=last, local=local)
        )
        number = reference if message.sequence is None else str(message.sequence)
        return PageAnswer(
            text, [timeline_json(session_id, message, entries)], f"Evidence of message {number}"
        )

    return ask


def frame_in_full(session: str, number: int, *, local: bool) -> Question:
    """What ``frame show`` prints."""

    def ask(archive: Archive) -> PageAnswer:
        frame = recipes.frame(archive, session, str(number))
        forwarded = recipes.passed_on(archive, session, number)
        proofs = recipes.frame_proofs(archive, session, number)

        def print_all(stream: Any) -> None:
            print_frame(stream, frame, forwarded, local=local)
            print_proofs(stream, proofs)

        told = {**frame_json(frame), **forwarded_json(forwarded), "proves": [*map(proven_json, proofs)]}
        return PageAnswer(PrintedText(print_all), [told], f"Frame #{number}")

    return ask


def frame_as_json(session: str, number: int) -> Question:
    """A line of ``frame list --json``."""
    return lambda archive: PageAnswer(
        PrintedText(lambda stream: None),
        [frame_json(recipes.frame(archive, session, str(number)))],
        f"frame #{number}",
    )


def line_to_send(session: str, number: int) -> Question:
    """The payload of a frame on one line, as it is pasted into wscat or ``recorder record``."""

    def ask(archive: Archive) -> str:
        text = payload_text(recipes.frame(archive, session, str(number)))
        return "" if text is None else " ".join(text.splitlines())

    return ask


def findings_of(session: str, when: str) -> Question:
    """What ``check --at`` prints."""
    return lambda archive: findings_page(recipes.checked(archive, session, at=when))


def findings_page(checked: recipes.Checked) -> PageAnswer:
    """What ``check -v`` prints."""
    text = PrintedText(lambda stream: print_findings(stream, checked.findings, verbose=True))
    violated = sum(each.outcome.value == "violated" for each in checked.findings)
    return PageAnswer(text, [*map(finding_json, checked.findings)], f"Findings: {violated} violated")


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a question, or the error (or the bug) that it ended with."""

    pane: str
    about: object
    answer: Answer | None
    error: Exception | None = None


def sentence_of(error: Exception) -> str:
    """What a user is told about an error. Raises it if it is a bug."""
    if not isinstance(error, RecorderError):
        raise error
    return str(error)


class QuestionThread:
    """Answers questions of an archive, one at a time.

    Args:
        tell: called in the thread with each answer.
    """

    def __init__(self, archive: str, tell: Callable[[Answered], object]) -> None:
        self._archive = archive
        self._tell = tell
        self._waiting: dict[str, tuple[object, Question]] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="questions")

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def ask(self, pane: str, about: object, question: Question) -> None:
        """Answer this as soon as may be, instead of what waits for the same pane.

        ``about`` is told with the answer.
        """
        with self._changed:
            self._waiting[pane] = (about, question)
            self._changed.notify()

    def close(self, *, within_s: float = 0.0) -> None:
        """End; what waits is not answered any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(within_s)

    def _run(self) -> None:
        while (asked := self._next()) is not None:
            pane, about, question = asked
            try:
                with recipes.open_archive(self._archive) as archive:
                    answered = Answered(pane, about, question(archive))
            except Exception as error:  # handed to whoever shows it
                answered = Answered(pane, about, None, error)
            if not self._closed:
                self._tell(answered)

    def _next(self) -> tuple[str, object, Question] | None:
        """What was asked first; None once it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._waiting))
            if self._closed:
                return None
            pane = next(iter(self._waiting))
            return (pane, *self._waiting.pop(pane))
