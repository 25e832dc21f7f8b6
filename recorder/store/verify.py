"""Is anything missing or changed? Counted, compared and digested, session by session.

A session is ``complete`` when its end record agrees with its frames, ``interrupted`` when it has no
end record but what is there holds together, ``recording`` when somebody writes it now, and ``damaged``
when something is missing or changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from recorder.errors import ArchiveUnusable

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


def verify(archive: Archive) -> list[SessionVerdict]:
    """A verdict for every session, oldest first; then one for the file itself if that is damaged.

    Raises:
        ArchiveUnusable: not even the list of sessions can be read.
    """
    broken = tuple(archive.integrity_problems())
    standings = archive.standings()
    verdicts = [_session(archive, standing) for standing in standings]
    known = {standing.session for standing in standings}
    for session, frames in archive.marks().items():
        if session not in known:
            says = f"{frames} frames were recorded, and the whole session is missing"
            verdicts.append(SessionVerdict(session, None, "damaged", 0, (says,), 1))
    if broken:
        verdicts.append(SessionVerdict(None, None, "damaged", 0, broken))
    return verdicts


def _session(archive: Archive, standing: SessionStanding) -> SessionVerdict:
    findings = _Findings()
    places = {each.number: _Place(each) for each in standing.connections}
    count = 0
    try:
        for chained in archive.chained_frames(standing.session):
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


def _check_frame(chained: Chained, expected: int, places: dict[int, _Place], findings: _Findings) -> None:
    frame, chain = chained
    number = frame.number
    if number != expected and findings.first_bad is None:
        findings.add(f"frames {expected} to {number - 1} are missing", expected)
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
    for number, place in places.items():
        missing = place.claimed - place.digest.count
        if missing > 0 and not place.broken:
            findings.add(f"the last {missing} frames of connection {number} are missing", count + 1)
        end = place.standing.end
        if end is not None and end.count < place.digest.count and standing.state == "complete":
            findings.add(f"connection {number} has more frames than its end record says")
    claimed = max(standing.frames or 0, standing.mark or 0)
    if count < claimed:
        findings.add(f"{claimed} frames were recorded, {count} are there", count + 1)
    if standing.frames is not None and count > standing.frames:
        findings.add(f"there are {count} frames, and {standing.frames} were recorded", standing.frames + 1)
