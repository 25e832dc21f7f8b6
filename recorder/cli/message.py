"""``recorder message``: messages, and who accepted and read them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .activity import Activity, opened_for
from .common_options import CommonOptionsGroup
from .options import (
    DEFAULT_ARCHIVE,
    DEFAULT_INTERVAL,
    LAST,
    AliasOption,
    ArchiveOption,
    AtOption,
    DialogOption,
    FollowOption,
    GrepOption,
    IntervalOption,
    JsonOption,
    LimitOption,
    LocalOption,
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
from .output import write_json, write_json_lines

if TYPE_CHECKING:
    from recorder.report.messages import KnownPeople

app = typer.Typer(
    cls=CommonOptionsGroup,
    name="message",
    no_args_is_help=True,
    help="Messages: list them with their receipts, show the evidence.",
)


@app.command("list")
def list_messages(
    session: SessionArgument = LAST,
    dialog: DialogOption = None,
    at: AtOption = None,
    alias: AliasOption = None,
    follow: FollowOption = False,
    interval: IntervalOption = DEFAULT_INTERVAL,
    type_name: TypeOption = None,
    sender: SenderOption = None,
    status: StatusOption = None,
    participant: ParticipantOption = None,
    where: WhereOption = None,
    grep: GrepOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = None,
    local: LocalOption = False,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List the messages of a session with their receipts.

    Example:

        recorder message list last
    """
    from recorder import recipes

    filters = given_filters(
        type=type_name,
        sender=sender,
        status=status,
        participant=participant,
        where=where,
        grep=grep,
        since=since,
        until=until,
        limit=limit,
    )
    if follow:
        from .follow import follow_messages

        follow_messages(
            archive,
            session,
            dialog=dialog,
            interval=interval,
            json=json,
            local=local,
            quiet=quiet,
            fixed={"--at": at, "--alias": alias, "--limit": limit},
            filters=filters,
        )
        return
    aliases = recipes.parse_aliases(alias or ())
    with (
        Activity(f"reading session {session}", quiet=quiet) as say,
        recipes.listed_messages(
            archive,
            session,
            dialog=dialog,
            at=at,
            aliases=aliases,
            filters=filters,
            say=say,
            suggest=not quiet,
        ) as listing,
    ):
        say.end()
        if json:
            from recorder.report.json_views import message_json

            write_json_lines(message_json(listing.session, message) for message in listing.messages)
            return
        from recorder.report.messages import NO_MESSAGES, NONE_PASS, print_listing

        nothing = NO_MESSAGES if filters is None else NONE_PASS
        print_listing(sys.stdout, listing.dialogs, listing.people, nothing=nothing, local=local)


@app.command("show")
def show_message(
    session: OptionalSessionArgument = None,
    message: Annotated[
        str | None,
        typer.Argument(
            metavar="[DIALOG:]SEQUENCE",
            help="A sequence, with its dialog (or the beginning of it) where there are several;"
            " or the #FRAME that message list shows for it.",
        ),
    ] = None,
    at: AtOption = None,
    alias: AliasOption = None,
    local: LocalOption = False,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show one message and its evidence: every frame about it, with times and proof level.

    Example:

        recorder message show last 0
    """
    from recorder import recipes

    session, message = session_and("[DIALOG:]SEQUENCE", session, message, hint="recorder message show last 0")
    aliases = recipes.parse_aliases(alias or ())
    people: KnownPeople = {}
    with opened_for(f"reading session {session}", archive, quiet=quiet) as (opened, say):
        session_id, view, rungs = recipes.message_life(
            opened, session, message, at=at, aliases=aliases, say=say, people=people
        )
        last_frame = recipes.last_frame(opened, session_id, at=at)
        plans = recipes.planned_receipts(opened, session_id, view, at=at)
    if json:
        from recorder.report.json_views import timeline_json
        from recorder.report.planned import plan_json

        write_json({**timeline_json(session_id, view, rungs), "planned": [*map(plan_json, plans)]})
        return
    from recorder.report.evidence import print_timeline

    print_timeline(sys.stdout, view, rungs, people, plans=plans, last_frame=last_frame, local=local)
