"""``recorder samples``: scripts to replay and captures to import, shipped with the program."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from recorder.counted import counted
from recorder.errors import BadOption, NotFound

from .completion import completing
from .options import JsonOption, OutputOption, QuietOption
from .output import StatusPrinter, write_json_lines

_PICTURE = ".png"  # of the README, in a checkout


@completing
def _samples(ctx: typer.Context) -> Iterable[str]:
    """The names of the samples."""
    return sample_names()


def show_samples(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="The sample to print.", autocompletion=_samples),
    ] = None,
    output: OutputOption = None,
    every: Annotated[
        Path | None, typer.Option("--all", metavar="DIR", help="Write all samples into this directory.")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List the samples, print one, or write them to files: scripts to replay, captures to import.

    The examples in these help texts expect them in ./samples.

    Example:

        recorder samples --all samples
    """
    if every is not None:
        if name is not None or output is not None:
            raise BadOption("--all", "it writes every sample; give neither a name nor --output")
        StatusPrinter(quiet=quiet)(f"wrote {counted(_write_all(every), 'sample')} into {every}")
    elif name is None:
        if output is not None:
            raise BadOption("--output", "say which sample to write")
        _list_samples(as_json=as_json)
    elif output is None:
        sys.stdout.write(read_sample(name))
    else:
        from recorder import recipes

        recipes.save(read_sample(name), output, private=False)
        StatusPrinter(quiet=quiet)(f"wrote {output}")


def folder() -> Path:
    """The samples: inside the installed package, or in the checkout."""
    package = Path(__file__).parents[1]
    installed = package / "_samples"
    return installed if installed.is_dir() else package.parent / "samples"


def sample_names() -> list[str]:
    """The name of every sample, such as ``slow-reader.yaml`` or ``parts/small-talk.yaml``."""
    files = [file for file in folder().rglob("*") if file.is_file() and file.suffix != _PICTURE]
    names = [file.relative_to(folder()).as_posix() for file in files]
    return sorted(names, key=lambda name: ("/" in name, name))


def read_sample(name: str) -> str:
    """The text of a sample; its name may be given without the suffix.

    Raises:
        NotFound: there is no such sample.
    """
    names = sample_names()
    found = [each for each in names if name in (each, each.rpartition(".")[0])]
    if not found:
        raise NotFound("sample", name, close=get_close_matches(name, names, n=1))
    return (folder() / found[0]).read_text("utf-8")


# What is said of a capture that has no place for it.
_CAPTURES = {
    ".har": "A capture: HAR of a browser.",
    ".netlog.json": "A capture: NetLog of a browser.",
    ".wscat.log": "A capture: log of wscat, copied from a terminal.",
}


def about(name: str) -> str:
    """One line about a sample: the first line of a script, the name of a captured session."""
    for ending, sentence in _CAPTURES.items():
        if name.endswith(ending):
            return sentence
    first = read_sample(name).partition("\n")[0]
    return f"A capture: {json.loads(first)['name']}." if name.endswith(".jsonl") else first.removeprefix("# ")


def _list_samples(*, as_json: bool) -> None:
    if as_json:
        write_json_lines({"sample": name, "about": about(name)} for name in sample_names())
        return
    from recorder.report.tables import print_pairs

    print_pairs(sys.stdout, {name: about(name) for name in sample_names()})


def _write_all(directory: Path) -> int:
    from recorder import recipes

    texts = {directory / name: read_sample(name) for name in sample_names()}
    for file, text in texts.items():
        if file.exists() and file.read_text("utf-8", errors="replace") != text:
            raise BadOption("--all", f"{file} is there already and is another file; nothing was written")
    for file, text in texts.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        recipes.save(text, file, option="--all", private=False)
    return len(texts)
