"""Import captures of any known format. A file is imported whole or not at all, unless a part is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypedDict, Unpack

from recorder.clock import RealClock
from recorder.counted import counted
from recorder.errors import BadCapture, OutputFailed, StorageFailed, disk_problem
from recorder.formats.capture_file import CaptureFile, opened
from recorder.formats.capture_format import CaptureFormat, SessionHeader
from recorder.formats.known import format_of, named_format
from recorder.formats.session_order import numbered
from recorder.formats.spool import RecordSpool, SpooledSocket
from recorder.projection.derived.refresh import refresh_or_say
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.wire.records import HttpExchange, Record, SessionInfo

from .chosen_sockets import ChosenSockets, wants_exchange
from .input_files import missing_file_hint
from .option_values import reject_unknown_keywords
from .progress import with_progress
from .queries import Notify, silent

_BATCH = 1_000
"""Records in one commit of an import."""

_ADDRESSES_NAMED = 3


class ImportKeywords(TypedDict, total=False):
    """What of a file is imported, and how it is stored; keywords of ``import_capture``.

    Attributes:
        name: the name of the session; by default that of the file, without its ending.
        format_name: read it as this format; by default it is told by its content.
        every_socket: import WebSockets that are not LivePerson's too.
        url: import only WebSockets to addresses like this one, see ``matches_url``.
        partial: import of a broken file what stands before the fault.
        keep_secrets: store tokens and cookies as they are.
        secret_names: names under which everything is blanked.
    """

    name: str | None
    format_name: str | None
    every_socket: bool
    url: str | None
    partial: bool
    keep_secrets: bool
    secret_names: Iterable[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ImportOptions:
    """``ImportKeywords`` with its defaults."""

    name: str | None = None
    format_name: str | None = None
    every_socket: bool = False
    url: str | None = None
    partial: bool = False
    keep_secrets: bool = False
    secret_names: Iterable[str] = ()

    @property
    def choice(self) -> str:
        """What makes two imports of one content different; "" if nothing does."""
        chosen = (("all", self.every_socket), ("url", self.url), ("format", self.format_name))
        return "".join(f"\n{word} {value}" for word, value in chosen if value)


class _Contents(NamedTuple):
    """What reading a file to its end, or to its fault, has found."""

    header: SessionHeader
    fault: BadCapture | None = None


def import_capture(
    archive: Archive, file: Path, *, say: Notify = silent, **keywords: Unpack[ImportKeywords]
) -> SessionInfo:
    """Add a capture (``-`` for stdin) as a session, and return it. Keywords as in ``ImportKeywords``.

    It is read to its end before anything is stored. Content that was imported before is not imported again,
    whatever the file's name: the session it gave then is returned.

    Raises:
        BadCapture: it does not read as its format says, with the place; or it holds nothing to import.
        BadOption: there is no such format.
        TypeError: there is no such keyword.
        StorageFailed: the archive cannot take it.
        OutputFailed: the disk has no room for the temporary file.
    """
    reject_unknown_keywords(keywords, ImportKeywords)
    options = _ImportOptions(**keywords)
    named = None if options.format_name is None else named_format(options.format_name)
    with opened(file, hint=missing_file_hint(file)) as capture:
        digest = _digest(capture, options)
        known = archive.find_import(digest)
        if known is not None and known.state == "complete":
            return _known_before(known, file, say)
        form = named or format_of(capture)
        if capture.others:
            beside = counted(len(capture.others), "file")
            say(f"{file}: the HAR in it is read; of {beside} beside it, only what the HAR names")
        with RecordSpool(by_time=not form.is_one_session) as spool:
            contents = _read_through(capture, form, spool, options, say)
            sockets = _chosen(spool.sockets, form, capture, options, say)
            if known is not None and known.frames == sum(socket.frames for socket in sockets):
                return _known_before(known, file, say)
            if known is not None:  # an import that was cut short
                archive.delete_session(known)
            return _store(archive, _Spooled(file, form, digest, contents, spool, sockets), options, say)


def check_capture(file: Path, format_name: str | None = None) -> None:
    """Check by its first bytes that this is a capture that can be read, before an archive is made for it.

    Stdin, which can be read only once, is not looked at.

    Raises:
        BadCapture: it is none.
        BadOption: there is no such format.
    """
    if format_name is not None:
        named_format(format_name)
    elif str(file) != "-":
        with opened(file, hint=missing_file_hint(file)) as capture:
            format_of(capture)


def _known_before(known: SessionInfo, file: Path, say: Notify) -> SessionInfo:
    say(f"{file} was imported before, as session {known.session}; nothing added")
    return known


def _digest(capture: CaptureFile, options: _ImportOptions) -> str:
    """SHA-256 of the content; with options that choose from it, of that and these."""
    content = capture.digest()
    return hashlib.sha256(f"{content}{options.choice}".encode()).hexdigest() if options.choice else content


# --- reading --------------------------------------------------------------------------------------------


def _read_through(
    capture: CaptureFile, form: CaptureFormat, spool: RecordSpool, options: _ImportOptions, say: Notify
) -> _Contents:
    header = SessionHeader()
    records = form.read(capture, say)
    try:
        for each in with_progress(records, f"reading {capture.name}", say, done=_share_of(capture)):
            if isinstance(each, SessionHeader):
                header = each
            elif form.is_one_session or not isinstance(each, HttpExchange) or wants_exchange(each):
                spool.add(each)  # WebSockets are chosen from once all are known
    except BadCapture as fault:
        if not options.partial:
            raise
        say(f"{fault}; what stands before it is imported")
        return _Contents(header, fault)
    except OSError as fault:
        failed = disk_problem(fault)
        if failed is None:
            raise
        raise OutputFailed("a temporary file", failed, hint="TMPDIR names the directory it is in") from None
    return _Contents(header)


def _share_of(capture: CaptureFile) -> Callable[[], float]:
    def share() -> float:
        position = capture.position()
        return position.read / position.size if position.size else 1.0

    return share


# --- choosing -------------------------------------------------------------------------------------------


def _chosen(
    sockets: list[SpooledSocket],
    form: CaptureFormat,
    capture: CaptureFile,
    options: _ImportOptions,
    say: Notify,
) -> list[SpooledSocket]:
    """The WebSockets to import. Those left out are counted in a remark.

    Raises:
        BadCapture: there are none, and the file is no session of its own.
    """
    if not sockets and form.is_one_session:  # a session may have no connection
        return []
    if not sockets:
        raise BadCapture(capture.name, "there is no WebSocket in it", hint=form.made_by)
    chosen = [socket for socket in sockets if _is_chosen(socket, form, options)]
    left_out = [socket for socket in sockets if socket not in chosen]
    if not chosen:
        nothing = f"no address is like {options.url}" if options.url else "no WebSocket in it is LivePerson's"
        raise BadCapture(
            capture.name, f"{nothing}; {_counted(left_out)}", hint="--all imports every WebSocket in it"
        )
    if left_out:
        say(f"{capture.name}: left out {_counted(left_out)}; --all imports them too")
    return chosen


def _is_chosen(socket: SpooledSocket, form: CaptureFormat, options: _ImportOptions) -> bool:
    chosen = ChosenSockets(url=options.url, every_socket=options.every_socket or form.is_one_session)
    return chosen.wants(socket.url, socket.samples)


def _counted(sockets: list[SpooledSocket]) -> str:
    """How many they are, how many frames they have, and where the first of them went."""
    frames = sum(socket.frames for socket in sockets)
    addresses = list(dict.fromkeys((socket.url or "no address").partition("?")[0] for socket in sockets))
    more = ", …" if len(addresses) > _ADDRESSES_NAMED else ""
    named = f"{counted(len(sockets), 'other WebSocket')} with {counted(frames, 'frame')}"
    return f"{named} ({', '.join(addresses[:_ADDRESSES_NAMED])}{more})"


# --- storing --------------------------------------------------------------------------------------------


class _Spooled(NamedTuple):
    """A file that was read and chosen from, ready to be stored."""

    file: Path
    form: CaptureFormat
    digest: str
    contents: _Contents
    spool: RecordSpool
    sockets: list[SpooledSocket]

    def records(self) -> Iterator[Record]:
        """The records to store, in the order of the session."""
        records = self.spool.in_order(self.sockets)
        return records if self.form.is_one_session else numbered(records)

    @property
    def frames(self) -> int:
        """How many frames there are to store; there are few other records."""
        return sum(socket.frames for socket in self.sockets)

    @property
    def started_at_us(self) -> int | None:
        """When the session began: as the file says, or its first record's time."""
        told = self.contents.header.started_at_us
        times = [socket.first_us for socket in self.sockets if socket.first_us is not None]
        return min(times, default=None) if told is None else told

    @property
    def ended_at_us(self) -> int | None:
        """When it ended, in the same way."""
        told = self.contents.header.ended_at_us
        times = [socket.last_us for socket in self.sockets if socket.first_us is not None]
        return max(times, default=None) if told is None else told

    @property
    def problem(self) -> str | None:
        """Why the session is not whole; None if it is."""
        if self.contents.fault is not None:
            return f"the file is broken: {self.contents.fault.problem}"
        state = self.contents.header.state
        whole = state in (None, "complete", "refused")
        return None if whole else f"the session was {state} when it was exported"


