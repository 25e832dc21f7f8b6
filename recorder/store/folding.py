"""Fold a session fast: in one process, in several, or only what is new in it.

Several processes each fold the dialogs of their share. What crosses between them is small: who is who,
which all must know, and then what the caller makes of each share where it lies (``derive``). A whole
transcript would cost more to send than to fold.
"""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, TypeVar

from recorder.receipts.fold import fold
from recorder.receipts.merging import merge, merge_roles
from recorder.receipts.queries import own_ids
from recorder.receipts.state import Transcript

from .archive import Archive
from .hearing import Hearing
from .info import ConnectionInfo
from .shares import Share

T = TypeVar("T")


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the cyclic garbage collector from running; afterwards it is as it was.

    A fold makes millions of small objects and not one cycle. The collector would look at all of them
    again and again: a third of the time at 300 000 frames, and more the longer the session.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class Extent(NamedTuple):
    """How much of a session is folded: all processes must see the same, while somebody records more."""

    session: str
    connections: tuple[ConnectionInfo, ...]
    interrupted: bool
    last: int

    @classmethod
    def now(cls, archive: Archive, session: str) -> Extent:
        """All of it that is there now. Raises ``NotFound``."""
        over = {each.connection for each in archive.connections(archive.find_session(session)) if each.how}
        found = archive.find_session(session)
        # Somebody may be recording: a connection that ended just now may have frames beyond our last, and
        # one that opened just now is wanted, for who it speaks for.
        connections = (
            each if each.connection in over else replace(each, how=None)
            for each in archive.connections(found)
        )
        return cls(found.session, tuple(connections), found.state == "interrupted", found.frames)


class SessionFold:
    """A session folded as far as it had come, to go on when there is more of it.

    Attributes:
        transcript: what is known so far.
        last: number of the last frame that was looked at.
    """

    def __init__(self, share: Share | None = None) -> None:
        """Nothing is folded yet. With a ``share``, only its dialogs will be."""
        self.transcript = Transcript()
        self.last = 0
        self._share = share
        self._hearing = Hearing()

    def catch_up(self, archive: Archive, extent: Extent) -> Transcript:
        """Fold what came since. Costs what the new frames cost, however long the session is.

        Only where what was heard does not stand any more (a session that broke off goes on) is all of it
        folded anew. Returns the transcript, which is changed, or a new one then.
        """
        if not self._hearing.goes_on(extent.connections, interrupted=extent.interrupted):
            self.__dict__.update(vars(SessionFold(self._share)))
        hearing, share = self._hearing, self._share
        frames = archive.skim(extent.session, after=self.last, last=extent.last)
        with collector_paused():
            fold(hearing.meet(extent.connections), self.transcript)
            if share is None:
                fold(hearing.hear(frames), self.transcript)
            else:
                fold(share.events(hearing.hear(share.frames(frames))), self.transcript)
            fold(hearing.end(extent.connections, interrupted=extent.interrupted), self.transcript)
        self.last = max(self.last, extent.last)
        return self.transcript


def fold_session(where: str, session: str, *, jobs: int = 1) -> Transcript:
    """The transcript of a session, folded by so many processes, and brought together here.

    Bringing it together costs more than a second process gains: with more than one, ask for what you
    need with ``fold_shares``.
    """
    whole, *others = fold_shares(where, session, jobs=jobs, derive=_as_it_is, acquaint=False)
    for other in others:
        whole = merge(whole, other)
    return whole


def _as_it_is(transcript: Transcript) -> Transcript:
    return transcript


def fold_shares(
    where: str, session: str, *, jobs: int, derive: Callable[[Transcript], T], acquaint: bool = True
) -> list[T]:
    """Fold a session in ``jobs`` processes, this one among them; return what ``derive`` made of each share.

    Every dialog is in exactly one share; facts without a dialog may be in several. With ``acquaint`` each
    share first learns from the others who we are (``own_ids``) and who has which role, so that what is
    concluded from it is what would be concluded from the whole. ``derive`` is a function of a module, and
    runs where the share was folded. The processes are started afresh, never forked.

    Raises:
        NotFound: no such archive or session.
        ArchiveUnusable: it cannot be read.
        RuntimeError: a process ended before it was done.
    """
    with Archive.open(where, mode="read") as archive:
        extent = Extent.now(archive, session)
        if jobs == 1:
            return [derive(SessionFold().catch_up(archive, extent))]
        helpers = [_Helper(where, extent, Share(place, jobs), derive) for place in range(1, jobs)]
        try:
            folded = SessionFold(Share(0, jobs)).catch_up(archive, extent)
            people = [People.of(folded), *(helper.receive() for helper in helpers)]
            everybody = People.together(people) if acquaint else People.nobody()
            for helper in helpers:
                helper.send(everybody)
            first = derive(everybody.told_to(folded))
            return [first, *(helper.receive() for helper in helpers)]
        finally:
            for helper in helpers:
                helper.end()


class People(NamedTuple):
    """Who is who: our own ids, and the role each participant was last told to have, with its frame."""

    own: frozenset[str]
    roles: dict[str, tuple[int, str]]

    @classmethod
    def of(cls, transcript: Transcript) -> People:
        """Those whom a transcript knows."""
        return cls(own_ids(transcript), transcript.roles)

    @classmethod
    def together(cls, known: list[People]) -> People:
        """All whom any of these knows."""
        roles: dict[str, tuple[int, str]] = {}
        for people in known:
            merge_roles(roles, people.roles)
        return cls(frozenset().union(*(people.own for people in known)), roles)

    @classmethod
    def nobody(cls) -> People:
        """Nobody at all."""
        return cls(frozenset(), {})

    def told_to(self, transcript: Transcript) -> Transcript:
        """Let a share know them all; it is changed and returned."""
        transcript.identities |= self.own
        merge_roles(transcript.roles, self.roles)
        return transcript


class _Helper:
    """A process that folds one share: gives its people, takes everybody, gives what it derived."""

    def __init__(
        self, where: str, extent: Extent, share: Share, derive: Callable[[Transcript], object]
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(
            target=_help, args=(theirs, where, extent, share, derive), daemon=True
        )
        self._process.start()
        theirs.close()

    def send(self, everybody: People) -> None:
        self._pipe.send(everybody)

    def receive(self) -> Any:
        try:
            return self._pipe.recv()
        except EOFError as error:
            self._process.join()
            says = f"a process that folded dialogs ended with code {self._process.exitcode}"
            raise RuntimeError(says) from error

    def end(self) -> None:
        self._pipe.close()
        self._process.join()


def _help(
    pipe: Connection, where: str, extent: Extent, share: Share, derive: Callable[[Transcript], T]
) -> None:
    with Archive.open(where, mode="read") as archive:
        folded = SessionFold(share).catch_up(archive, extent)
    gc.disable()  # this process ends when it has answered
    pipe.send(People.of(folded))
    try:
        everybody: People = pipe.recv()
    except EOFError:  # whoever asked has given up
        return
    pipe.send(derive(everybody.told_to(folded)))
