"""``recorder record``: connect as a consumer, and record."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from recorder.errors import BadOption

from .live_receipts import LiveReceipts, StatusLines
from .options import (
    CONNECTION,
    DEFAULT_ARCHIVE,
    ArchiveOption,
    ConnectTimeoutOption,
    DurabilityOption,
    HeaderOption,
    InitConnectionOption,
    JsonOption,
    KeepSecretsOption,
    MaxPayloadOption,
    NameOption,
    ProxyOption,
    QuietOption,
    SecretNameOption,
    SendTimeoutOption,
    TokenEnvOption,
    TokenFileOption,
    TokenPromptOption,
)
from .output import StatusPrinter, json_line, write_json, write_payload
from .token_source import read_passphrase, read_token

if TYPE_CHECKING:
    from recorder.recipes import ClientCertificate, ControlRequest, Following, Update
    from recorder.wire.payloads import Payload
    from recorder.wire.records import RecordedFrame


CertOption = Annotated[
    Path | None,
    typer.Option(
        "--cert",
        metavar="FILE",
        help="A client certificate (PEM), for a service that asks for one.",
        rich_help_panel=CONNECTION,
    ),
]
KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key",
        metavar="FILE",
        help="Its key (PEM), unless the same file holds it; an encrypted one is asked for its passphrase.",
        rich_help_panel=CONNECTION,
    ),
]
PassphraseEnvOption = Annotated[
    str | None,
    typer.Option(
        "--passphrase-env",
        metavar="NAME",
        help="Take the passphrase of the key from this environment variable.",
        rich_help_panel=CONNECTION,
    ),
]
AuthOption = Annotated[
    str | None,
    typer.Option(
        "--auth",
        metavar="USER:PASSWORD",
        help="Send them in an Authorization: Basic header. Every user of this machine can read them here.",
        rich_help_panel=CONNECTION,
    ),
]
HostOption = Annotated[
    str | None,
    typer.Option(
        "--host", metavar="NAME", help="The Host header, if not the URL's.", rich_help_panel=CONNECTION
    ),
]
ShortOriginOption = Annotated[
    str | None,
    typer.Option(
        "--origin",
        "-o",
        metavar="ORIGIN",
        help="The Origin header, as a browser sends it: https://…",
        rich_help_panel=CONNECTION,
    ),
]
ShortCaFileOption = Annotated[
    Path | None,
    typer.Option(
        "--ca-file",
        "--ca",
        metavar="FILE",
        help="Trust these certificates (PEM) too, besides the system's.",
        rich_help_panel=CONNECTION,
    ),
]


def record(
    url: Annotated[
        str | None, typer.Argument(metavar="URL", help="The service, as ws://… or wss://…")
    ] = None,
    connect: Annotated[
        str | None, typer.Option("--connect", "-c", metavar="URL", help="The same as the argument URL.")
    ] = None,
    token_env: TokenEnvOption = None,
    token_file: TokenFileOption = None,
    token_prompt: TokenPromptOption = False,
    init_connection: InitConnectionOption = False,
    header: HeaderOption = None,
    subprotocol: Annotated[
        list[str] | None,
        typer.Option("--subprotocol", "-s", metavar="NAME", help="A subprotocol to offer. Repeatable."),
    ] = None,
    ping_interval: Annotated[
        str,
        typer.Option(
            "--ping-interval",
            "-k",
            metavar="DURATION",
            help="Time between keep-alive pings, like 30s or 30; 0 for none.",
        ),
    ] = "30s",
    linger: Annotated[
        str,
        typer.Option(
            "--linger",
            "-w",
            metavar="DURATION",
            help="How long to listen on after the last text, like 2s or 2; -1: until the service closes.",
        ),
    ] = "2s",
    execute: Annotated[
        list[str] | None,
        typer.Option(
            "--execute", "-x", metavar="TEXT", help="Send this instead of lines of stdin. Repeatable."
        ),
    ] = None,
    insecure_tls: Annotated[
        bool,
        typer.Option(
            "--insecure-tls", "--no-check", "-n", help="Take any certificate, so that anybody can listen in."
        ),
    ] = False,
    show_control: Annotated[
        bool, typer.Option("--show-ping-pong", "-P", help="Show each ping and pong that comes in.")
    ] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours, as with NO_COLOR.")] = False,
    _slash: Annotated[bool, typer.Option("--slash", hidden=True)] = False,  # a habit: they are always there
    auth: AuthOption = None,
    host: HostOption = None,
    cert: CertOption = None,
    key: KeyOption = None,
    passphrase_env: PassphraseEnvOption = None,
    ca_file: ShortCaFileOption = None,
    proxy: ProxyOption = None,
    origin: ShortOriginOption = None,
    connect_timeout: ConnectTimeoutOption = None,
    send_timeout: SendTimeoutOption = None,
    max_payload: MaxPayloadOption = None,
    durability: DurabilityOption = "second",
    keep_secrets: KeepSecretsOption = False,
    secret_name: SecretNameOption = None,
    name: NameOption = None,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Connect to a WebSocket service and record every frame. Lines on stdin go out as text frames, what comes
    in is printed. Every frame is in the archive before you see it. On a terminal it is a prompt: /help lists
    what can be typed.

    Example:

        echo '{"id":1,"type":"GetClock"}' | recorder record $UMS_URL --token-env UMS_JWT
    """
    from recorder import recipes

    from .signals import stop_on_signals

    if no_color:
        os.environ["NO_COLOR"] = "1"
    service = _only_url(url, connect)
    certificate = _client_certificate(cert, key, passphrase_env)
    token = read_token(token_env=token_env, token_file=token_file, token_prompt=token_prompt)
    with (
        stop_on_signals() as stop,
        _dialogue(execute, linger, json=json, quiet=quiet) as dialogue,
        LiveReceipts(archive, dialogue.show_update, shown=not quiet and sys.stderr.isatty()) as live,
    ):
        recipes.record(
            service,
            archive=archive,
            lines=dialogue.lines,
            deliver=dialogue.deliver,  # called once the frames are committed
            echo=dialogue.echo,
            linger=linger,
            stop=stop,
            say=dialogue.say,
            on_begin=live.follow,
            token=token,
            init_connection=init_connection,
            headers=header or (),
            subprotocols=subprotocol or (),
            ping_interval=ping_interval,
            insecure_tls=insecure_tls,
            auth=auth,
            host=host,
            client_certificate=certificate,
            show_control=dialogue.show_control if show_control else None,
            ca_file=ca_file,
            proxy=proxy,
            origin=origin,
            connect_timeout=connect_timeout,
            send_timeout=send_timeout,
            max_payload=max_payload,
            name=name,
            keep_secrets=keep_secrets,
            secret_names=secret_name or (),
            durability=durability,
        )
        stop.raise_if_set()


