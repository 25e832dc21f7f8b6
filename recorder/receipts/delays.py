"""Which clock a delay is measured on: the service's where it can be believed, else ours, else none.

The service's nodes have clocks of their own, and ours may be set back, so two times can lie about what lies
between them. A delay is therefore never below zero, and never one that the other clock contradicts:

* The service's clock is preferred, because it saw both ends without the network in between.
* It is not used where it says less than zero, or where both ends arrived as they happened and our clock says
  something else by more than the clock error of the dialog. Then it is ours, if that saw both ends happen.
* Ours is not used where it says less than zero, or the frames came in the other order.

``clocks_of`` finds the clock error of a dialog, and what arrived as it happened. How late something arrived
is our time of its frame less the service's time of it, which is the difference of the clocks and the way
here. The usual arrival in a dialog is the measure of the others: what happens live arrives about
equally late, frame by frame, while history is as late as it is old, and a single node ahead of time is alone.
What a connection brings of a history comes before anything that happens while it is open, and late: up to its
first frame that is about as quick as the measure, nothing counts as live. The clock error is how much later
than the quickest the quicker half of the live announcements arrived, and at least ``LEAST_ERROR_US``.

A dialog in which no two frames arrive about equally late has no usual arrival, so the quickest stands for it,
and how far the others are from it measures no error. If the service's times do not even rise with the frames,
what is later than the quickest need be no history: where the two clocks say different things of it, neither
is believed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import NamedTuple, Protocol

from recorder.messaging.events import Evidence, Proof

from .queries import MessageView

LEAST_ERROR_US = 1_000_000
"""A network may hold back a frame for so long, whatever the clocks say."""

LONGEST_WAY_US = 60_000_000
"""What arrives quicker than the usual by more than this is no quick arrival, but dated ahead of time."""


class Delay(NamedTuple):
    """How long something took, on one clock: ``clock`` is "server" (both ends are the service's times)
    or "local" (both are ours)."""

    seconds: float
    clock: str


class Clocks(Protocol):
    """How far the service's clock and ours agree on one dialog; ``DialogClocks`` is one."""

    @property
    def has_history(self) -> bool:
        """Whether what is not live came from a history; False: the service's times of it may be wrong."""

    def is_live(self, evidence: Evidence) -> bool:
        """Whether a frame came when what it says happened."""

    def contradict(self, apart_us: float) -> bool:
        """Whether two delays are so far apart that one of the clocks is wrong."""


class DialogClocks(NamedTuple):
    """How far the service's clock and ours agree on one dialog.

    Attributes:
        error_us: by how much a delay on one may differ from the same on the other.
        live_since: of each connection the first frame that brought something of the dialog as it happened;
            what came before was history.
        has_history: False: the service's times make no sense, and what came before need be no history.
    """

    error_us: int
    live_since: Mapping[int, int]
    has_history: bool = True

    def is_live(self, evidence: Evidence) -> bool:
        """Whether a frame came when what it says happened."""
        first = self.live_since.get(evidence.connection)
        return first is not None and evidence.frame >= first and not evidence.snapshot

    def contradict(self, apart_us: float) -> bool:
        """Whether two delays are so far apart that one of the clocks is wrong."""
        return apart_us > self.error_us


class LazyClocks:
    """The clocks of a dialog, found when the first delay depends on them: where both clocks agree within
    ``LEAST_ERROR_US`` none does."""

    def __init__(self, find: Callable[[], DialogClocks]) -> None:
        self._find = find

    @cached_property
    def _found(self) -> DialogClocks:
        return self._find()

    @property
    def has_history(self) -> bool:
        """Whether what is not live came from a history; False: the service's times of it may be wrong."""
        return self._found.has_history

    def is_live(self, evidence: Evidence) -> bool:
        """Whether a frame came when what it says happened."""
        return self._found.is_live(evidence)

    def contradict(self, apart_us: float) -> bool:
        """Whether two delays are so far apart that one of the clocks is wrong."""
        return self._found.contradict(apart_us)


class MeasuredDelay(NamedTuple):
    """A delay, or none; ``server_s`` is what the service's clock says, if that is not believed."""

    delay: Delay | None
    server_s: float | None = None


def clocks_of(messages: Iterable[MessageView]) -> DialogClocks:
    """How far the clocks agree, from all messages of one dialog with their receipts."""
    return clocks_of_evidence(chain.from_iterable(map(evidence_of, messages)))


def evidence_of(message: MessageView) -> Iterator[Evidence]:
    """The frames that prove a message and its receipts."""
    if message.sent is not None:
        yield message.sent
    for receipt in message.receipts:
        yield receipt.evidence


def clocks_of_evidence(evidence: Iterable[Evidence]) -> DialogClocks:
    """How far the clocks agree, from all evidence of the messages and receipts of one dialog."""
    announced = set(filter(is_announced, evidence))
    monotonic = all(evidence.offset_us is not None for evidence in announced)
    late_us = {evidence: lateness_us(evidence, monotonic=monotonic) for evidence in announced}
    frames = _latest_by_frame(late_us)
    usual_us, has_usual = _usual_us(frames.values())
    clocks = DialogClocks(LEAST_ERROR_US, _live_since(frames, usual_us + LEAST_ERROR_US))
    if not has_usual and len(frames) > 1:
        return clocks._replace(has_history=_rises(announced))
    live_us = sorted(each_us for evidence, each_us in late_us.items() if clocks.is_live(evidence))
    if not live_us:
        return clocks
    quickest_us = next(each_us for each_us in live_us if each_us >= usual_us - LONGEST_WAY_US)
    return clocks._replace(error_us=max(LEAST_ERROR_US, live_us[(len(live_us) - 1) // 2] - quickest_us))


def _latest_by_frame(late_us: Mapping[Evidence, int]) -> dict[tuple[int, int], int]:
    """(connection, frame) → how late the latest of what it brought arrived."""
    by_frame: dict[tuple[int, int], int] = {}
    for evidence, each_us in late_us.items():
        key = (evidence.connection, evidence.frame)
        by_frame[key] = max(each_us, by_frame.get(key, each_us))
    return by_frame


def _rises(announced: Iterable[Evidence]) -> bool:
    """Whether the service's times of a connection rise with its frames, but for ``LEAST_ERROR_US``."""
    latest_us: dict[int, int] = {}
    for evidence in sorted(announced, key=lambda each: (each.frame, each.server_ms or 0)):
        at_us = (evidence.server_ms or 0) * 1_000
        if at_us < latest_us.get(evidence.connection, at_us) - LEAST_ERROR_US:
            return False
        latest_us[evidence.connection] = max(at_us, latest_us.get(evidence.connection, at_us))
    return True


def _usual_us(late_us: Iterable[int]) -> tuple[int, bool]:
    """The start of the stretch of ``LEAST_ERROR_US`` with most arrivals; of several, the quickest.

    And whether it has more than one, so that it is usual.
    """
    rising = sorted(late_us)
    counts = [bisect_right(rising, each_us + LEAST_ERROR_US) - place for place, each_us in enumerate(rising)]
    return (rising[counts.index(max(counts))], max(counts) > 1) if counts else (0, False)


def _live_since(by_frame: Mapping[tuple[int, int], int], limit_us: int) -> dict[int, int]:
    """Of each connection the first frame that brought nothing later than the limit."""
    since: dict[int, int] = {}
    for (connection, frame), each_us in by_frame.items():
        if each_us <= limit_us:
            since[connection] = min(frame, since.get(connection, frame))
    return since


def clocks_by_dialog(messages: Iterable[MessageView]) -> dict[str | None, DialogClocks]:
    """``clocks_of`` for each dialog of a session."""
    by_dialog: defaultdict[str | None, list[MessageView]] = defaultdict(list)
    for message in messages:
        by_dialog[message.dialog_id].append(message)
    return {dialog_id: clocks_of(listed) for dialog_id, listed in by_dialog.items()}


def is_announced(evidence: Evidence) -> bool:
    """Whether the service announced and dated it, and we timed it."""
    return (
        evidence.proof is Proof.ANNOUNCED
        and evidence.server_ms is not None
        and not evidence.snapshot
        and (evidence.offset_us is not None or evidence.at_us is not None)
    )


def lateness_us(evidence: Evidence, *, monotonic: bool) -> int:
    """Our time less the service's; ours by the monotonic clock, if that timed all of them."""
    ours_us = evidence.offset_us if monotonic or evidence.at_us is None else evidence.at_us
    return (ours_us or 0) - (evidence.server_ms or 0) * 1_000


def delay(since: Evidence | None, until: Evidence | None, clocks: Clocks | None = None) -> Delay | None:
    """The time between two facts on the clock that can be believed; None where there is none."""
    return measured_delay(since, until, clocks).delay


def measured_delay(
    since: Evidence | None, until: Evidence | None, clocks: Clocks | None = None
) -> MeasuredDelay:
    """The time between two facts, and what the service's clock says where it is not believed.

    Without ``clocks`` the service's clock is believed unless it says less than zero.
    """
    if since is None or until is None:
        return MeasuredDelay(None)
    here, there = local_delay(since, until), _server_delay(since, until)
    if there is None:
        return MeasuredDelay(here)
    if there.seconds >= 0 and (here is None or _apart_us(there, here) <= LEAST_ERROR_US):
        return MeasuredDelay(there)  # whatever the clocks of the dialog
    live = clocks is None or (clocks.is_live(since) and clocks.is_live(until))
    apart = live and since.frame < until.frame
    if there.seconds >= 0 and not (
        apart and clocks is not None and here is not None and clocks.contradict(_apart_us(there, here))
    ):
        doubtful = not live and clocks is not None and not clocks.has_history and since.frame < until.frame
        return MeasuredDelay(None, there.seconds) if doubtful and here is not None else MeasuredDelay(there)
    return MeasuredDelay(here if apart else None, there.seconds)


def _apart_us(there: Delay, here: Delay) -> float:
    return abs(there.seconds - here.seconds) * 1_000_000


def local_delay(since: Evidence | None, until: Evidence | None) -> Delay | None:
    """The time between two facts on our own clock; None where it did not see them, in that order."""
    if since is None or until is None or until.frame < since.frame:
        return None
    passed_s = local_seconds(since, until)
    return None if passed_s is None or passed_s < 0 else Delay(passed_s, "local")


def offset_of(since: Evidence | None, until: Evidence, clocks: Clocks | None = None) -> Delay | None:
    """Where a fact stands before or after another: as ``delay``, and below zero for an earlier frame."""
    measured = measured_delay(since, until, clocks).delay
    if measured is not None or since is None or until.frame >= since.frame:
        return measured
    passed_s = local_seconds(since, until)
    return None if passed_s is None or passed_s > 0 else Delay(passed_s, "local")


def _server_delay(since: Evidence, until: Evidence) -> Delay | None:
    if since.server_ms is None or until.server_ms is None:
        return None
    return Delay((until.server_ms - since.server_ms) / 1_000, "server")


def local_seconds(since: Evidence, until: Evidence) -> float | None:
    """Our time of one less that of the other, which is below zero where our clock was set back.

    None where it did not see both, as of a message that only a snapshot shows.
    """
    if since.snapshot or until.snapshot:
        return None
    if since.offset_us is not None and until.offset_us is not None:
        return (until.offset_us - since.offset_us) / 1_000_000
    if since.at_us is not None and until.at_us is not None:
        return (until.at_us - since.at_us) / 1_000_000
    return None
