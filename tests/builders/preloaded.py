"""``recorder`` as a process of its own, without the half second in which a new interpreter imports it.

One process per pytest worker imports the package once. Each ``Preloaded`` process is a fork of it that runs
``python -m recorder`` from there on: its own descriptors, environment, folder, signals and exit.
The tree of commands is there as well, and at the end the interpreter is not taken apart object by object:
both cost more than most commands.
What is about starting itself (imports, encodings, `-c` programs, resource limits) starts an interpreter.
"""

from __future__ import annotations

import array
import atexit
import ctypes
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import recorder

_PR_SET_CHILD_SUBREAPER = 36  # Linux: orphans below this process become its children
_prctl = ctypes.CDLL(None, use_errno=True).prctl
_lock = threading.Lock()


class Preloaded(subprocess.Popen):  # type: ignore[type-arg]
    """A ``subprocess.Popen`` of ``recorder ARGUMENTS``."""

    def __init__(self, arguments: list[str], *, start_new_session: bool = False, **how: Any) -> None:
        self._in_a_session = start_new_session
        super().__init__(arguments, **how)

    def _execute_child(self, args: Any, executable: Any, preexec_fn: Any, *more: Any) -> None:
        """Let the preloaded process fork where ``subprocess`` would fork and execute."""
        _, _, cwd, env, _, _, _, stdin, to_stdin, from_stdout, stdout, from_stderr, stderr = more[:13]
        request = {
            "arguments": [os.fspath(each) for each in args],
            "cwd": os.fspath(cwd or Path.cwd()),
            "environment": dict(os.environ if env is None else env),
            "new_session": self._in_a_session,
        }
        descriptors = [
            ours if theirs == -1 else theirs for ours, theirs in enumerate((stdin, stdout, stderr))
        ]
        self.pid = _server().fork(request, descriptors)
        self._child_created = True
        self._close_pipe_fds(stdin, to_stdin, from_stdout, stdout, from_stderr, stderr)  # type: ignore[attr-defined]


def run(*arguments: str, timeout: float = 60, **how: Any) -> subprocess.CompletedProcess[str]:
    """``recorder ARGUMENTS`` to its end: like ``subprocess.run`` with text captured."""
    usual = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with Preloaded(list(arguments), **{**usual, **how}) as process:
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        finally:
            process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def shell(line: str, *, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A command line as somebody types it, by the shell only where it asks for what a shell does."""
    words = shlex.split(line)
    if words[0] == "recorder" and not re.search(r"[$`|&;<>()*?~#=]", line):
        return run(*words[1:], cwd=cwd, env=env)
    command = ["sh", "-c", line]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


@cache
def _server() -> _Server:
    return _Server()


class _Server:
    """Our end of the preloaded process. It ends when this end is closed, as when the tests end."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            os.set_inheritable(theirs.fileno(), True)
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                env={**os.environ, "PYTHONPATH": str(Path(recorder.__file__).parents[1])},
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for pytest
            )
        atexit.register(self._end)

    def _end(self) -> None:
        self._socket.close()
        self._process.wait()

    def fork(self, request: dict[str, Any], descriptors: list[int]) -> int:
        """The id of a new child of this process."""
        with _lock:
            _prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
            try:
                self._socket.sendmsg(
                    [json.dumps(request).encode()],
                    [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))],
                )
                return int(self._socket.recv(32))
            finally:
                _prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


# --- the preloaded process ----------------------------------------------------------------------------------


def _serve(connection: socket.socket) -> dict[str, Any] | None:
    """Fork for each request; return it in the fork, and None in the end."""
    while True:
        text, rights, _, _ = connection.recvmsg(1 << 20, 64)
        if not text:
            return None
        descriptors = array.array("i", rights[0][2])
        pid_comes, pid_goes = os.pipe()
        between = os.fork()
        if between == 0:
            # The fork of a fork whose parent ends at once is adopted by the worker, which can wait for it.
            child = os.fork()
            if child:
                os.write(pid_goes, b"%d" % child)
                os._exit(0)
            connection.close()
            os.close(pid_comes)
            os.close(pid_goes)
            request = json.loads(text)
            _become(request, descriptors)
            return request  # type: ignore[no-any-return]
        os.close(pid_goes)
        os.waitpid(between, 0)
        connection.send(os.read(pid_comes, 32))
        os.close(pid_comes)
        for descriptor in descriptors:
            os.close(descriptor)


def _become(request: dict[str, Any], descriptors: array.array[int]) -> None:
    """Take on what a process is started with."""
    if request["new_session"]:
        os.setsid()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    for descriptor in descriptors:
        os.close(descriptor)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    lines_or_blocks = 1 if os.isatty(1) else -1
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False, buffering=lines_or_blocks)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, buffering=1, errors="backslashreplace")
    sys.argv = ["recorder", *request["arguments"]]


def _import_all() -> None:
    import importlib
    import pkgutil

    importlib.import_module("prompt_toolkit.widgets")  # of `record` on a terminal
    package = Path(recorder.__file__).parent
    for module in pkgutil.walk_packages([str(package)], "recorder."):
        if not module.name.startswith(("recorder.__main__", "recorder.contrib", "recorder.testing")):
            importlib.import_module(module.name)


def _prepare_commands() -> None:
    """Read the signatures of all commands once."""
    import typer.main

    from recorder.cli.app import app

    typer.main.get_command = cache(typer.main.get_command)
    list(typer.main.get_command(app).commands.items())


def _run_recorder() -> NoReturn:
    """``python -m recorder``, and what an interpreter does at its end but for freeing its memory."""
    import runpy

    code = 0
    try:
        runpy.run_module("recorder", run_name="__main__", alter_sys=True)
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        if isinstance(ending.code, str):
            sys.stderr.write(f"{ending.code}\n")
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except ValueError:
            continue  # closed
        except OSError:
            code = code or 120  # as Python ends when its output cannot be flushed
    os._exit(code)


if __name__ == "__main__":
    _import_all()
    _prepare_commands()
    import gc

    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        if _serve(requests) is not None:
            _run_recorder()
