"""Which DevTools commands make a browser tell of every socket of every target. Pure: no socket, no clock.

Attaching is flat: each target has a session id of its own on the one connection. A new target waits until
``Runtime.runIfWaitingForDebugger``, so that no socket is opened before ``Network.enable`` was taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

_AUTO_ATTACH: Mapping[str, object] = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
# Bodies of responses are never asked for: the browser need not hold them.
_NETWORK: Mapping[str, object] = {"maxTotalBufferSize": 1 << 20, "maxResourceBufferSize": 1 << 16}

BROKE_DOWN = "the page or worker that held it broke down"
GONE = "the page or worker that held it was closed"


class DevToolsCommand(NamedTuple):
    """One command, for the target with this session id, or for the browser itself: None."""

    method: str
    params: Mapping[str, object]
    session: str | None = None


class TargetEvent(NamedTuple):
    """One event of one target: its session id, and method and parameters as in the protocol."""

    session: str
    method: str
    params: Mapping[str, object]


class TargetGone(NamedTuple):
    """A target is no longer attached; ``detail`` says why, in a phrase."""

    session: str
    detail: str


FIRST_COMMAND = DevToolsCommand("Target.setAutoAttach", _AUTO_ATTACH)


def _with_scheme(url: str) -> str:
    """The address as a browser takes it from a person: without a scheme it is a site."""
    return url if "://" in url or url.startswith(("about:", "data:")) else f"https://{url}"


class AttachedTargets:
    """Keeps the targets of one browser, by what it tells."""

    def __init__(self) -> None:
        self._sessions: dict[str, None] = {}  # in the order in which they were attached
        self._pages: list[str] = []

    def feed(
        self, message: Mapping[str, object]
    ) -> tuple[list[DevToolsCommand], TargetEvent | TargetGone | None]:
        """Take a message of the browser; return the commands to send, and what it tells. Never raises."""
        method, params = message.get("method"), message.get("params")
        if not isinstance(method, str) or not isinstance(params, dict):
            return [], None
        if method == "Target.attachedToTarget":
            return self._attached(params), None
        session = message.get("sessionId")
        if method == "Target.detachedFromTarget":
            return [], self._detached(params.get("sessionId"), GONE)
        if not isinstance(session, str):
            return [], None
        if method == "Inspector.targetCrashed":
            return [], TargetGone(session, BROKE_DOWN)
        return [], TargetEvent(session, method, params)

    def open_page(self, url: str) -> list[DevToolsCommand]:
        """The command that opens ``url`` in the page that was attached to first; [] without a page."""
        return [
            DevToolsCommand("Page.navigate", {"url": _with_scheme(url)}, page) for page in self._pages[:1]
        ]

    def last_commands(self) -> list[DevToolsCommand]:
        """A command for each target that changes nothing: what a target did is told before its answer."""
        return [DevToolsCommand("Runtime.runIfWaitingForDebugger", {}, session) for session in self._sessions]

    def _attached(self, params: Mapping[str, object]) -> list[DevToolsCommand]:
        session, info = params.get("sessionId"), params.get("targetInfo")
        if not isinstance(session, str) or not isinstance(info, dict):
            return []
        if info.get("type") == "page":
            self._pages.append(session)
        self._sessions[session] = None
        return [
            DevToolsCommand("Network.enable", _NETWORK, session),
            DevToolsCommand("Target.setAutoAttach", _AUTO_ATTACH, session),
            DevToolsCommand("Runtime.runIfWaitingForDebugger", {}, session),
        ]

    def _detached(self, session: object, detail: str) -> TargetGone | None:
        if not isinstance(session, str) or session not in self._sessions:
            return None
        del self._sessions[session]
        return TargetGone(session, detail)
