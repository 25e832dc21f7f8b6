"""How long the recording watched a dialog or connection: too short, and an absence is not observable."""

from __future__ import annotations

from collections.abc import Callable

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.delays import local_seconds
from recorder.receipts.queries import MessageView, ReceiptView, is_proven_by_other

from .findings import Observation, not_observable, span, violated
from .given_receipts import GivenReceipt
from .input import ConnectionFact
from .session_index import SeenMessage, SessionIndex, ended_words


def watched_since(session: SessionIndex, since: Evidence, dialog_id: str) -> tuple[float | None, str]:
    """Seconds on our clock in which more of a dialog could have been seen, and what ended them.

    They end with the connections that carried the dialog, or with the dialog: events of a closed dialog
    may not reach this client.
    """
    end, why = _end_of_dialog(session, dialog_id)
    closed = session.closed_dialogs.get(dialog_id)
    if closed is not None and closed.frame <= end.frame:
        end, why = closed, f"the dialog was closed in frame #{closed.frame}"
    return watched_s(since, end), why


def watched_s(since: Evidence, until: Evidence) -> float | None:
    """Seconds on our own clock that something could have been seen; 0 where the clock was set back."""
    passed_s = local_seconds(since, until)
    return None if passed_s is None else max(passed_s, 0.0)


def _end_of_dialog(session: SessionIndex, dialog_id: str) -> tuple[Evidence, str]:
    connections_by_dialog = session.connections_by_dialog.get(dialog_id, set())
    facts = [session.connections[number] for number in connections_by_dialog if number in session.connections]
    if not facts or not all(fact.ended for fact in facts):
        return session.end, session.end_words
    last = max(facts, key=lambda fact: (fact.last_frame or 0, fact.connection))
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
    connection = session.connections.get(asked.connection)
    end, why = session.end, session.end_words
    if connection is not None and connection.ended:
        end = end_of(connection)
        why = ended_words(end.frame, closed=True) if connection.how is not None else why
    watched = watched_s(asked, end)
    if watched is None:
        return not_observable(f"no answer to {what} was seen, and the capture tells no times", asked.frame)
    if watched < session.limits.answer_patience_s:
        return not_observable(f"no answer to {what} was seen in the {span(watched)} until {why}", asked.frame)
    return violated(f"no answer to {what} was seen, in {span(watched)}", asked.frame)


def about(
    outcome: Callable[..., Observation],
    receipt: GivenReceipt,
    sequences: tuple[int, ...],
    sentence: str,
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
    sent = (seen.dialog_id, seen.sequence, status) in session.requested_receipts
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
    watched, why = watched_since(session, since, seen.dialog_id)
    if watched is None:
        return not_observable(f"{said}, and the capture tells no times")
    if watched < wait_s:
        return not_observable(f"{said} in the {span(watched)} until {why}")
    return violated(f"{said} in this recording, in the {span(watched)} until {why}")


def _possible_reader(session: SessionIndex, seen: SeenMessage) -> Evidence | None:
    """First evidence of a participant other than the author; the message itself if it is not ours."""
    message = seen.message
    if message.mine is False:
        return seen.sent
    others = [
        evidence
        for participant, evidence in session.participants_by_dialog.get(seen.dialog_id, {}).items()
        if not session.may_be_one(participant, message.author)
    ]
    return min(others, key=lambda evidence: evidence.frame, default=None)
