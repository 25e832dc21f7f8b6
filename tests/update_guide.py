"""Write the guide's reference tables anew from the code: ``python tests/update_guide.py``.

``python tests/update_guide.py --outputs [PAGE...]`` also runs the commands of the pages (or of these), and
puts what they print in the place of what the page shows.

A page marks the place of a table with ``<!-- generated: rules -->`` and ``<!-- end -->``;
``tests/test_guide.py`` holds what stands between them equal to what is made here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer.main
from pydantic import BaseModel

from recorder import recipes
from recorder.checks.engine import RULES
from recorder.cli.app import app
from recorder.formats.known import FORMATS
from recorder.formats.unusable import UNUSABLE
from recorder.replay.language.verbs import EXPANDED_VERBS
from recorder.replay.language.verbs import VERBS as SCRIPT_VERBS
from recorder.simulator.agent.rules import VERBS as AGENT_VERBS
from recorder.simulator.faults.config import Moods
from recorder.store import tables
from recorder.tui.help_screen import key_rows

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "recorder" / "guide"
MARKED = re.compile(r"(<!-- generated: ([\w-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)

# Options that mean the same under every command; the page names them once.
SHARED_OPTIONS = {"--archive", "--json", "--quiet", "--help"}
# Keys that most verbs or moods of a kind have; the page explains them once, above the table.
COMMON_SCRIPT_KEYS = {"consumer"}
COMMON_AGENT_KEYS = {"after"}
COMMON_MOOD_KEYS = {"nth", "first", "probability"}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = tuple(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def first_paragraph(text: str | None) -> str:
    """The first paragraph of a docstring, on one line, in Markdown."""
    return " ".join((text or "").strip().split("\n\n")[0].split()).replace("``", "`")


def rules() -> str:
    return table(
        ("rule", "severity", "the law"), [(f"`{one.id}`", one.severity.value, one.title) for one in RULES]
    )


def script_verbs() -> str:
    return table(
        ("verb", "takes", "does"),
        [
            (f"`{name}:`", keys(verb, verb.short, COMMON_SCRIPT_KEYS), first_paragraph(verb.__doc__))
            for name, verb in {**SCRIPT_VERBS, **EXPANDED_VERBS}.items()
        ],
    )


def agent_verbs() -> str:
    return table(
        ("verb", "takes", "does"),
        [
            (f"`{name}:`", keys(verb, verb.SHORT, COMMON_AGENT_KEYS), first_paragraph(verb.__doc__))
            for name, verb in AGENT_VERBS.items()
        ],
    )


def keys(model: type[BaseModel], short: str | None, common: set[str]) -> str:
    """The keys of a verb or a mood: first, in bold, the one that a bare value stands for."""
    names = [
        field.alias or name
        for name, field in model.model_fields.items()
        if name not in common and not is_fixed(field.annotation)
    ]
    last = ("after", "within", "as", "consumer")
    names.sort(key=lambda name: (name != short, last.index(name) if name in last else -1))
    return ", ".join(f"**`{name}`**" if name == short else f"`{name}`" for name in names) or "–"


def is_fixed(annotation: Any) -> bool:
    """Whether a key has only one value, which nobody would write."""
    return get_origin(annotation) is Literal and len(get_args(annotation)) == 1


def moods() -> str:
    return table(
        ("mood", "takes", "does"),
        [
            (f"`{name}`", mood_keys(field.annotation), field.description or "")
            for name, field in Moods.model_fields.items()
        ],
    )


def mood_keys(annotation: Any) -> str:
    """``true`` for a switch, the words of a choice, ``duration``, or the keys of a mapping."""
    kinds = [kind for kind in leaf_types(annotation) if kind is not type(None)]
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return keys(kind, getattr(kind, "SHORT", None), COMMON_MOOD_KEYS)
    if bool in kinds:
        return "`true`"
    if all(isinstance(kind, str) for kind in kinds):
        return ", ".join(f"`{kind}`" for kind in kinds)
    return "a delay" if any(getattr(kind, "__name__", "") == "Delay" for kind in kinds) else "a duration"


def leaf_types(annotation: Any) -> Iterator[Any]:
    """The types (and words of a ``Literal``) that an annotation is made of."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from leaf_types(get_args(annotation)[0])
    elif origin is Literal:
        yield from get_args(annotation)
    elif origin in (Union, UnionType, tuple):
        for each in get_args(annotation):
            yield from leaf_types(each)
    elif annotation is not Ellipsis:
        yield annotation


