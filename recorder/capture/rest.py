"""Ask a REST address one question, and read its answer: bounded in time and size, and never elsewhere.

A redirect is not followed: what is sent may be a secret, and belongs to one place. Nothing that was sent
or that came back stands in the text of an error, but the status and one sentence the service says of it.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import h11
import orjson

from recorder.clock import Clock
from recorder.errors import BadOption, CannotConnect

from .transport import reach

TIMEOUT_S = 15.0
"""For one question and all of its answer."""
LARGEST_ANSWER = 1024 * 1024
LONGEST_REMARK = 200
MOST_INTERIM = 16

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class RestAddress:
    """A scheme, a host and a port. Plain ``http`` is for this machine only.

    Attributes:
        netloc: host and port as they go into ``Host``.
        ca_file: PEM file of certificates trusted besides the system's.
    """

    secure: bool
    netloc: str
    ca_file: Path | None = None
    connect_timeout_s: float = TIMEOUT_S

    @property
    def host(self) -> str:
        """The host, without brackets around an IPv6 address."""
        return urlsplit(f"//{self.netloc}").hostname or ""

    @property
    def port(self) -> int:
        """The port, given or usual."""
        return urlsplit(f"//{self.netloc}").port or _PORTS[self._scheme]

    @property
    def place(self) -> str:
        """Scheme, host and port."""
        return f"{self._scheme}://{self.netloc}"

    @property
    def _scheme(self) -> str:
        return "https" if self.secure else "http"

    def elsewhere(self, netloc: str) -> RestAddress | None:
        """Another host, reached in the same way; None if it is no host, or no place for that."""
        if not _is_netloc(netloc) or not (self.secure or _is_here(netloc)):
            return None
        return RestAddress(secure=self.secure, netloc=netloc, ca_file=self.ca_file)


def rest_address(url: str, *, ca_file: Path | None = None) -> RestAddress:
    """Read an address as people type it, like ``https://api.liveperson.net``.

    Raises:
        BadOption: it is none, has more than a host and a port, or would be asked in clear text.
    """
    scheme, _, netloc = url.partition("://")
    netloc = netloc.removesuffix("/")
    if scheme not in _PORTS or not _is_netloc(netloc):
        raise BadOption(
            "--base", "it must be https:// and a host, and nothing more", hint="https://api.liveperson.net"
        )
    if scheme == "http" and not _is_here(netloc):
        raise BadOption(
            "--base",
            "a token does not travel in clear text: http:// is for this machine only",
            hint=f"https://{netloc}",
        )
    return RestAddress(secure=scheme == "https", netloc=netloc, ca_file=ca_file)


def ask(
    address: RestAddress,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
    *,
    clock: Clock,
    timeout_s: float = TIMEOUT_S,
) -> Mapping[str, object]:
    """Ask, and return the JSON object that answers.

    Args:
        path: with its query, escaped; ``body`` goes out as JSON.
        timeout_s: for all of it, but the connecting, which has as much again.

    Raises:
        CannotConnect: nobody there, too slow, or answered by another status than 200 or 201, or by
            something that is no JSON object.
        BadOption: the CA file cannot be used.
    """
    sock = reach(address, clock=clock)
    try:
        asking = Exchange(address, sock, clock=clock, until_s=clock.now_s() + timeout_s)
        written = None if body is None else orjson.dumps(body)
        status, data = asking.exchange(method, path, written, content_type="application/json")
    finally:
        sock.close()
    told = _object_in(data)
    if status not in (200, 201):
        raise CannotConnect(address.place, _refused(method, path, status, told), hint=_HINTS.get(status))
    if told is None:
        raise CannotConnect(address.place, f"{_named(method, path)} was answered with no JSON object")
    return told


class Exchange:
    """One question and its answer over a connected socket, all of it over by ``until_s``."""

    def __init__(self, address: RestAddress, sock: socket.socket, *, clock: Clock, until_s: float) -> None:
        self._address = address
        self._sock = sock
        self._clock = clock
        self._until_s = until_s
        self._http = h11.Connection(h11.CLIENT)
        self._begins = b""

    def exchange(self, method: str, path: str, body: bytes | None, *, content_type: str) -> tuple[int, bytes]:
        """Status and body of the answer. Raises ``CannotConnect``."""
        try:
            self._send(method, path, body, content_type)
            return self._receive()
        except TimeoutError:
            problem = "it did not answer in time"
        except OSError:
            problem = "it broke off the connection"
        except h11.RemoteProtocolError:
            ended = self._http.trailing_data[1] and b"HTTP/".startswith(self._begins)
            problem = "it broke off the connection" if ended else "it does not answer with HTTP"
        raise CannotConnect(self._address.place, problem)

    def _send(self, method: str, path: str, body: bytes | None, content_type: str) -> None:
        headers = [("Host", self._address.netloc), ("Accept", "application/json"), ("Connection", "close")]
        if body is not None:
            headers += [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        elif method == "POST":
            headers.append(("Content-Length", "0"))
        data = self._http.send(h11.Request(method=method, target=path, headers=headers)) or b""
        data += self._http.send(h11.Data(data=body or b"")) or b"" if body else b""
        self._http.send(h11.EndOfMessage())
        self._sock.settimeout(self._left_s())
        self._sock.sendall(data)

    def _receive(self) -> tuple[int, bytes]:
        status, body, interim = 0, bytearray(), 0
        while interim <= MOST_INTERIM:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._sock.settimeout(self._left_s())
                data = self._sock.recv(65_536)
                self._begins = (self._begins + data)[:5]
                self._http.receive_data(data)
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return status, bytes(body)
            elif isinstance(event, h11.InformationalResponse):
                interim += 1
            else:
                raise ConnectionResetError
            if len(body) > LARGEST_ANSWER:
                raise CannotConnect(self._address.place, f"its answer is longer than {LARGEST_ANSWER} bytes")
        raise CannotConnect(self._address.place, "it says again and again that the answer is to come")

    def _left_s(self) -> float:
        left_s = self._until_s - self._clock.now_s()
        if left_s <= 0:
            raise TimeoutError
        return left_s


_HINTS = {
    301: "it is elsewhere now; give that address with --base",
    302: "it is elsewhere now; give that address with --base",
    307: "it is elsewhere now; give that address with --base",
    308: "it is elsewhere now; give that address with --base",
    401: "is the token or code for this account, and fresh?",
    403: "may this account log in like that?",
    404: "is the account right, and is it set up for this?",
    429: "too many requests: wait a second or more",
}


def _refused(method: str, path: str, status: int, told: Mapping[str, object] | None) -> str:
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
    remark = _remark(told)
    return (
        f"{_named(method, path)} was answered {f'{status} {phrase}'.strip()}{f': {remark}' if remark else ''}"
    )


def _named(method: str, path: str) -> str:
    return f"{method} {path.partition('?')[0]}"


def _remark(told: Mapping[str, object] | None) -> str:
    """What the service says of it, if it says so in a way that is usual."""
    for name in ("message", "error_description", "error"):
        value = (told or {}).get(name)
        if isinstance(value, str) and value:
            shown = "".join(char if char.isprintable() else " " for char in value[: LONGEST_REMARK + 1])
            # Cut between words: half a secret would not be recognised as one by whoever blanks them.
            return shown if len(value) <= LONGEST_REMARK else f"{shown.rpartition(' ')[0]} …".lstrip()
    return ""


def _object_in(data: bytes) -> Mapping[str, object] | None:
    try:
        told = orjson.loads(data)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _is_netloc(netloc: str) -> bool:
    try:
        return bool(_HOST.fullmatch(netloc)) and urlsplit(f"//{netloc}").port != 0
    except ValueError:  # a port above 65535, or brackets around what is no address
        return False


def _is_here(netloc: str) -> bool:
    host = urlsplit(f"//{netloc}").hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
