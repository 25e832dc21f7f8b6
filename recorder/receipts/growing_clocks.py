"""The clocks of a dialog that grows: what ``clocks_of_evidence`` finds, after each further frame.

Most evidence comes in the order of frames, and then costs little, however long the dialog is. Whatever comes
otherwise, or is taken back, lets everything be read anew.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Iterable

from recorder.messaging.events import Evidence

from .delays import LEAST_ERROR_US, LONGEST_WAY_US, DialogClocks, is_announced, lateness_us

_RUN = 256
"""Numbers in one run of a stretch; twice as many are split."""


class DensestStretch:
    """Numbers, and from which of them on a stretch of ``LEAST_ERROR_US`` has most of them."""

    def __init__(self) -> None:
        self._runs: list[list[int]] = []
        self._counts: list[list[int]] = []
        self._more: list[int] = []
        self._most: list[int] = []

    def add(self, number: int) -> None:
        """Add a number."""
        if not self._runs:
            self._runs, self._counts, self._more, self._most = [[number]], [[1]], [0], [1]
            return
        last = max(bisect_right(self._runs, number, key=lambda run: run[0]) - 1, 0)
        place = bisect_right(self._runs[last], number)
        own = self._up_to(number + LEAST_ERROR_US) - sum(map(len, self._runs[:last])) - place + 1
        self._count_from(number - LEAST_ERROR_US, last, place)
        self._runs[last].insert(place, number)
        self._counts[last].insert(place, own - self._more[last])
        self._most[last] = max(self._most[last], own - self._more[last])
        if len(self._runs[last]) > 2 * _RUN:
            self._split(last)

    def _up_to(self, number: int) -> int:
        """How many numbers are not higher."""
        run = bisect_right(self._runs, number, key=lambda run: run[0]) - 1
        return 0 if run < 0 else sum(map(len, self._runs[:run])) + bisect_right(self._runs[run], number)

    def _count_from(self, number: int, last: int, place: int) -> None:
        """The stretches from ``number`` on to this place have one more."""
        first = max(bisect_left(self._runs, number, key=lambda run: run[-1]), 0)
        for run in range(first, last + 1):
            begin = bisect_left(self._runs[run], number) if run == first else 0
            end = place if run == last else len(self._runs[run])
            if begin == 0 and end == len(self._runs[run]):
                self._more[run] += 1
            elif begin < end:
                counts = self._counts[run]
                counts[begin:end] = [each + 1 for each in counts[begin:end]]
                self._most[run] = max(self._most[run], max(counts[begin:end]))

    def _split(self, run: int) -> None:
        self._runs[run : run + 1] = [self._runs[run][:_RUN], self._runs[run][_RUN:]]
        self._counts[run : run + 1] = [self._counts[run][:_RUN], self._counts[run][_RUN:]]
        self._more.insert(run, self._more[run])
        self._most[run : run + 1] = [max(self._counts[run]), max(self._counts[run + 1])]

    def densest(self) -> tuple[int, int]:
        """The lowest number from which on there are most, and how many; 0, 0 where there is none."""
        if not self._runs:
            return 0, 0
        counts = [most + more for most, more in zip(self._most, self._more, strict=True)]
        run = counts.index(max(counts))
        return self._runs[run][self._counts[run].index(self._most[run])], counts[run]


class _ConnectionTimes:
    """How late what one connection brought arrived, in the order of its frames.

    Attributes:
        late: frame and lateness of each evidence; ``lows`` of the frames that were less late than all before.
        rises: whether the service's times rise with the frames, but for ``LEAST_ERROR_US``.
    """

    def __init__(self) -> None:
        self.late: list[tuple[int, int]] = []
        self.lows: list[tuple[int, int]] = []
        self.rises = True
        self._latest_us: int | None = None

    def add(self, frame: int, brought: list[tuple[Evidence, int]]) -> int:
        """Add what a further frame brought; how late the latest of it is."""
        latest = max(late_us for _, late_us in brought)
        self.late += [(frame, late_us) for late_us in sorted(late_us for _, late_us in brought)]
        if not self.lows or latest < self.lows[-1][1]:
            self.lows.append((frame, latest))
        dated_us = [(evidence.server_ms or 0) * 1_000 for evidence, _ in brought]
        if self._latest_us is not None and min(dated_us) < self._latest_us - LEAST_ERROR_US:
            self.rises = False
        self._latest_us = max(dated_us if self._latest_us is None else [*dated_us, self._latest_us])
        return latest

    def since(self, limit_us: int) -> int | None:
        """The first frame that brought nothing later than this."""
        place = bisect_left(self.lows, -limit_us, key=lambda low: -low[1])
        return self.lows[place][0] if place < len(self.lows) else None


class GrowingClocks:
    """How far the clocks of a dialog agree; ``clocks`` are those of now."""

    def __init__(self) -> None:
        self._counts: Counter[Evidence] = Counter()
        self._new: dict[Evidence, None] = {}
        self._begin()
        self._anew = False
        self.clocks = DialogClocks(LEAST_ERROR_US, {})

    def _begin(self) -> None:
        self._monotonic = True
        self._times: defaultdict[int, _ConnectionTimes] = defaultdict(_ConnectionTimes)
        self._frames = 0
        self._stretch = DensestStretch()
        self._since: dict[int, int] = {}
        self._live: list[int] = []

    def change(self, before: Iterable[Evidence], now: Iterable[Evidence]) -> None:
        """A message has other evidence than before."""
        for evidence in filter(is_announced, now):
            self._counts[evidence] += 1
            if self._counts[evidence] == 1:
                self._new[evidence] = None
        for evidence in filter(is_announced, before):
            self._counts[evidence] -= 1
            if not self._counts[evidence]:
                del self._counts[evidence]
                if evidence in self._new:
                    del self._new[evidence]
                else:
                    self._anew = True

    def settle(self) -> DialogClocks:
        """Read what has changed; the clocks of now."""
        if self._anew or not self._can_continue():
            self._begin()
            self._anew = False
            self.clocks = DialogClocks(LEAST_ERROR_US, {})
            self._monotonic = all(evidence.offset_us is not None for evidence in self._counts)
            self._new = dict.fromkeys(self._counts)
        if self._new:
            came, self._new = self._new, {}
            self._read(came)
        return self.clocks

    def _can_continue(self) -> bool:
        """Whether what is new came after what is known, and is timed alike."""
        for evidence in self._new:
            known = self._times[evidence.connection].late
            if known and evidence.frame <= known[-1][0]:
                return False
            if self._monotonic and evidence.offset_us is None:
                return False
        return True

    def _read(self, came: Iterable[Evidence]) -> None:
        by_frame: defaultdict[tuple[int, int], list[tuple[Evidence, int]]] = defaultdict(list)
        for evidence in came:
            late_us = lateness_us(evidence, monotonic=self._monotonic)
            by_frame[evidence.frame, evidence.connection].append((evidence, late_us))
        for (frame, connection), brought in sorted(by_frame.items(), key=lambda entry: entry[0]):
            self._stretch.add(self._times[connection].add(frame, brought))
            self._frames += 1
            if connection in self._since:
                for _, late_us in brought:
                    insort(self._live, late_us)
        self.clocks = self._found()

    def _found(self) -> DialogClocks:
        usual_us, count = self._stretch.densest()
        since = {
            connection: frame
            for connection, times in self._times.items()
            if (frame := times.since(usual_us + LEAST_ERROR_US)) is not None
        }
        if since != self._since:
            self._since = since
            self._live = sorted(
                late_us
                for connection, first in since.items()
                for _, late_us in self._late_since(connection, first)
            )
        if count <= 1 and self._frames > 1:
            rises = all(times.rises for times in self._times.values())
            return DialogClocks(LEAST_ERROR_US, since, has_history=rises)
        if not self._live:
            return DialogClocks(LEAST_ERROR_US, since)
        quickest_us = self._live[bisect_left(self._live, usual_us - LONGEST_WAY_US)]
        middle_us = self._live[(len(self._live) - 1) // 2]
        return DialogClocks(max(LEAST_ERROR_US, middle_us - quickest_us), since)

    def _late_since(self, connection: int, first: int) -> list[tuple[int, int]]:
        late = self._times[connection].late
        return late[bisect_left(late, (first, -(1 << 62))) :]
