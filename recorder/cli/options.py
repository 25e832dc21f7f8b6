"""Options that several commands share, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from recorder.errors import BadOption

from . import completion

if TYPE_CHECKING:
    from typing import Unpack

    from recorder.recipes.filters import Filters, FilterWords

# Headings of help texts with many options.
TOKEN, CONNECTION, RECORDING = "Token", "Connection", "Recording"

# Every command takes these ---------------------------------------------------------------------------------

ArchiveOption = Annotated[
    str,
    typer.Option(
        "--archive",
        envvar="RECORDER_ARCHIVE",
        metavar="PATH|URL",
        help="The archive: a SQLite file, or postgresql://… for a database.",
    ),
]
DEFAULT_ARCHIVE = "recorder.db"

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks on stderr.")]
LAST = "last"
SESSION_HELP = "A session id, a unique prefix of one, a name, or: last; NAME~1 is the one before."
SessionArgument = Annotated[
    str, typer.Argument(metavar="SESSION", help=SESSION_HELP, autocompletion=completion.sessions)
]
OptionalSessionArgument = Annotated[
    str | None, typer.Argument(metavar="SESSION", help=SESSION_HELP, autocompletion=completion.sessions)
]


def session_and(name: str, session: str | None, other: str | None, *, hint: str) -> tuple[str, str]:
    """The session and what is shown of it, where a single argument is the second: of the last session.

    Raises:
        BadOption: neither was given.
    """
    if session is None:
        raise BadOption(name, "say which one to show", hint=hint)
    return (LAST, session) if other is None else (session, other)


NameOption = Annotated[
    str | None, typer.Option("--name", help="A name to find the session by.", rich_help_panel=RECORDING)
]
DialogOption = Annotated[
    str | None,
    typer.Option("--dialog", metavar="ID", help="Only this dialog.", autocompletion=completion.dialogs),
]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="WHEN",
        help="Use only what was recorded until then: a frame ('#123'), an offset (+12.5s), or an ISO time.",
    ),
]
LocalOption = Annotated[
    bool, typer.Option("--local", help="Show times in the time zone of this machine, instead of UTC.")
]
AliasOption = Annotated[
    list[str] | None,
    typer.Option("--alias", metavar="OLD=NEW", help="Two ids of one person: show OLD as NEW. Repeatable."),
]
# What a list leaves in; ``recipes.parse_filters`` takes them -----------------------------------------------

TypeOption = Annotated[
    str | None,
    typer.Option(
        "--type",
        metavar="NAME",
        help="Only of this type: of a message (text/plain), a payload or an event in it (PublishEvent).",
    ),
]
SenderOption = Annotated[
    str | None,
    typer.Option(
        "--sender",
        metavar="WHO",
        help="Only by this one: frames by client or service; messages by an id, a role, or: you.",
    ),
]
OpcodeOption = Annotated[
    str | None,
    typer.Option("--opcode", metavar="KIND", help="Only text, binary, close, ping, pong, or a number."),
]
StatusOption = Annotated[
    str | None,
    typer.Option(
        "--status",
        metavar="WORD",
        help="Only with this status (read, accepted, pending, …), receipt (READ) or code (404).",
    ),
]
ParticipantOption = Annotated[
    str | None,
    typer.Option("--participant", metavar="ID", help="Only what this participant wrote, or is named in."),
]
WhereOption = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="JSONPATH",
        help="Only where this holds for the JSON (of a message: that of --json): '$.body.code == 404'.",
    ),
]
GrepOption = Annotated[
    str | None,
    typer.Option("--grep", metavar="PATTERN", help="Only with this regular expression in the text."),
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="WHEN", help="Only from then on; WHEN as with --at: '#12', +2s, a time."),
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="WHEN", help="Only up to then; WHEN as with --at.")
]
LimitOption = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="No more than so many.")]
FollowOption = Annotated[
    bool, typer.Option("--follow", "-f", help="Go on while it is recorded; --json: a line per change.")
]
IntervalOption = Annotated[
    str, typer.Option("--interval", metavar="DURATION", help="While it is recorded: how often to look.")
]
DEFAULT_INTERVAL = "500ms"


def given_filters(**given: Unpack[FilterWords]) -> Filters | None:
    """The filters that these options describe; None if none was given. Raises ``BadOption``."""
    if all(value is None for value in given.values()):
        return None
    from recorder import recipes

    return recipes.parse_filters(**given)


# What is stored -------------------------------------------------------------------------------------------

KeepSecretsOption = Annotated[
    bool,
    typer.Option(
        "--keep-secrets",
        help="Store tokens and cookies as they are, instead of replacing them.",
        rich_help_panel=RECORDING,
    ),
]


def _check_secret_names(names: list[str] | None) -> list[str] | None:
    for name in names or ():
        if not any(map(str.isalpha, name)):
            raise BadOption("--secret-name", f'"{name}" has no letters, by which names are compared')
    return names


SecretNameOption = Annotated[
    list[str] | None,
    typer.Option(
        "--secret-name",
        metavar="NAME",
        callback=_check_secret_names,
        help="Blank what stands under this name too: a JSON key, a parameter or a header. Repeatable.",
        rich_help_panel=RECORDING,
    ),
]
DurabilityOption = Annotated[
    Literal["second", "full"],
    typer.Option(
        "--durability",
        metavar="LEVEL",
        help="second: power loss costs at most the last second; full: nothing.",
        rich_help_panel=RECORDING,
    ),
]
RedactOption = Annotated[
    str | None,
    typer.Option(
        "--redact",
        metavar="PARTS",
        help="Leave out text (what people wrote), names (their ids and names), or text,names.",
    ),
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="A file; stdout if not given.")
]

# Which WebSockets of a browser or of a capture are taken ----------------------------------------------------

SocketUrlOption = Annotated[
    str | None,
    typer.Option("--url", metavar="PATTERN", help="Only WebSockets to addresses like this one."),
]
EverySocketOption = Annotated[bool, typer.Option("--all", help="WebSockets that are not LivePerson's, too.")]

# How a service is reached ----------------------------------------------------------------------------------

# A token never stands on the command line itself: every user of the machine sees that (`ps`), and shells
# write it to their history.
TokenEnvOption = Annotated[
    str | None,
    typer.Option(
        "--token-env",
        metavar="NAME",
        help="Take the token from this environment variable.",
        rich_help_panel=TOKEN,
    ),
]
TokenFileOption = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        metavar="FILE",
        help="Take the token from this file (mode 0600).",
        rich_help_panel=TOKEN,
    ),
]
TokenPromptOption = Annotated[
    bool, typer.Option("--token-prompt", help="Ask for the token, without echo.", rich_help_panel=TOKEN)
]
TokenCommandOption = Annotated[
    str | None,
    typer.Option(
        "--token-command",
        metavar="CMD",
        help="A command that prints a token; asked again for fresh ones. It runs without a shell.",
        rich_help_panel=TOKEN,
    ),
]
InitConnectionOption = Annotated[
    bool,
    typer.Option(
        "--init-connection",
        help="Send the token in an InitConnection request, as a browser must.",
        rich_help_panel=TOKEN,
    ),
]
HeaderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        "-H",
        metavar="'NAME: VALUE'",
        help="One more header for the upgrade request. Repeatable.",
        rich_help_panel=CONNECTION,
    ),
]
CaFileOption = Annotated[
    Path | None,
    typer.Option(
        "--ca-file",
        metavar="FILE",
        help="Trust these certificates (PEM) too, besides the system's.",
        rich_help_panel=CONNECTION,
    ),
]
ProxyOption = Annotated[
    str | None,
    typer.Option(
        "--proxy",
        metavar="URL",
        help="Connect through this proxy: http://[USER:PASSWORD@]HOST:PORT or socks5://…",
        rich_help_panel=CONNECTION,
    ),
]
OriginOption = Annotated[
    str | None,
    typer.Option(
        "--origin",
        metavar="ORIGIN",
        help="The Origin header, as a browser sends it: https://…",
        rich_help_panel=CONNECTION,
    ),
]
ConnectTimeoutOption = Annotated[
    str | None,
    typer.Option(
        "--connect-timeout",
        metavar="DURATION",
        help="How long name, TCP, proxy, TLS and upgrade may take together; 15s if not given.",
        rich_help_panel=CONNECTION,
    ),
]
SendTimeoutOption = Annotated[
    str | None,
    typer.Option(
        "--send-timeout",
        metavar="DURATION",
        help="How long one frame may take to leave; 30s if not given.",
        rich_help_panel=CONNECTION,
    ),
]
MaxPayloadOption = Annotated[
    str | None,
    typer.Option(
        "--max-payload",
        metavar="BYTES",
        help="The longest payload taken, like 64KiB; a longer one ends the connection. 16MiB if not given.",
        rich_help_panel=CONNECTION,
    ),
]


# Who may connect to a server of ours -------------------------------------------------------------------

ListenOption = Annotated[
    str, typer.Option("--listen", metavar="HOST:PORT", help="Where to listen; port 0 takes a free one.")
]
AllowOriginOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-origin",
        metavar="ORIGIN",
        help="Let web pages of this origin connect, besides local ones. Repeatable.",
    ),
]
AsHostOption = Annotated[
    list[str] | None,
    typer.Option(
        "--as-host",
        metavar="NAME",
        help="Accept this host name too: one of the real service, which resolves to this machine.",
    ),
]
