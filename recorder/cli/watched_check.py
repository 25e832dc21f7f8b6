"""``recorder check --watch``: what is found while a session is recorded."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .follow import clear_screen
from .output import StatusPrinter, write_json_lines
from .signals import stop_on_signals

if TYPE_CHECKING:
    from recorder.recipes import Checked, CheckKeywords, CheckUpdate
    from recorder.store.archive import Archive


def watch_session(
    archive: Archive,
    session: str,
    options: CheckKeywords,
    *,
    json: bool,
    printed: bool,
    verbose: bool,
    say: StatusPrinter,
) -> Checked | None:
    """Check a session until it ends, and return the check that is to be printed; None if all of it is.

    Meanwhile findings that are new are printed as JSON, violations in a pipe, and all of it on a terminal,
    unless the findings are not to be ``printed``.

    Raises:
        BadOption, NotFound: as for ``checked``.
        ExpectationFailed: a rule of severity error is violated at the end, and all is printed.
        Stopped: a signal came.
    """
    from recorder import recipes

    recipes.check_watch_options(options)
    with stop_on_signals() as stop:
        session = recipes.session_to_follow(archive, session, stop=stop, say=say)
        stop.raise_if_set()
        last: CheckUpdate | None = None
        for update in recipes.watched_checks(archive, session, stop=stop, **options):
            if printed:
                _print_update(update, json=json, verbose=verbose)
            last = update
        stop.raise_if_set()
    if last is None or not printed or not (json or sys.stdout.isatty()):
        return None if last is None else last.checked
    last.checked.raise_if_failed()
    return None


def _print_update(update: CheckUpdate, *, json: bool, verbose: bool) -> None:
    from recorder.report.checks import finding_json, print_findings, print_violations

    if json:
        write_json_lines(map(finding_json, update.changed))
    elif sys.stdout.isatty():
        clear_screen()
        print_findings(sys.stdout, update.checked.findings, verbose=verbose)
    elif not update.over:
        print_violations(sys.stdout, update.changed)
    sys.stdout.flush()
