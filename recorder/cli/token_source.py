"""Reads a token from the environment, a file or a prompt."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import typer

from recorder.errors import BadOption


def read_token(*, token_env: str | None, token_file: Path | None, token_prompt: bool) -> str | None:
    """The token from the one source that the options name; None without such an option.

    Raises:
        BadOption: several sources, an unset variable, an unreadable or too readable file, an empty token.
    """
    sources = [source for source in (token_env, token_file, token_prompt or None) if source is not None]
    if len(sources) > 1:
        raise BadOption("--token-env, --token-file, --token-prompt", "give one of them, not several")
    if token_env is not None:
        return _checked("--token-env", _from_environment(token_env))
    if token_file is not None:
        return _checked("--token-file", _from_file(token_file))
    if token_prompt:
        return _checked("--token-prompt", typer.prompt("token", hide_input=True, err=True))
    return None


def read_tokens(*, token_env: str | None, token_file: Path | None, token_prompt: bool) -> list[str]:
    """Tokens for many users: a file may hold one per line.

    Raises:
        BadOption: as for ``read_token``.
    """
    if token_file is None or token_env is not None or token_prompt:
        token = read_token(token_env=token_env, token_file=token_file, token_prompt=token_prompt)
        return [] if token is None else [token]
    lines = _from_file(token_file).splitlines()
    return [_checked("--token-file", line) for line in lines if line.strip()] or [
        _checked("--token-file", "")
    ]


def read_passphrase(key: Path, passphrase_env: str | None) -> str | None:
    """The passphrase of a key: from the environment, else asked for where the key is encrypted.

    Raises:
        BadOption: an unset variable; nobody can be asked.
    """
    if passphrase_env is not None:
        return _from_environment(passphrase_env, option="--passphrase-env")
    try:
        is_encrypted = b"ENCRYPTED" in key.read_bytes()
    except OSError:  # said by what opens it
        return None
    if not is_encrypted:
        return None
    if not sys.stdin.isatty():
        raise BadOption("--key", f"{key} is encrypted", hint="give its passphrase with --passphrase-env NAME")
    return str(typer.prompt("passphrase", hide_input=True, err=True))


def _from_environment(name: str, *, option: str = "--token-env") -> str:
    # Removed, so that no child process inherits it.
    token = os.environ.pop(name, None)
    if token is None:
        raise BadOption(option, f"the environment has no variable {name}", hint=f"export {name}=…")
    return token


def _from_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise BadOption(
                    "--token-file",
                    f"{path} can be read by others (mode {mode:04o})",
                    hint=f"chmod 600 {path}",
                )
            return file.read(1 << 20)
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not text"
        raise BadOption("--token-file", f"cannot read {path}: {reason}") from None


def _checked(option: str, token: str) -> str:
    from recorder.recipes.token_command import checked_token  # late: help texts need none of it

    return checked_token(option, token)
