"""``recorder replay``: play a scripted consumer, and check what came back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from recorder.errors import BadOption

from .live import LiveMessages
from .load import (
    CsvOption,
    FailIfOption,
    HtmlOption,
    LoadOptions,
    RunTimeOption,
    SpawnRateOption,
    UsersOption,
    play_many,
)
from .options import (
    DEFAULT_ARCHIVE,
    ArchiveOption,
    CaFileOption,
    ConnectTimeoutOption,
    HeaderOption,
    InitConnectionOption,
    JsonOption,
    KeepSecretsOption,
    MaxPayloadOption,
    NameOption,
    OriginOption,
    ProxyOption,
    QuietOption,
    SecretNameOption,
    SendTimeoutOption,
    TokenCommandOption,
    TokenEnvOption,
    TokenFileOption,
    TokenPromptOption,
)
from .output import StatusPrinter, ignoring_broken_pipe, write_json, write_json_lines
from .token_source import read_token, read_tokens

if TYPE_CHECKING:
    from recorder.recipes import Played, PlayKeywords


def _print_schema(requested: bool) -> None:
    if requested:
        from recorder import recipes

        write_json(recipes.script_schema())
        raise typer.Exit


def replay(
    script: Annotated[
        Path, typer.Argument(metavar="SCRIPT", help="A script in YAML; - reads it from stdin.")
    ],
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            metavar="URL",
            help="The service; or script: the one the script names, or simulator: the built-in one.",
        ),
    ] = None,
    token_env: TokenEnvOption = None,
    token_file: TokenFileOption = None,
    token_prompt: TokenPromptOption = False,
    token_command: TokenCommandOption = None,
    init_connection: InitConnectionOption = False,
    header: HeaderOption = None,
    ca_file: CaFileOption = None,
    proxy: ProxyOption = None,
    origin: OriginOption = None,
    connect_timeout: ConnectTimeoutOption = None,
    send_timeout: SendTimeoutOption = None,
    max_payload: MaxPayloadOption = None,
    var: Annotated[
        list[str] | None,
        typer.Option("--var", metavar="NAME=VALUE", help="A value for ${NAME} in the script."),
    ] = None,
    schema: Annotated[
        bool,
        typer.Option(
            "--schema",
            callback=_print_schema,
            is_eager=True,
            help="Print the JSON Schema of scripts, for editors.",
        ),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only check the script; nothing is played, nothing recorded.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what would be done and when.")
    ] = False,
    clock: Annotated[
        Literal["real", "virtual"],
        typer.Option("--clock", help="virtual: the simulator only; waits for nothing, hours take ms."),
    ] = "real",
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="What varying delays are drawn from.", min=0)
    ] = None,
    reconnect: Annotated[
        Literal["never", "on-auth-close", "always"] | None,
        typer.Option("--reconnect", help="When to connect again without being told to."),
    ] = None,
    tolerance: Annotated[
        str | None,
        typer.Option("--tolerance", metavar="DURATION", help="How late a timed receipt may leave."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write a test case per step, as JUnit XML.")
    ] = None,
    users: UsersOption = None,
    spawn_rate: SpawnRateOption = None,
    run_time: RunTimeOption = None,
    fail_if: FailIfOption = None,
    csv: CsvOption = None,
    html: HtmlOption = None,
    keep_secrets: KeepSecretsOption = False,
    secret_name: SecretNameOption = None,
    name: NameOption = None,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Play a scripted consumer, record it, and print its messages with their receipts. Without --url it talks
    to the built-in simulator, unless the script names a service: then --url says what is meant. Exit 3: an
    expectation of the script did not come true, or a receipt left later than --tolerance. Exit 4: not let in.

    Example:

        recorder replay samples/slow-reader.yaml --url simulator
    """
    from recorder import recipes

    from .signals import stop_on_signals

    print_status = StatusPrinter(quiet=quiet)
    if check and dry_run:
        raise BadOption("--check, --dry-run", "give one of them, not both")
    if check:
        print_status(recipes.check_script(script, var or (), say=print_status))
        return
    if dry_run:
        _print_timetable(script, var or [], json=json)
        return
    load_options = LoadOptions(users, spawn_rate, run_time, csv, html, fail_if, tolerance)
    load_options.check(junit=junit, virtual=clock == "virtual")
    if junit is not None:
        recipes.check_place("--junit", junit)
    keywords: PlayKeywords = {
        "url": url,
        "token_command": token_command,
        "init_connection": init_connection,
        "headers": header or (),
        "ca_file": ca_file,
        "proxy": proxy,
        "origin": origin,
        "connect_timeout": connect_timeout,
        "send_timeout": send_timeout,
        "max_payload": max_payload,
        "variables": var or (),
        "reconnect": "on_auth_close" if reconnect == "on-auth-close" else reconnect,
        "keep_secrets": keep_secrets,
        "secret_names": secret_name or (),
        "name": name,
    }
    if users is not None:
        tokens = read_tokens(token_env=token_env, token_file=token_file, token_prompt=token_prompt)
        load = load_options.load(seed=seed or 0, tokens=tokens, keywords=keywords)
        play_many(script, load, load_options, archive=archive, json=json, quiet=quiet)
        return
    token = read_token(token_env=token_env, token_file=token_file, token_prompt=token_prompt)
    with stop_on_signals() as stop, LiveMessages(archive, quiet=quiet) as live:

        def print_result(played: Played) -> None:
            live.end()
            _print_result(played, json=json, junit=junit)

        played = recipes.replay(
            script,
            archive=archive,
            token=token,
            clock=clock,
            seed=seed,
            tolerance=tolerance,
            stop=stop,
            say=live,
            on_begin=live.follow if clock == "real" else lambda session: None,
            on_end=print_result,
            **keywords,
        )
        stop.raise_if_set()
    played.raise_if_failed()


def _print_result(played: Played, *, json: bool, junit: Path | None) -> None:
    """Print and save the result, however it ended: a CI server wants the cases of a cancelled run, too."""
    from recorder import recipes
    from recorder.report.messages import print_messages
    from recorder.report.replay_target import target_json
    from recorder.report.steps import step_json, steps_junit

    steps = recipes.step_reports(played)
    try:
        if junit is not None:
            written = steps_junit(
                played.script,
                played.session,
                steps,
                problems=played.problems,
                started_at_us=played.started_at_us,
                cut_short=played.cut_short,
                target=played.target,
            )
            recipes.save(written, junit, option="--junit")
    finally:  # what was played is printed even where a disk was full
        with ignoring_broken_pipe():
            if json:
                write_json(target_json(played.target))
                write_json_lines(map(step_json, steps))
            else:
                print_messages(sys.stdout, played.messages, played.people)


def _print_timetable(script: Path, variables: list[str], *, json: bool) -> None:
    from recorder import recipes
    from recorder.report.tables import print_line

    rows = recipes.script_timetable(script, variables)
    if json:
        write_json_lines(row.as_json() for row in rows)
        return
    for line in recipes.timetable_lines(rows):
        print_line(sys.stdout, line, indent="    ")
