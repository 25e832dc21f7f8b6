"""Runs the command that prints tokens: the first one, and a fresh one whenever the service wants it.

What it prints is a secret: it goes into no error text, no archive, and onto no command line.

It never stays behind when we end, however that comes about, be it by ``kill -9``. Where nobody sits at a
terminal it has a process group of its own, which is ended as a whole, with whatever it started. At a
terminal it stays in ours, because it may want to ask there; then only the command itself is ended.
"""

from __future__ import annotations

import math
import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from recorder.errors import BadOption, CannotConnect
from recorder.redaction.patterns import is_opaque
from recorder.redaction.redactor import Redactor

from .queries import Notify
from .stop import Stop

OPTION = "--token-command"
TIMEOUT_S = 60.0
LONGEST = 64 * 1024
"""Characters of its output, and of a line of its remarks, that are taken."""

_AFTER_ITS_END_S = 1.0
_LOOK_EVERY_S = 0.1
FetchToken = Callable[[str], str]
"""Prints a token of the consumer with this name; may take a while."""

_SHELL = "/bin/sh"
_GUARDED = """exec 3<&0 </dev/null
( (read -r over <&3 || kill -s KILL -- "$0$$") >/dev/null 2>&1 & )
exec "$@" 3<&-"""
"""Becomes the command, and leaves somebody behind who waits for our word that it is over. If it is our end
that comes instead, he ends the command; ``$0`` is ``-`` where its whole group is meant."""
_PASSED = re.compile(
    "PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TERM|TZ|TMPDIR|PWD|DISPLAY|SSH_AUTH_SOCK|XDG_[A-Z_]+"
    "|PYTHONPATH|VIRTUAL_ENV|SSL_CERT_(?:FILE|DIR)"
)
_SCHEMES = ("jwt ", "bearer ")
_WORD = re.compile("⟦[^⟧]*⟧|[A-Za-z0-9._~+=-]{20,}")


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


def without_opaque_words(remark: str) -> str:
    """The remark with a placeholder for every long word that a machine made.

    A token without a shape cannot be told from other such words before the command has printed it, and
    ``set -x`` shows it earlier.
    """

    def shown(word: re.Match[str]) -> str:
        opaque = word[0][0] != "⟦" and is_opaque(word[0].encode())
        return "⟦opaque⟧" if opaque else word[0]

    return _WORD.sub(shown, remark)


class TokenCommandRunner:
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
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def stop(self) -> None:
        """Fetch no more, and end soon what is under way; from any thread or signal handler."""
        self._stopped = True

    def close(self) -> None:
        """Fetch no more, and kill at once what is under way."""
        self._stopped = True
        for process in tuple(self._running):
            _kill(process)

    def fetch(self, consumer: str) -> str:
        """A token for this consumer; the command finds the name in ``RECORDER_CONSUMER``.

        Raises:
            BadOption: there is no such program, or what it printed is no token.
            CannotConnect: it failed, or took too long.
        """
        process = self._start(consumer)
        self._running.add(process)
        printed: list[str] = []
        readers = (
            _start_thread(lambda: printed.append(_head(process.stdout))),
            _start_thread(lambda: self._pass_on(process.stderr)),
        )
        try:
            code = self._end_of(process)
        finally:
            self._running.discard(process)
            _let_go(process)
            for reader in readers:  # a child of its own may keep them open
                reader.join(_AFTER_ITS_END_S)
        if printed and len(printed[0]) > LONGEST:
            raise BadOption(OPTION, f"it printed more than {LONGEST} characters, and no token is that long")
        if code != 0:
            raise CannotConnect("the service", f"the token command ended with {_how(code)}")
        return checked_token(OPTION, printed[0] if printed else "")

    def _end_of(self, process: subprocess.Popen[str]) -> int:
        """Its exit code, once it has ended. Raises ``CannotConnect``."""
        for _ in range(math.ceil(self._timeout_s / _LOOK_EVERY_S)):
            if self._stopped:
                raise CannotConnect("the service", "stopped before the token command was done")
            with suppress(subprocess.TimeoutExpired):
                return process.wait(min(_LOOK_EVERY_S, self._timeout_s))
        raise CannotConnect("the service", f"the token command took longer than {self._timeout_s:g} s")

    def _start(self, consumer: str) -> subprocess.Popen[str]:
        alone = not _has_terminal()
        guarded = [_SHELL, "-c", _GUARDED, "-" if alone else "", _program(self._arguments[0])]
        try:
            return subprocess.Popen(  # noqa: S603 - the user's own command, which no shell reads
                [*guarded, *self._arguments[1:]],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=alone,
                env=_environment(consumer),
            )
        except (OSError, ValueError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else "it holds what no command can"
            raise BadOption(OPTION, f"cannot run {self._arguments[0]}: {reason}") from None

    def _pass_on(self, stderr: IO[str] | None) -> None:
        if stderr is None:
            return
        with stderr:
            while line := stderr.readline(LONGEST):
                if says := line.rstrip():
                    self._remark(says)


def token_fetcher(command: str, say: Notify, *, closing: ExitStack, stop: Stop) -> FetchToken:
    """Fetches tokens with this command, and passes its remarks on, without what may be a secret in them.

    What is under way ends with ``stop``, and none outlives ``closing``. Raises ``BadOption``.
    """
    redactor = Redactor(secrets.token_bytes(32))
    one_at_a_time = threading.Lock()  # every consumer has a command of its own

    def remark(line: str) -> None:
        with one_at_a_time:
            blanked = redactor.text(line)
        say(f"token command: {without_opaque_words(blanked)}")

    asking = TokenCommandRunner(command, remark=remark)
    closing.callback(asking.close)
    stop.on_stop(asking.stop)

    def fetch(consumer: str) -> str:
        token = asking.fetch(consumer)
        with one_at_a_time:
            redactor.add_secret(token)
        return token

    return fetch


def _environment(consumer: str) -> dict[str, str]:
    """What a program needs to run and to reach the network; none of the secrets that are in ours."""
    passed = {name: value for name, value in os.environ.items() if _PASSED.fullmatch(name)}
    return {**passed, "RECORDER_CONSUMER": consumer}


def _program(name: str) -> str:
    """Where it stands. Raises ``BadOption`` if that is nowhere."""
    found = shutil.which(name)
    if found is None:
        reason = "Permission denied" if Path(name).is_file() else "No such file or directory"
        raise BadOption(OPTION, f"cannot run {name}: {reason}")
    return found


def _has_terminal() -> bool:
    """Whether a command could ask somebody."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _let_go(process: subprocess.Popen[str]) -> None:
    """It has ended, or does now. What it left running on purpose is left alone only if it ended by itself."""
    if process.poll() is None:
        _kill(process)
        process.wait()
    if process.stdin is not None:
        with suppress(OSError):  # nobody waits for our word
            process.stdin.write("\n")
            process.stdin.flush()
        with suppress(OSError):
            process.stdin.close()


def _kill(process: subprocess.Popen[str]) -> None:
    if process.returncode is not None:
        return
    with suppress(OSError):  # it has just ended
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _head(stdout: IO[str] | None) -> str:
    """What it prints, as far as it matters."""
    if stdout is None:
        return ""
    with stdout:
        return stdout.read(LONGEST + 1)


def _start_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name="token command", daemon=True)
    thread.start()
    return thread


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