def _only_url(url: str | None, connect: str | None) -> str:
    given = [each for each in (url, connect) if each is not None]
    if len(given) == 1:
        return given[0]
    if given:
        raise BadOption("URL, --connect", "give one of them, not both")
    raise BadOption("URL", "say which service to connect to", hint="recorder record wss://…")


def _client_certificate(
    cert: Path | None, key: Path | None, passphrase_env: str | None
) -> ClientCertificate | None:
    from recorder import recipes

    if cert is None:
        if key is not None or passphrase_env is not None:
            raise BadOption("--key, --passphrase-env", "they belong to a certificate: give --cert FILE too")
        return None
    return recipes.ClientCertificate(
        certificate=cert, key=key, passphrase=read_passphrase(key or cert, passphrase_env)
    )


class _Dialogue(NamedTuple):
    """Where lines come from, and where texts, remarks, pings and what became of messages go."""

    lines: Iterable[str | ControlRequest]
    deliver: Callable[[Payload], None]
    echo: Callable[[Payload | RecordedFrame], None] | None
    say: Callable[[str], None]
    show_update: Callable[[Following, Update], None]

    def show_control(self, frame: RecordedFrame) -> None:
        """Show a ping or pong: where texts are shown with their sides, else as a remark."""
        from recorder.report.payload_lines import control_words

        if self.echo is not None:
            self.echo(frame)
        else:
            self.say(f"received {control_words(frame)}")


@contextmanager
def _dialogue(execute: list[str] | None, linger: str, *, json: bool, quiet: bool) -> Iterator[_Dialogue]:
    """A prompt if stdin and stdout are a terminal; else plain lines."""
    from recorder import recipes
    from recorder.report.json_views import payload_json

    say = StatusPrinter(quiet=quiet)
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    deliver = (lambda payload: write_json(payload_json(payload))) if json else write_payload
    if execute:
        echo = None if json or not on_terminal else _print_laid_out
        yield _Dialogue(execute, echo or deliver, echo, say, StatusLines(say))
    elif not on_terminal:
        yield _Dialogue(_lines_until_end(linger, say), deliver, None, say, StatusLines(say))
    else:
        from .prompt import TerminalPrompt

        with TerminalPrompt(quiet=quiet, until=recipes.linger_words(linger)) as prompt:
            if json:

                def write_line(payload: Payload) -> None:
                    prompt.write(json_line(payload_json(payload), to_terminal=True).decode())

                yield _Dialogue(prompt.requests(), write_line, None, prompt.say, prompt.show_update)
            else:
                yield _Dialogue(prompt.requests(), prompt.show, prompt.show, prompt.say, prompt.show_update)


def _print_laid_out(shown: Payload | RecordedFrame) -> None:
    from recorder.report.payload_lines import payload_lines

    sys.stdout.write(payload_lines(sys.stdout, shown))
    sys.stdout.flush()


def _lines_until_end(linger: str, say: Callable[[str], None]) -> Iterator[str]:
    """The lines of stdin; at a keyboard (whose output goes elsewhere), Ctrl-D is answered in words."""
    from recorder import recipes

    yield from recipes.stdin_lines()
    if sys.stdin.isatty():
        say(f"end of input: listening {recipes.linger_words(linger)}")
