"""``recorder check``: apply rules to a session; each is violated, satisfied or not observable."""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import completion
from .activity import Activity
from .options import (
    DEFAULT_ARCHIVE,
    LAST,
    AliasOption,
    ArchiveOption,
    AtOption,
    JsonOption,
    OutputOption,
    QuietOption,
    SessionArgument,
)
from .output import StatusPrinter, write_exact, write_json_lines

if TYPE_CHECKING:
    from recorder.recipes import Checked, CheckKeywords


OutputFormat = Literal["text", "json", "junit", "sarif"]
_Rules = list[str] | None


def check(
    session: SessionArgument = LAST,
    rule: Annotated[
        _Rules,
        typer.Option(
            "--rule", metavar="RULE", help="Only this rule. Repeatable.", autocompletion=completion.rules
        ),
    ] = None,
    accept_within: Annotated[
        str | None,
        typer.Option(
            "--accept-within", metavar="DURATION", help="An ACCEPT later than this, or none, is an error."
        ),
    ] = None,
    read_within: Annotated[
        str | None,
        typer.Option(
            "--read-within", metavar="DURATION", help="A READ later than this, or none, is an error."
        ),
    ] = None,
    min_read: Annotated[
        str | None,
        typer.Option(
            "--min-read",
            metavar="DURATION",
            help="A READ sooner than this counts as sent by a program [100ms].",
        ),
    ] = None,
    error: Annotated[
        _Rules,
        typer.Option(
            "--error",
            metavar="RULE",
            help="Treat violations of this rule as errors. Repeatable.",
            autocompletion=completion.rules,
        ),
    ] = None,
    warn: Annotated[
        _Rules,
        typer.Option(
            "--warn",
            metavar="RULE",
            help="Treat violations of this rule as warnings. Repeatable.",
            autocompletion=completion.rules,
        ),
    ] = None,
    off: Annotated[
        _Rules,
        typer.Option(
            "--off", metavar="RULE", help="Do not run this rule. Repeatable.", autocompletion=completion.rules
        ),
    ] = None,
    output_format: Annotated[OutputFormat, typer.Option("--format", help="Format of the findings.")] = "text",
    output: OutputOption = None,
    explain: Annotated[
        str | None,
        typer.Option(
            "--explain",
            metavar="RULE",
            help="Explain a rule, or list all rules: --explain all.",
            autocompletion=completion.rules,
        ),
    ] = None,
    at: AtOption = None,
    alias: AliasOption = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Check again while it is recorded, until it ends.")
    ] = False,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List the satisfied rules, too.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Apply rules to a session; each is violated, satisfied, or not observable in this recording. Exit 3: a
    rule of severity error is violated.

    Example:

        recorder check last
    """
    from recorder import recipes

    if explain is not None:
        _explain(explain, json=json or output_format == "json")
        return
    say = StatusPrinter(quiet=quiet)
    form: OutputFormat = "json" if json else output_format
    checked: Checked | None
    options: CheckKeywords = {
        "rule": rule or (),
        "accept_within": accept_within,
        "read_within": read_within,
        "min_read": min_read,
        "levels": recipes.levels_of(error=error or (), warn=warn or (), off=off or ()),
        "at": at,
        "aliases": recipes.parse_aliases(alias or ()),
    }
    with recipes.open_archive(archive, say=say) as opened:
        if watch:
            from .watched_check import watch_session

            printed = output is None and form in ("text", "json")
            checked = watch_session(
                opened, session, options, json=form == "json", printed=printed, verbose=verbose, say=say
            )
        else:
            with Activity(f"checking session {session}", quiet=quiet):
                checked = recipes.checked(opened, session, **options)
    if checked is None:
        return
    _write(checked, form, output, verbose=verbose)
    if output is not None:
        say(f"wrote {output}")
    checked.raise_if_failed()


def _write(checked: Checked, output_format: OutputFormat, output: Path | None, *, verbose: bool) -> None:
    from recorder import recipes

    if output is not None:
        recipes.save(_rendered(checked, output_format, verbose=verbose), output)
    elif output_format == "text":
        from recorder.report.checks import print_findings

        # As wide as the terminal, in colours.
        print_findings(sys.stdout, checked.findings, verbose=verbose)
    else:
        written = _rendered(checked, output_format, verbose=verbose)
        write_exact(written.encode(), is_json=output_format != "junit")


def _rendered(checked: Checked, output_format: OutputFormat, *, verbose: bool) -> str:
    from recorder.report import checks, junit, sarif

    if output_format == "junit":
        return junit.junit(
            checked.session, checked.rules, checked.findings, started_at_us=checked.started_at_us
        )
    if output_format == "sarif":
        return sarif.sarif(checked.archive, checked.session, checked.rules, checked.findings)
    if output_format == "json":
        return checks.json_lines(checked.findings)
    text = StringIO()
    checks.print_findings(text, checked.findings, verbose=verbose)
    return text.getvalue()


def _explain(name: str, *, json: bool) -> None:
    from recorder import recipes
    from recorder.report.checks import print_rule, print_rules, rule_json

    rules = recipes.explained(name)
    if json:
        write_json_lines(map(rule_json, rules))
    elif len(rules) == 1:
        print_rule(sys.stdout, rules[0])
    else:
        print_rules(sys.stdout, rules)