def archive_tables() -> str:
    derived = {one.name for one in tables.DERIVED}
    return "\n".join(
        f"#### `{one.name}`{' (derived)' if one.name in derived else ''}\n\n"
        + table(("column", "holds"), [(f"`{column.name}`", column.comment or "–") for column in one.columns])
        for one in tables.metadata.tables.values()
    )


def commands() -> str:
    return "\n".join(
        f"### `recorder {' '.join(path)}`\n\n{first_paragraph(command.help)}\n\n{parameters(command)}"
        for path, command in every_command(typer.main.get_command(app))
    )


def recipe_functions() -> str:
    rows = [(name, getattr(recipes, name)) for name in recipes.__all__]
    return table(("name", "is"), [(f"`{name}`", first_paragraph(one.__doc__)) for name, one in rows])


def every_command(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from every_command(command, (*path, name))
        else:
            yield (*path, name), command


def parameters(command: Any) -> str:
    """The table of a command's arguments and own options."""
    rows = [
        (parameter_name(one), one.help or "")
        for one in command.params
        if not SHARED_OPTIONS & set(one.opts) and not getattr(one, "hidden", False)
    ]
    return table(("option", "does"), rows) if rows else "No options of its own.\n"


def parameter_name(parameter: Any) -> str:
    """``SESSION`` or ``--at WHEN``, as help texts write it."""
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar or parameter.name.upper()}`"
    kind = parameter.type_descriptor.annotation
    choices = "|".join(get_args(kind)) if get_origin(kind) is Literal else None
    value = parameter.metavar or choices or ("N" if kind is int else parameter.name.upper())
    if parameter.is_flag:
        return f"`{', '.join(parameter.opts)}`"
    return f"`{', '.join(parameter.opts)} {value}`"


def formats() -> str:
    return table(
        ("`--format`", "what it is", "how to get one", "what it lacks"),
        [(f"`{one.name}`", one.title, one.made_by, one.lacks) for one in FORMATS],
    )


def unusable_formats() -> str:
    return table(
        ("file", "what is said", "what to do"),
        [(one.title, one.problem, one.hint) for one in UNUSABLE],
    )


def watch_keys() -> str:
    return table(("key", "does"), [(f"`{key}`", does) for key, does in key_rows()])


GENERATED: dict[str, Callable[[], str]] = {
    "watch-keys": watch_keys,
    "rules": rules,
    "script-verbs": script_verbs,
    "agent-verbs": agent_verbs,
    "moods": moods,
    "tables": archive_tables,
    "commands": commands,
    "recipes": recipe_functions,
    "formats": formats,
    "unusable-formats": unusable_formats,
}


def updated(text: str) -> str:
    """The page with every marked table made anew."""
    return MARKED.sub(lambda found: f"{found[1]}\n{GENERATED[found[2]]()}\n{found[4]}", text)


def main() -> None:
    """Rewrite the tables; with ``--outputs`` run the pages, and rewrite what their commands print as well."""
    for file in (ROOT / "README.md", *sorted(PAGES.glob("*.md"))):
        before = after = updated(file.read_text("utf-8"))
        if "--outputs" in sys.argv and (file.stem in sys.argv or sys.argv[-1] == "--outputs"):
            from guide_blocks import PageRunner, with_printed

            with TemporaryDirectory() as folder:
                after = with_printed(before, PageRunner(Path(folder)).run(before))
        if after != file.read_text("utf-8"):
            file.write_text(after, "utf-8")
            sys.stdout.write(f"wrote {file.relative_to(ROOT)}\n")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
