"""How long somebody watched: without that, a thing that was not seen means nothing."""

from __future__ import annotations

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.queries import MessageView, ReceiptView, delay

from .findings import Look, broken, span, unknowable
from .input import ConnectionFact
from .session_index import Ground, Seen


def watched_since(ground: Ground, since: Evidence, dialog_id: str) -> tuple[float | None, str]:
    """Seconds on our clock in which more could have been heard of a dialog, and what ended them.

    It ends with the connections the dialog was heard on, and with the dialog: what happens in a closed
    one may not be told to everybody.
    """
    end, why = _end_of_dialog(ground, dialog_id)
    closed = ground.closings.get(dialog_id)
    if closed is not None and closed.frame <= end.frame:
        end, why = closed, f"the dialog was closed in frame #{closed.frame}"
    return local_delay(since, end), why


def local_delay(since: Evidence, until: Evidence) -> float | None:
    """Seconds on our own clock."""
    passed = delay(since._replace(server_ms=None), until._replace(server_ms=None))
    return None if passed is None else passed.seconds


def _end_of_dialog(ground: Ground, dialog_id: str) -> tuple[Evidence, str]:
    heard_on = ground.heard_on.get(dialog_id, set())
    facts = [ground.connections[number] for number in heard_on if number in ground.connections]
    if not facts or not all(fact.ended for fact in facts):
        return ground.end, ground.end_words
    last = max(facts, key=lambda fact: (fact.last_frame or 0, fact.connection))
    return end_of(last), "the connection ended" if last.how is not None else "the recording ended"


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


def missing_answer(ground: Ground, asked: Evidence, what: str) -> Look:
    """What to say of a request without an answer."""
    connection = ground.connections.get(asked.connection)
    over = connection is not None and connection.ended
    end = end_of(connection) if connection is not None and over else ground.end
    watched = local_delay(asked, end)
    why = "the connection ended" if over and connection and connection.how else ground.end_words
    if watched is None:
        return unknowable(f"no answer to {what} was seen, and the capture tells no times", asked.frame)
    if watched < ground.limits.answer_patience_s:
        return unknowable(f"no answer to {what} was seen in the {span(watched)} until {why}", asked.frame)
    return broken(f"no answer to {what} was seen, in {span(watched)}", asked.frame)


# --- receipts that did not come -------------------------------------------------------------------------


def receipts_of_others(message: MessageView, *statuses: str) -> list[ReceiptView]:
    """Receipts that the service took, by anybody but the author; the earliest frame first."""
    return sorted(
        (
            receipt
            for receipt in message.receipts
            if receipt.status in statuses
            and receipt.evidence.proof >= Proof.ACKNOWLEDGED
            and not (message.mine and receipt.mine)
            and not (receipt.participant is not None and receipt.participant == message.author)
        ),
        key=lambda receipt: receipt.evidence.frame,
    )


def missing_receipt(ground: Ground, seen: Seen, what: str, wait_s: float) -> Look:
    """What to say of a message without a receipt.

    It is missed only where somebody could have given it, and somebody watched for ``wait_s`` after that.
    """
    look = _missing(ground, seen, f"no {what} of message {seen.sequence} was seen", wait_s)
    return look._replace(frames=(seen.sent.frame,), dialog=seen.dialog_id, sequence=seen.sequence)


def _missing(ground: Ground, seen: Seen, said: str, wait_s: float) -> Look:
    there = _somebody_there(ground, seen)
    if there is None:
        return unknowable(f"{said}; nobody else was seen in the dialog who could have given it")
    since = max(seen.sent, there, key=lambda evidence: evidence.frame)
    watched, why = watched_since(ground, since, seen.dialog_id)
    if watched is None:
        return unknowable(f"{said}, and the capture tells no times")
    if watched < wait_s:
        return unknowable(f"{said} in the {span(max(watched, 0.0))} until {why}")
    return broken(f"{said} in this recording, in the {span(watched)} until {why}")


def _somebody_there(ground: Ground, seen: Seen) -> Evidence | None:
    """What first shows anybody but the author in the dialog; ourselves, if the message is another's."""
    message = seen.message
    if message.mine is False:
        return seen.sent
    author = {message.author} | (ground.me if message.mine else frozenset())
    others = [
        evidence
        for participant, evidence in ground.company.get(seen.dialog_id, {}).items()
        if participant not in author
    ]
    return min(others, key=lambda evidence: evidence.frame, default=None)
