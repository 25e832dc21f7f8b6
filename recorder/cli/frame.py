"""``recorder frame``: list frames, show one."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated

import typer

from .activity import opened_for
from .common_options import CommonOptionsGroup
from .options import (
    DEFAULT_ARCHIVE,
    DEFAULT_INTERVAL,
    LAST,
    AliasOption,
    ArchiveOption,
    DialogOption,
    FollowOption,
    GrepOption,
    IntervalOption,
    JsonOption,
    LimitOption,
    LocalOption,
    OpcodeOption,
    OptionalSessionArgument,
    ParticipantOption,
    QuietOption,
    SenderOption,
    SessionArgument,
    SinceOption,
    StatusOption,
    TypeOption,
    UntilOption,
    WhereOption,
    given_filters,
    session_and,
)
from .output import StatusPrinter, write_json, write_json_lines

app = typer.Typer(
    cls=CommonOptionsGroup,
    name="frame",
    no_args_is_help=True,
    help="Frames: list them, show one decoded and in hex.",
)


@app.command("list")
def list_frames(
    session: SessionArgument = LAST,
    connection: Annotated[
        int | None, typer.Option("--connection", metavar="N", help="Only this connection of the session.")
    ] = None,
    type_name: TypeOption = None,
    sender: SenderOption = None,
    opcode: OpcodeOption = None,
    dialog: DialogOption = None,
    status: StatusOption = None,
    participant: ParticipantOption = None,
    where: WhereOption = None,
    grep: GrepOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = None,
    follow: FollowOption = False,
    interval: IntervalOption = DEFAULT_INTERVAL,
    raw: Annotated[
        bool, typer.Option("--raw", help="Show opcodes and payloads as they are, not what they say.")
    ] = False,
    local: LocalOption = False,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List the frames of a session in wire order.

    Example:

        recorder frame list last
    """
    from recorder import recipes
    from recorder.report.frames import frame_words, print_frames
    from recorder.report.json_views import frame_json

    filters = given_filters(
        type=type_name,
        sender=sender,
        opcode=opcode,
        dialog=dialog,
        status=status,
        participant=participant,
        where=where,
        grep=grep,
        since=since,
        until=until,
        limit=limit,
    )
    say = StatusPrinter(quiet=quiet)
    words = None if json or raw else frame_words(sys.stdout)
    print_rows = None if json else partial(print_frames, sys.stdout, raw=raw, local=local, words=words)
    if follow:
        from .follow import follow_frames

        follow_frames(
            archive,
            session,
            connection=connection,
            filters=filters,
            interval=interval,
            say=say,
            print_rows=print_rows,
            words=words,
        )
        return
    with recipes.open_archive(archive, say=say) as opened:
        frames = recipes.frames(opened, session, connection=connection, filters=filters, words=words)
        if print_rows is None:
            write_json_lines(map(frame_json, frames))
        else:
            print_rows(frames)


@app.command("show")
def show_frame(
    session: OptionalSessionArgument = None,
    frame: Annotated[
        str | None, typer.Argument(metavar="FRAME", help="The number that `frame list` shows.")
    ] = None,
    alias: AliasOption = None,
    local: LocalOption = False,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show one frame: header, payload as text or JSON, hex, and what it proves.

    Example:

        recorder frame show last 1
    """
    from recorder import recipes

    session, frame = session_and("FRAME", session, frame, hint="recorder frame show last 1")
    aliases = recipes.parse_aliases(alias or ())
    with opened_for(f"reading session {session}", archive, quiet=quiet) as (opened, _):
        shown = recipes.frame(opened, session, frame)
        forwarded = recipes.passed_on(opened, session, shown.number)
        proofs = recipes.frame_proofs(opened, session, shown.number, aliases=aliases)
    if json:
        from recorder.report.json_views import forwarded_json, frame_json, proven_json

        told = {**frame_json(shown), **forwarded_json(forwarded)}
        write_json({**told, "proves": [proven_json(fact) for fact in proofs]})
        return
    from recorder.report.evidence import print_proofs
    from recorder.report.frames import print_frame

    print_frame(sys.stdout, shown, forwarded, local=local)
    print_proofs(sys.stdout, proofs)
