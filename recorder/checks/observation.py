"""How long the recording watched a dialog or connection: too short, and an absence is not observable."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.delays import local_seconds
from recorder.receipts.queries import MessageView, ReceiptView, is_proven_by_other

from .findings import Observation, OpenSentence, Placeholder, not_observable, span, violated
from .given_receipts import GivenReceipt
from .input import ConnectionFact
from .session_index import SeenMessage, SessionIndex, ended_words


class Watched(NamedTuple):
    """How long more of something could have been seen.

    Attributes:
        seconds: on our clock; None where the capture tells no times.
        why: what ended them; a placeholder where that is the end of what is looked at.
        since: where they go on to that end, their beginning.
    """

    seconds: float | None
    why: str | Placeholder
    since: Evidence | None = None

    def sentence(self, *parts: str | Placeholder) -> str | OpenSentence:
        """A sentence, with placeholders where it says how long this was, and what ended it."""
        filled = [self._filled(part) for part in parts]
        if all(isinstance(part, str) for part in filled):
            return "".join(map(str, filled))
        since = self.since
        return OpenSentence(
            tuple(filled),
            None if since is None else since.offset_us,
            None if since is None else since.at_us,
            0 if since is None else since.frame,
        )

    def _filled(self, part: str | Placeholder) -> str | Placeholder:
        if part is Placeholder.END:
            return self.why
        if part is Placeholder.SECONDS and self.since is None:
            return span(self.seconds or 0.0)
        return part


def watched_since(session: SessionIndex, since: Evidence, dialog_id: str, wait_s: float) -> Watched:
    """How long more of a dialog could have been seen; ``wait_s`` is what makes a difference.

    It ends with the connections that carried the dialog, or with the dialog: events of a closed dialog
    may not reach this client.
    """
    end = _end_of_dialog(session, dialog_id)
    closed = session.closed_dialogs.get(dialog_id)
    if closed is not None and (end is None or closed.frame <= end[0].frame):
        return Watched(watched_s(since, closed), f"the dialog was closed in frame #{closed.frame}")
    if end is None:
        return watched_so_far(session, since, wait_s)
    return Watched(watched_s(since, end[0]), end[1])


def watched_so_far(session: SessionIndex, since: Evidence, wait_s: float) -> Watched:
    """How long something could have been seen by the end of what is looked at."""
    end, dependencies = session.end, session.dependencies
    for clock in ("offset", "calendar"):
        session.facts.note(clock)
    watched = watched_s(since, end)
    if watched is not None and watched < wait_s:
        wait_us = int(wait_s * 1_000_000) - 1
        if since.offset_us is not None and end.offset_us is not None:
            dependencies.wait("offset", since.offset_us + wait_us)
        elif since.at_us is not None:
            dependencies.wait("calendar", since.at_us + wait_us)
    return Watched(watched, Placeholder.END, since)


def watched_s(since: Evidence, until: Evidence) -> float | None:
    """Seconds on our own clock that something could have been seen; 0 where the clock was set back."""
    passed_s = local_seconds(since, until)
    return None if passed_s is None else max(passed_s, 0.0)


def _end_of_dialog(session: SessionIndex, dialog_id: str) -> tuple[Evidence, str] | None:
    """When the connections that carried a dialog had ended, and in which words; None: they have not."""
    numbers = sorted(session.connections_of.get(dialog_id) or ())
    facts = [session.endings.get(number) for number in numbers if number in session.endings]
    ended = [fact for fact in facts if fact is not None]
    if not facts or len(ended) < len(facts):
        return None
    last = max(ended, key=lambda fact: (fact.last_frame or 0, fact.connection))
    return end_of(last), ended_words(last.last_frame or 0, closed=last.how is not None)


def end_of(connection: ConnectionFact) -> Evidence:
    """When a connection ended, as far as that is known."""
    offset_us, at_us = connection.closed_offset_us, connection.closed_at_us
    return Evidence(
        Proof.CLAIMED,
        connection.last_frame or 0,
        connection.connection,
        connection.last_at_us if at_us is None else at_us,
        connection.last_offset_us if offset_us is None else offset_us,
    )


def missing_answer(session: SessionIndex, asked: Evidence, what: str) -> Observation:
    """Observation for a request without an answer: violated or not observable, by how long was watched."""
    patience_s = session.limits.answer_patience_s
    connection = session.endings.get(asked.connection)
    if connection is None:
        watched = watched_so_far(session, asked, patience_s)
    else:
        end = end_of(connection)
        known = connection.how is not None
        watched = Watched(
            watched_s(asked, end), ended_words(end.frame, closed=True) if known else Placeholder.END
        )
    if watched.seconds is None:
        return not_observable(f"no answer to {what} was seen, and the capture tells no times", asked.frame)
    said = f"no answer to {what} was seen"
    if watched.seconds < patience_s:
        sentence = watched.sentence(f"{said} in the ", Placeholder.SECONDS, " until ", Placeholder.END)
        return not_observable(sentence, asked.frame)
    return violated(watched.sentence(f"{said}, in ", Placeholder.SECONDS), asked.frame)


def about(
    outcome: Callable[..., Observation],
    receipt: GivenReceipt,
    sequences: tuple[int, ...],
    sentence: str | OpenSentence,
    *frames: int,
) -> Observation:
    """``violated`` or ``not_observable`` for messages of a receipt; ``frames`` default to its first."""
    only = sequences[0] if len(sequences) == 1 else None
    return outcome(sentence, *(frames or (receipt.first.frame,)), dialog=receipt.dialog_id, sequence=only)


# --- receipts that did not come -------------------------------------------------------------------------


def receipts_of_others(message: MessageView, *statuses: str) -> list[ReceiptView]:
    """Receipts that the service took, by anybody but the author; the earliest frame first.

    Those of consumers on a message that they are not shown do not count.
    """
    return sorted(
        (
            receipt
            for receipt in message.receipts
            if receipt.status in statuses
            and is_proven_by_other(receipt, message)
            and not (message.is_private and receipt.role == "CONSUMER")
        ),
        key=lambda receipt: receipt.evidence.frame,
    )


def missing_receipt(
    session: SessionIndex, seen: SeenMessage, status: str, wait_s: float, *, within: str = ""
) -> Observation:
    """Observation for a message without a receipt: violated or not observable.

    It is violated only if somebody could have given the receipt, and ``wait_s`` were recorded after that.
    A recording shows whether we sent one for a message of others; not whether others sent one for ours.
    """
    may_be_ours = seen.message.mine is False
    sent = (seen.dialog_id, seen.sequence, status) in session.receipts.requested
    known = "sent or seen" if may_be_ours and not sent else "seen"
    said = f"no {status}{within} of message {seen.sequence} was {known}"
    observation = _missing(session, seen, said, wait_s)
    return observation._replace(frames=(seen.sent.frame,), dialog=seen.dialog_id, sequence=seen.sequence)


def _missing(session: SessionIndex, seen: SeenMessage, said: str, wait_s: float) -> Observation:
    if seen.message.is_private:
        return not_observable(f"{said}; its audience is {seen.message.audience}: consumers cannot give it")
    if seen.sent.snapshot:
        return not_observable(f"{said}; only a snapshot shows the message, and its receipts may be older")
    possible_reader = _possible_reader(session, seen)
    if possible_reader is None:
        return not_observable(f"{said}; nobody else was seen in the dialog who could have given it")
    since = max(seen.sent, possible_reader, key=lambda evidence: evidence.frame)
    watched = watched_since(session, since, seen.dialog_id, wait_s)
    if watched.seconds is None:
        return not_observable(f"{said}, and the capture tells no times")
    until = ("in the ", Placeholder.SECONDS, " until ", Placeholder.END)
    if watched.seconds < wait_s:
        return not_observable(watched.sentence(f"{said} ", *until))
    return violated(watched.sentence(f"{said} in this recording, ", *until))


def _possible_reader(session: SessionIndex, seen: SeenMessage) -> Evidence | None:
    """First evidence of a participant other than the author; the message itself if it is not ours."""
    message = seen.message
    if message.mine is False:
        return seen.sent
    others = [
        evidence
        for participant, evidence in session.participants.of(seen.dialog_id).items()
        if not session.may_be_one(participant, message.author)
    ]
    return min(others, key=lambda evidence: evidence.frame, default=None)
