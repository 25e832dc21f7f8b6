"""What a shell completes: sessions, dialogs, rules and moods; and how anything is completed.

Whatever goes wrong (no archive, another program's file), there is nothing to complete: a shell shows what
is printed in the middle of the line that is being typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from itertools import islice

import typer

MOST = 200
"""So many are offered at most; typing on narrows them."""
_LONGEST_READ = 5_000
"""Frames of a session whose dialogs are looked for; a longer one is not read while somebody types."""

Completed = str | tuple[str, str]
_Names = Callable[[typer.Context], Iterable[Completed]]


def completing(names: _Names) -> Callable[[typer.Context, str], list[Completed]]:
    """Those of the names that begin with what is typed."""

    @wraps(names)
    def begins(ctx: typer.Context, incomplete: str) -> list[Completed]:
        def fits(name: Completed) -> bool:
            return (name if isinstance(name, str) else name[0]).startswith(incomplete)

        try:
            return [_described(each) for each in islice(filter(fits, names(ctx)), MOST)]
        except Exception:  # see above
            return []

    del begins.__wrapped__  # Typer reads the parameters of what is wrapped
    return begins


_PLAIN_NAME = re.compile(r"[\w.@%+,/=-]+")
"""What every shell takes as it is: bash divides words at colons, and zsh is not given quotes as they are."""
_LONGEST_DESCRIPTION = 60
"""Characters; Typer wraps a longer description, and fish takes its second line for a word to complete."""
_IN_DESCRIPTIONS = str.maketrans({'"': "”", "'": "’", "[": "(", "]": ")", "\\": "/"})
"""What Typer would take for markup, and zsh for the end of a text."""


def _described(name: Completed) -> Completed:
    from recorder.report.terminal import safe_text

    if isinstance(name, str):
        return name
    words = safe_text(" ".join(name[1].split())).translate(_IN_DESCRIPTIONS)
    return name[0], words if len(words) <= _LONGEST_DESCRIPTION else f"{words[: _LONGEST_DESCRIPTION - 1]}…"


@completing
def sessions(ctx: typer.Context) -> Iterator[Completed]:
    """Ids and names, newest first, each with what the other one is."""
    from recorder import recipes

    with recipes.open_archive(ctx.params["archive"]) as archive:
        found = archive.sessions()[::-1]
    yield "last"
    # Shells put what is completed into the line as it is: names that would need quotes have to be ids there.
    named = dict.fromkeys(each.name for each in found if each.name and _PLAIN_NAME.fullmatch(each.name))
    yield from ((name, "the newest of this name") for name in named)
    yield from ((session.session, session.name or session.source) for session in found)


@completing
def dialogs(ctx: typer.Context) -> Iterator[Completed]:
    """The dialogs of the session that is named, or of the last."""
    from recorder import recipes

    with recipes.open_archive(ctx.params["archive"]) as archive:
        # Behind an option that waits for its value, arguments are read and not yet given their names.
        session = next(iter(ctx.args), None) or ctx.params.get("session") or "last"
        if archive.find_session(session).frames > _LONGEST_READ:
            return
        _, found = recipes.messages(archive, session)
    yield from dict.fromkeys(message.dialog_id for message in found if message.dialog_id is not None)


@completing
def rules(ctx: typer.Context) -> Iterator[Completed]:
    """The rules of ``check``, with what each says."""
    from recorder import recipes

    yield from ((rule.id, rule.title) for rule in recipes.explained("all"))


@completing
def moods(ctx: typer.Context) -> Iterator[Completed]:
    """The moods of the simulator, with what each does."""
    from recorder.simulator.faults.config import mood_descriptions

    yield from mood_descriptions().items()
