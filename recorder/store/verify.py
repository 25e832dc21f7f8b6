"""Is anything missing or changed? Counted, compared and digested, session by session.

A session is ``complete`` when its end record agrees with its frames, ``interrupted`` when it has no
end record but what is there holds together, ``recording`` when somebody writes it now, and ``damaged``
when something is missing or changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from recorder.errors import ArchiveUnusable, NotFound

from .archive import Archive
from .digest import Digest
from .info import ConnectionStanding, SessionStanding
from .reading import Chained

_SHOWN_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class SessionVerdict:
    """What verifying one session found.

    Attributes:
        session: its public id; None for what concerns the file and no session in particular.
        name: what the user called it, or None.
        state: "complete", "interrupted", "recording" or "damaged".
        frames: how many frames were read.
        problems: a sentence each; empty unless damaged.
        first_bad: number of the first frame that is missing or changed, as far as it can be told.
    """

    session: str | None
    name: str | None
    state: str
    frames: int
    problems: tuple[str, ...] = ()
    first_bad: int | None = None


@dataclass(slots=True)
class _Findings:
    problems: list[str] = field(default_factory=list)
    first_bad: int | None = None

    def add(self, problem: str, number: int | None = None) -> None:
        if len(self.problems) < _SHOWN_PROBLEMS:
            self.problems.append(problem)
        if number is not None and (self.first_bad is None or number < self.first_bad):
            self.first_bad = number


Through = Callable[[Iterator[Chained]], Iterable[Chained]]
"""Hands on what it is given, to count it or to say how far it is."""


def _untouched(frames: Iterator[Chained]) -> Iterable[Chained]:
    return frames


def verify(archive: Archive, *, through: Through = _untouched) -> list[SessionVerdict]:
    """A verdict for every session, oldest first; then one for the file itself if that is damaged.

    The frames of each session are read by way of ``through``, called once a session.

    Raises:
        ArchiveUnusable: not even the list of sessions can be read.
    """
    broken = _file_problems(archive)
    standings = archive.standings()
    verdicts = []
    for standing in standings:
        with suppress(NotFound):  # it was deleted since
            verdicts.append(_session(archive, standing, through))
    known = {standing.session for standing in standings}
    for session, frames in archive.marks().items():
        if session not in known:
            says = f"{frames} frames were recorded, and the whole session is missing"
            verdicts.append(SessionVerdict(session, None, "damaged", 0, (says,), 1))
    if broken:
        verdicts.append(SessionVerdict(None, None, "damaged", 0, broken))
    return verdicts


def _file_problems(archive: Archive) -> tuple[str, ...]:
    problems = archive.integrity_problems()
    try:
        archive.redaction_key()
    except ArchiveUnusable as error:
        problems.append(error.problem)
    return tuple(problems)


def _session(archive: Archive, standing: SessionStanding, through: Through) -> SessionVerdict:
    findings = _Findings()
    count = 0
    try:
        places = _places(archive, standing.session, findings)
        for chained in through(archive.chained_frames(standing.session)):
            count += 1
            _check_frame(chained, count, places, findings)
    except ArchiveUnusable as error:
        findings.add(f"what follows frame {count} cannot be read: {error.problem}", count + 1)
    else:
        _check_ends(standing, places, count, findings)
    state = "damaged" if findings.problems else standing.state
    problems = tuple(findings.problems)
    return SessionVerdict(standing.session, standing.name, state, count, problems, findings.first_bad)


class _Place:
    """How far one connection has been followed."""

    def __init__(self, standing: ConnectionStanding) -> None:
        self.standing = standing
        self.digest = Digest()
        self.broken = False
        points = [each for each in (standing.barrier, standing.end) if each is not None]
        self.claimed = max((each.count for each in points), default=0)
        self.points = points

    def agrees(self) -> bool:
        """Whether the digest up to here is what the barrier and the end noted for here, if they did."""
        noted = [each.digest for each in self.points if each.count == self.digest.count]
        return all(digest == self.digest.value() for digest in noted)


def _places(archive: Archive, session: str, findings: _Findings) -> dict[int, _Place]:
    places = {each.number: _Place(each) for each in archive.connection_standings(session)}
    for number, place in places.items():
        if not place.agrees():
            place.broken = True
            findings.add(f"connection {number} has a digest of no frames that is of some")
    return places


def _check_frame(chained: Chained, expected: int, places: dict[int, _Place], findings: _Findings) -> None:
    frame, chain = chained
    number = frame.number
    if number != expected and findings.first_bad is None:
        twice = number < expected
        says = f"frame {number} is there twice" if twice else f"frames {expected} to {number - 1} are missing"
        findings.add(says, min(number, expected))
    place = places.get(frame.connection)
    if place is None:
        findings.add(f"frame {number} belongs to connection {frame.connection}, which is missing", number)
        return
    if place.broken:  # everything after the first wrong frame of a connection differs too
        return
    if frame.index != place.digest.count:
        place.broken = True
        says = f"frame {number} has index {frame.index} in connection {frame.connection}"
        findings.add(f"{says}, where {place.digest.count} was to come", number)
    elif place.digest.add(frame) != chain or not place.agrees():
        place.broken = True
        findings.add(f"frame {number} is not as it was recorded", number)


def _check_ends(
    standing: SessionStanding, places: dict[int, _Place], count: int, findings: _Findings
) -> None:
    complete = standing.state == "complete"
    for number, place in places.items():
        _check_end(number, place, complete, count, findings)
    if (complete and standing.frames is None) or (standing.frames is not None and not standing.ended):
        findings.add("its end record is not whole")
    claimed = max(standing.frames or 0, standing.mark or 0)
    if count < claimed:
        findings.add(f"{claimed} frames were recorded, {count} are there", count + 1)
    if standing.frames is not None and count > standing.frames:
        findings.add(f"there are {count} frames, and {standing.frames} were recorded", standing.frames + 1)


def _check_end(number: int, place: _Place, complete: bool, count: int, findings: _Findings) -> None:
    missing = place.claimed - place.digest.count
    if missing > 0 and not place.broken:
        findings.add(f"the last {missing} frames of connection {number} are missing", count + 1)
    end = place.standing.end
    if complete and end is None:
        findings.add(f"connection {number} has no end record, though its session has one")
    elif complete and end is not None and end.count < place.digest.count:
        findings.add(f"connection {number} has more frames than its end record says")
