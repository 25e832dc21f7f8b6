"""What is wrong with a command line, said as every other error is: one sentence, and what to do about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import typer

from recorder.errors import InputUnusable

if TYPE_CHECKING:
    from typer._click.exceptions import UsageError as UsageError
else:
    # Typer brings its own Click since 0.26, and hands this error on under the names of its kinds only.
    UsageError = typer.BadParameter.__base__

_VALUES: Final = {
    r"input should be a valid integer.*": "it is no whole number",
    r"input should be a valid number.*": "it is no number",
    r"input should be greater than or equal to (\S+)": r"it must be at least \1",
    r"input should be less than or equal to (\S+)": r"it must be at most \1",
    r"value error, '(.*)' is not one of (.*)": r'"\1" is none of \2',
}
"""What Typer and the library below it say of a value, and what is said instead."""
_COMMAND = re.compile(r"No such command '(?P<name>.*?)'\.(?: .*'(?P<close>[^']+)'.*)?", re.DOTALL)
_EXTRA = re.compile(r"Got unexpected extra argument(?:s|\(s\))? \((?P<extra>.*)\)", re.DOTALL)
_LONGEST = 100


def usage_sentence(refused: UsageError) -> InputUnusable:
    """The error that says it."""
    command = "recorder" if refused.ctx is None else refused.ctx.command_path
    parameter = getattr(refused, "param", None)
    if (option := getattr(refused, "option_name", None)) is not None:
        return _of_option(refused, option, command)
    if parameter is not None and type(refused).__name__ == "MissingParameter":
        return InputUnusable(f"{command}: {_name_of(parameter)} is missing", hint=_usage_of(refused))
    if parameter is not None:
        return InputUnusable(f"{_name_of(parameter)}: {_value_words(refused.message)}", hint=_see(refused))
    if (found := _COMMAND.fullmatch(refused.message)) is not None:
        close = f' (did you mean "{found["close"]}"?)' if found["close"] else ""
        sentence = f'there is no command "{found["name"][:_LONGEST]}"{close}'
        return InputUnusable(sentence, hint=f"see {command} --help")
    if (found := _EXTRA.fullmatch(refused.message)) is not None:
        sentence = f"{command}: it cannot use {found['extra'][:_LONGEST]}, which is too much"
        return InputUnusable(sentence, hint=_usage_of(refused))
    return InputUnusable(_lowered(refused.message), hint=_see(refused))


def _of_option(refused: UsageError, option: str, command: str) -> InputUnusable:
    if refused.message.startswith("No such option"):
        close = sorted(getattr(refused, "possibilities", None) or ())
        meant = f" (did you mean {' or '.join(close)}?)" if close else ""
        sentence = f"{command} has no option {option[:_LONGEST]}{meant}"
        return InputUnusable(sentence, hint=f"see {command} --help")
    takes_none = "does not take a value" in refused.message
    return InputUnusable(
        f"{option}: {'it takes no value' if takes_none else 'it needs a value'}", hint=_see(refused)
    )


def _see(refused: UsageError) -> str:
    command = "--help behind the command" if refused.ctx is None else f"{refused.ctx.command_path} --help"
    return f"see {command}"


def _usage_of(refused: UsageError) -> str | None:
    """The command with its arguments, as the help's first line has it."""
    if refused.ctx is None:
        return None
    usage = refused.ctx.get_usage().removeprefix("Usage:")
    return " ".join(usage.replace("{", "").replace("}", "").split())


def _name_of(parameter: Any) -> str:
    """``SCRIPT`` for an argument, ``--seed`` for an option."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    return str(max(parameter.opts, key=len))


def _value_words(message: str) -> str:
    lowered = _lowered(message)
    for pattern, words in _VALUES.items():
        if (found := re.fullmatch(pattern, lowered, re.DOTALL)) is not None:
            return found.expand(words).replace("'", "")
    return lowered


def _lowered(message: str) -> str:
    return f"{message[:1].lower()}{message[1:]}".rstrip(".")
