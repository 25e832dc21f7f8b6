"""Options that several commands share, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from recorder.errors import BadOption

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
SESSION_HELP = "A session id, a unique prefix of one, a name, or: last; NAME~1 is the one before."
SessionArgument = Annotated[str, typer.Argument(metavar="SESSION", help=SESSION_HELP)]
NameOption = Annotated[str | None, typer.Option("--name", help="A name to find the session by.")]
DialogOption = Annotated[str | None, typer.Option("--dialog", metavar="ID", help="Only this dialog.")]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="WHEN",
        help="Use only what was recorded until then: a frame ('#123'), an offset (+12.5s), or an ISO time.",
    ),
]
AliasOption = Annotated[
    list[str] | None,
    typer.Option("--alias", metavar="OLD=NEW", help="Two ids of one person: show OLD as NEW. Repeatable."),
]
KeepSecretsOption = Annotated[
    bool,
    typer.Option("--keep-secrets", help="Store tokens and cookies as they are, instead of replacing them."),
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
    ),
]
DurabilityOption = Annotated[
    Literal["second", "full"],
    typer.Option(
        "--durability",
        metavar="LEVEL",
        help="second: power loss costs at most the last second; full: nothing.",
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
    typer.Option("--token-env", metavar="NAME", help="Take the token from this environment variable."),
]
TokenFileOption = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="Take the token from this file (mode 0600)."),
]
TokenPromptOption = Annotated[bool, typer.Option("--token-prompt", help="Ask for the token, without echo.")]
TokenCommandOption = Annotated[
    str | None,
    typer.Option(
        "--token-command",
        metavar="CMD",
        help="A command that prints a token; asked again for fresh ones. It runs without a shell.",
    ),
]
InitConnectionOption = Annotated[
    bool,
    typer.Option("--init-connection", help="Send the token in an InitConnection request, as a browser must."),
]
HeaderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--header", "-H", metavar="'NAME: VALUE'", help="One more header for the upgrade request. Repeatable."
    ),
]
CaFileOption = Annotated[
    Path | None,
    typer.Option(
        "--ca-file", metavar="FILE", help="Trust these certificates (PEM) too, besides the system's."
    ),
]
ProxyOption = Annotated[
    str | None,
    typer.Option(
        "--proxy",
        metavar="URL",
        help="Connect through this proxy: http://[USER:PASSWORD@]HOST:PORT or socks5://…",
    ),
]
OriginOption = Annotated[
    str | None,
    typer.Option("--origin", metavar="ORIGIN", help="The Origin header, as a browser sends it: https://…"),
]
ConnectTimeoutOption = Annotated[
    str | None,
    typer.Option(
        "--connect-timeout",
        metavar="DURATION",
        help="How long name, TCP, proxy, TLS and upgrade may take together; 15s if not given.",
    ),
]
SendTimeoutOption = Annotated[
    str | None,
    typer.Option(
        "--send-timeout", metavar="DURATION", help="How long one frame may take to leave; 30s if not given."
    ),
]
MaxPayloadOption = Annotated[
    str | None,
    typer.Option(
        "--max-payload",
        metavar="BYTES",
        help="The longest payload taken, like 64KiB; a longer one ends the connection. 16MiB if not given.",
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
