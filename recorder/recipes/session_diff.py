"""Compare two sessions of an archive, such as before and after a change."""

from __future__ import annotations

from recorder.errors import ExpectationFailed
from recorder.receipts.aliases import Aliases
from recorder.receipts.difference import Difference, difference
from recorder.receipts.queries import MessageView, view
from recorder.store.archive import Archive

from .option_values import duration_s
from .queries import Notify, open_session, silent


def session_difference(
    archive: Archive,
    first: str,
    second: str,
    *,
    aliases: Aliases | None = None,
    delays_over: str | None = None,
    hide_texts: bool = False,
    say: Notify = silent,
) -> Difference:
    """What changed from one session to another, message by message, ids normalised.

    ``delays_over`` ("100ms", "2s") makes a delay that moved by more than this a difference too. With
    ``hide_texts`` a number stands for each text, the same for the same text.

    Raises:
        NotFound: no such session.
        BadOption: ``delays_over`` is no duration.
    """
    over_s = None if delays_over is None else duration_s("--delays-over", delays_over)
    remarks: dict[str, None] = {}
    sessions = [
        open_session(archive, name, aliases=aliases, say=lambda remark: remarks.setdefault(remark))
        for name in (first, second)
    ]
    for remark in remarks:  # a remark on both sessions is printed once
        say(remark)
    before, after = (view(opened.transcript) for opened in sessions)
    if hide_texts:
        numbers: dict[str, int] = {}
        before, after = ([_without_text(each, numbers) for each in listed] for listed in (before, after))
    return difference(before, after, delays_over_s=over_s)


def _without_text(message: MessageView, numbers: dict[str, int]) -> MessageView:
    if message.text is None:
        return message
    number = numbers.setdefault(message.text, len(numbers) + 1)
    return message._replace(text=f"text {number}", contents=())


def fail_if_different(found: Difference) -> None:
    """Raise ``ExpectationFailed`` if the sessions differ."""
    count = sum(change.differs for change in found.changes)
    if count:
        raise ExpectationFailed(f"the sessions differ in {count} {'place' if count == 1 else 'places'}")