def _store(archive: Archive, spooled: _Spooled, options: _ImportOptions, say: Notify) -> SessionInfo:
    header = spooled.contents.header
    taken = {session.session for session in archive.sessions()}
    intake = archive.begin_session(
        source=spooled.form.source,
        started_at_us=spooled.started_at_us,
        clock=RealClock(),
        session=None if header.session in taken else header.session,
        name=options.name or header.name or _name_of(spooled.file),
        source_digest=spooled.digest,
        options=IntakeOptions(keep_secrets=options.keep_secrets, secret_names=tuple(options.secret_names)),
    )
    records = with_progress(spooled.records(), f"importing {spooled.file}", say, total=spooled.frames)
    try:
        while batch := list(islice(records, _BATCH)):
            intake(batch)
        if header.receipt_plans:
            intake(header.receipt_plans)
    except StorageFailed:
        raise
    except BaseException:
        intake.finish(None, complete=False, detail="the import was cut short")
        raise
    problem = spooled.problem
    intake.finish(spooled.ended_at_us, complete=problem is None, detail=problem)
    if intake.withheld:
        say(_withheld_words(intake.withheld))
    refresh_or_say(archive, intake.session, say=say)
    return archive.find_session(intake.session)


def _withheld_words(number: int) -> str:
    came = counted(number, "compressed frame")
    return f"{came} could not be inflated: without payload here (--keep-secrets keeps it as it came)"


def _name_of(file: Path) -> str | None:
    """The session's name where nobody gives one: the file's, without its ending; None for a pipe."""
    if not file.is_file():
        return None
    return Path(file.name.removesuffix(".gz")).stem
