"""Start a browser with DevTools and a profile of its own, and end it again."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from recorder.clock import Clock, RealClock
from recorder.errors import BadOption, CannotConnect

PROGRAMS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge",
)  # fmt: skip
"""Looked for in this order."""

START_TIMEOUT_S = 30.0
END_TIMEOUT_S = 10.0
_LOOK_EVERY_S = 0.05
_PORT_FILE = "DevToolsActivePort"


@dataclass(frozen=True, kw_only=True, slots=True)
class BrowserOptions:
    """How a browser is started.

    Attributes:
        program: name or path; None: the first of ``PROGRAMS`` that is installed.
        arguments: given to it as they are, after ours.
        url: the page to open once somebody is attached, so that nothing of it is missed; with ``net_log``, at
            once. None: an empty one.
        net_log: the file it writes a NetLog to, with the bytes of all sockets; None for none.
    """

    program: str | None = None
    arguments: Sequence[str] = ()
    url: str | None = None
    net_log: Path | None = None


class LaunchedBrowser:
    """A browser that was started with a profile in a folder of its own, which goes with it.

    Attributes:
        address: the address of its DevTools, ``http://127.0.0.1:PORT``.
    """

    def __init__(self, process: subprocess.Popen[bytes], profile: tempfile.TemporaryDirectory[str]) -> None:
        self._process = process
        self._profile = profile
        self.address = ""

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def end(self, *, timeout_s: float = END_TIMEOUT_S) -> None:
        """End it and remove its profile; kill it if it takes longer. May be called again."""
        if self.is_running:
            self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with suppress(OSError):  # a helper process may still write into it
            self._profile.cleanup()


def launch_browser(options: BrowserOptions, *, clock: Clock | None = None) -> LaunchedBrowser:
    """Start it, and return once its DevTools listen.

    Raises:
        BadOption: there is no such program.
        CannotConnect: it ended, or did not listen in time.
    """
    clock = clock or RealClock()
    program = _program(options.program)
    profile = tempfile.TemporaryDirectory(prefix="recorder-browser-", ignore_cleanup_errors=True)
    try:
        process = subprocess.Popen(  # noqa: S603  # the browser that the user names
            [program, *_arguments(options, profile.name)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the recorder, which then ends the browser
        )
    except OSError as problem:
        profile.cleanup()
        raise BadOption("--browser", f"{program} cannot be started ({problem.strerror})") from None
    browser = LaunchedBrowser(process, profile)
    try:
        browser.address = _listening_address(browser, Path(profile.name) / _PORT_FILE, program, clock)
    except BaseException:
        browser.end()
        raise
    return browser


def _program(name: str | None) -> str:
    for each in PROGRAMS if name is None else (name,):
        if (found := shutil.which(each)) is not None:
            return found
    if name is not None:
        raise BadOption("--browser", f"there is no program {name}")
    raise BadOption(
        "--launch",
        f"none of these is installed: {', '.join(PROGRAMS)}",
        hint="name the program of a Chromium, Chrome or Edge with --browser",
    )


def _arguments(options: BrowserOptions, profile: str) -> list[str]:
    arguments = [
        "--remote-debugging-port=0",
        "--remote-debugging-address=127.0.0.1",
        f"--user-data-dir={profile}",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-component-update",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")  # it does not start as root otherwise
    if options.net_log is not None:
        arguments += [f"--log-net-log={options.net_log}", "--net-log-capture-mode=Everything"]
    page = options.url if options.net_log is not None else None
    return [*arguments, *options.arguments, page or "about:blank"]


def _listening_address(browser: LaunchedBrowser, port_file: Path, program: str, clock: Clock) -> str:
    until_s = clock.now_s() + START_TIMEOUT_S
    while clock.now_s() < until_s:
        with suppress(OSError, ValueError):
            port = int(port_file.read_text("ascii").split("\n")[0])
            return f"http://127.0.0.1:{port}"
        if not browser.is_running:
            raise CannotConnect(
                program, "it ended at once", hint="without a screen it needs --browser-option=--headless=new"
            )
        clock.sleep_until(clock.now_s() + _LOOK_EVERY_S)
    raise CannotConnect(program, f"its DevTools did not listen within {START_TIMEOUT_S:g} s")
