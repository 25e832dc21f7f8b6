"""A command that fetches a token: asked for the first one, and again when the service wants a fresh one.

What it prints is a secret: it goes into no error text, no archive, and onto no command line.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import threading
from collections.abc import Callable
from typing import IO

from recorder.errors import BadOption, CannotConnect

OPTION = "--token-command"
TIMEOUT_S = 60.0
LONGEST = 64 * 1024
"""Characters of its output, and of a line of its remarks, that are taken."""

_AFTER_ITS_END_S = 1.0
_SCHEMES = ("jwt ", "bearer ")


def checked_token(option: str, token: str) -> str:
    """The token without white space and scheme words around it.

    Raises:
        BadOption: it is empty, or cannot be one. The token is not in the text.
    """
    token = token.strip()
    for scheme in _SCHEMES:
        if token.lower().startswith(scheme):
            token = token[len(scheme) :].strip()
    if not token:
        raise BadOption(option, "the token is empty")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise BadOption(option, "the token holds spaces or characters that no token has")
    return token


class TokenCommand:
    """Runs the command, without a shell. Its stderr is passed on, line by line.

    Args:
        command: as one would type it; quotes count, ``$``, ``|`` and ``>`` do not.
        remark: gets what it says on stderr; called in a thread of its own.

    Raises:
        BadOption: it cannot be read as a command.
    """

    def __init__(self, command: str, *, remark: Callable[[str], None], timeout_s: float = TIMEOUT_S) -> None:
        try:
            self._arguments = shlex.split(command)
        except ValueError as problem:
            raise BadOption(OPTION, f"it cannot be read: {str(problem).lower()}") from None
        if not self._arguments:
            raise BadOption(OPTION, "there is no command in it")
        self._remark = remark
        self._timeout_s = timeout_s

    def fetch(self, consumer: str) -> str:
        """A token for this consumer; the command finds the name in ``RECORDER_CONSUMER``.

        Raises:
            BadOption: there is no such program, or what it printed is no token.
            CannotConnect: it failed, or took too long.
        """
        process = self._start(consumer)
        printed: list[str] = []
        readers = (
            _beside(lambda: printed.append(_head(process.stdout))),
            _beside(lambda: self._pass_on(process.stderr)),
        )
        try:
            code = process.wait(self._timeout_s)
        except subprocess.TimeoutExpired:
            raise CannotConnect(
                "the service", f"the token command took longer than {self._timeout_s:g} s"
            ) from None
        finally:
            process.kill()
            process.wait()
            for reader in readers:  # a child of its own may keep them open
                reader.join(_AFTER_ITS_END_S)
        if printed and len(printed[0]) > LONGEST:
            raise BadOption(OPTION, f"it printed more than {LONGEST} characters, and no token is that long")
        if code != 0:
            raise CannotConnect("the service", f"the token command ended with {_how(code)}")
        return checked_token(OPTION, printed[0] if printed else "")

    def _start(self, consumer: str) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(  # noqa: S603 - the user's own command, and no shell
                self._arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env={**os.environ, "RECORDER_CONSUMER": consumer},
            )
        except OSError as problem:
            program = self._arguments[0]
            raise BadOption(OPTION, f"cannot run {program}: {problem.strerror}") from None

    def _pass_on(self, stderr: IO[str] | None) -> None:
        if stderr is None:
            return
        with stderr:
            while line := stderr.readline(LONGEST):
                if says := line.rstrip():
                    self._remark(says)


def _head(stdout: IO[str] | None) -> str:
    """What it prints, as far as it matters."""
    if stdout is None:
        return ""
    with stdout:
        return stdout.read(LONGEST + 1)


def _beside(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name="token command", daemon=True)
    thread.start()
    return thread


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
