"""Finds missing and changed frames: counts and digests the frames of each session, and compares.

A session is ``complete`` or ``refused`` when its end record agrees with its frames, ``interrupted`` when it
has no end record, or what it lacks was noticed while it was recorded, but what is there holds together,
``recording`` when it is being written now, and ``damaged`` when something was lost or changed afterwards.

The digest of a frame covers how it stood on the wire, if it was compressed. The digests of rows cover the
rest: see ``row_digests``. What ended before there were such digests is said to be not covered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from recorder.counted import counted, counted_is, counted_was
from recorder.errors import ArchiveUnusable, NotFound

from .archive import Archive
from .completeness import COMPLETE, REFUSED, SessionCompleteness
from .digest import Digest
from .info import ConnectionClaims, SessionClaims
from .reading import ChainedFrame
from .row_digests import (
    DERIVED_PARTS,
    LIST_OF_CONNECTIONS,
    SESSION_PARTS,
    DerivedDigests,
    RowDigests,
    changed_parts,
)

_SHOWN_PROBLEMS = 5

ROWS, DERIVED_ROWS = "rows", "derived rows"
"""Names, times, states, URLs, headers, forwarding and HTTP requests; and what was derived from frames."""


@dataclass(frozen=True, slots=True)
class SessionVerdict:
    """What verifying one session found.

    Attributes:
        session: its public id; None for what concerns the file and no session in particular.
        name: what the user called it, or None.
        state: "complete", "refused", "interrupted", "recording" or "damaged".
        frames: how many frames were read.
        problems: a sentence each; empty unless damaged.
        first_bad: number of the first frame that is missing or changed, if known.
        not_covered: what has no digest to compare it with: ``ROWS``, ``DERIVED_ROWS``.
    """

    session: str | None
    name: str | None
    state: str
    frames: int
    problems: tuple[str, ...] = ()
    first_bad: int | None = None
    not_covered: tuple[str, ...] = ()


@dataclass(slots=True)
class _Findings:
    problems: list[str] = field(default_factory=list)
    first_bad: int | None = None
    not_covered: list[str] = field(default_factory=list)

    def add(self, problem: str, number: int | None = None) -> None:
        if len(self.problems) < _SHOWN_PROBLEMS:
            self.problems.append(problem)
        if number is not None and (self.first_bad is None or number < self.first_bad):
            self.first_bad = number


Through = Callable[[Iterator[ChainedFrame]], Iterable[ChainedFrame]]
"""Passes frames on unchanged, to count them or to report progress."""


def _unchanged(frames: Iterator[ChainedFrame]) -> Iterable[ChainedFrame]:
    return frames


def verify(archive: Archive, *, through: Through = _unchanged) -> list[SessionVerdict]:
    """A verdict for every session, oldest first; then one for the file itself if that is damaged.

    The frames of each session are read by way of ``through``, called once a session.

    Raises:
        ArchiveUnusable: not even the list of sessions can be read.
    """
    broken = _file_problems(archive)
    all_claims = archive.session_claims()
    verdicts = []
    for claims in all_claims:
        with suppress(NotFound):  # it was deleted since
            verdicts.append(_session(archive, claims, through))
    known = {claims.session for claims in all_claims}
    for session, frames in archive.marks().items():
        if session not in known:
            says = f"{counted_was(frames, 'frame')} recorded, and the whole session is missing"
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


def _session(archive: Archive, claims: SessionClaims, through: Through) -> SessionVerdict:
    findings = _Findings()
    completeness = SessionCompleteness()
    count = noted = 0
    try:
        checks = _connection_checks(archive, claims.session, findings)
        for chained in through(archive.chained_frames(claims.session)):
            count += 1
            _check_frame(chained, count, checks, findings)
            noted += chained.frame.compressed is not None
            if completeness.may_be_incomplete(chained.frame):
                completeness.add_frame(chained.frame)
        for each in archive.connections(claims.session):
            completeness.add_end(each)
        if claims.state != "recording":
            _check_rows(archive.row_digests(claims.session), findings)
            _check_derived(archive.derived_digests(claims.session), claims.session, findings)
        _check_compressed(archive.compressed_counts(claims.session)[0], noted, findings)
    except ArchiveUnusable as error:
        findings.add(f"what follows frame {count} cannot be read: {error.problem}", count + 1)
    else:
        _check_ends(claims, checks, count, findings)
    # An archive of an earlier version may call complete what has a frame that was cut short.
    state = completeness.state(frames=count) if claims.state == COMPLETE else claims.state
    state = "damaged" if findings.problems else state
    problems = tuple(findings.problems)
    not_covered = tuple(findings.not_covered)
    return SessionVerdict(
        claims.session, claims.name, state, count, problems, findings.first_bad, not_covered
    )


def _check_rows(digests: tuple[RowDigests, RowDigests], findings: _Findings) -> None:
    """The rows of a session and of its connections, by the digests that are stored and those of now."""
    stored, now = digests
    if stored.session is None:
        findings.not_covered.append(ROWS)
        if any(digest is not None for digest in stored.connections.values()):
            findings.add("its row has lost its digest, which its connections have")
        return
    for number, digest in stored.connections.items():
        if digest != now.connections[number]:
            what = "URL, headers, times or how it closed"
            findings.add(f"the row of connection {number} is not as it was recorded ({what})")
    for part in changed_parts(stored.session, now.session or b"", SESSION_PARTS):
        if part != LIST_OF_CONNECTIONS or stored.connections == now.connections:
            findings.add(f"{part}: not as recorded")


def _check_derived(digests: DerivedDigests, session: str, findings: _Findings) -> None:
    remedy = f"recorder archive rebuild {session} derives them again"
    if digests.stored is None:
        if not digests.noted and digests.rows:
            findings.add(f"there are derived rows, and no row of projection that says of what; {remedy}")
        elif digests.rows:
            findings.not_covered.append(DERIVED_ROWS)
        return
    for table in changed_parts(digests.stored, digests.now, DERIVED_PARTS):
        findings.add(f"the derived rows in {table} are not as they were derived; {remedy}")


class _ConnectionCheck:
    """The frames of one connection read so far, and what they have to agree with."""

    def __init__(self, claims: ConnectionClaims) -> None:
        self.claims = claims
        self.digest = Digest()
        self.broken = False
        points = [each for each in (claims.barrier, claims.end) if each is not None]
        self.claimed = max((each.count for each in points), default=0)
        self.points = points

    def agrees(self) -> bool:
        """Whether the digest so far is the one that barrier and end record have for this count, if any."""
        noted = [each.digest for each in self.points if each.count == self.digest.count]
        return all(digest == self.digest.value() for digest in noted)


def _connection_checks(archive: Archive, session: str, findings: _Findings) -> dict[int, _ConnectionCheck]:
    checks = {each.number: _ConnectionCheck(each) for each in archive.connection_claims(session)}
    for number, check in checks.items():
        if not check.agrees():
            check.broken = True
            findings.add(f"connection {number} has a digest of no frames that is of some")
        else:
            _check_barrier_time(number, check, findings)
    return checks


def _check_frame(
    chained: ChainedFrame, expected: int, checks: dict[int, _ConnectionCheck], findings: _Findings
) -> None:
    frame, chain = chained
    number = frame.number
    if number != expected and findings.first_bad is None:
        twice = number < expected
        says = f"frame {number} is there twice" if twice else f"frames {expected} to {number - 1} are missing"
        findings.add(says, min(number, expected))
    check = checks.get(frame.connection)
    if check is None:
        findings.add(f"frame {number} belongs to connection {frame.connection}, which is missing", number)
        return
    if check.broken:  # everything after the first wrong frame of a connection differs too
        return
    if frame.index != check.digest.count:
        check.broken = True
        says = f"frame {number} has index {frame.index} in connection {frame.connection}"
        findings.add(f"{says}, where {check.digest.count} was to come", number)
    elif check.digest.add([frame]) != (chain,) or not check.agrees():
        check.broken = True
        findings.add(f"frame {number} is not as it was recorded", number)
    else:
        _check_barrier_time(frame.connection, check, findings)


def _check_compressed(there: int, noted: int, findings: _Findings) -> None:
    if there > noted:
        findings.add(f"{counted(there - noted, 'row')} of compressed without a frame")


def _check_barrier_time(number: int, check: _ConnectionCheck, findings: _Findings) -> None:
    barrier = check.claims.barrier
    reached = 0 if barrier is None else barrier.count
    if reached == check.digest.count and check.claims.barrier_at_us != check.digest.at_us:
        findings.add(f"the last barrier of connection {number} has another time than its frame")


def _check_ends(
    claims: SessionClaims, checks: dict[int, _ConnectionCheck], count: int, findings: _Findings
) -> None:
    complete = claims.state in (COMPLETE, REFUSED)
    for number, check in checks.items():
        _check_end(number, check, complete, count, findings)
    if (complete and claims.frames is None) or (claims.frames is not None and not claims.ended):
        findings.add("its end record is not whole")
    claimed = max(claims.frames or 0, claims.mark or 0)
    if count < claimed:
        findings.add(
            f"{counted_was(claimed, 'frame')} recorded, {count:,} {'is' if count == 1 else 'are'} there",
            count + 1,
        )
    if claims.frames is not None and count > claims.frames:
        findings.add(
            f"{counted_is(count, 'frame')} there, and {counted_was(claims.frames, 'frame')} recorded",
            claims.frames + 1,
        )


def _check_end(number: int, check: _ConnectionCheck, complete: bool, count: int, findings: _Findings) -> None:
    missing = check.claimed - check.digest.count
    if missing > 0 and not check.broken:
        findings.add(f"{counted_is(missing, 'frame')} missing at the end of connection {number}", count + 1)
    end = check.claims.end
    if complete and end is None:
        findings.add(f"connection {number} has no end record, though its session has one")
    elif complete and end is not None and end.count < check.digest.count:
        findings.add(f"connection {number} has more frames than its end record says")
