"""Hand a file over to the service: one HTTP PUT to an address that was given, and nowhere else."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from urllib.parse import urlsplit

from recorder.errors import BadOption

from .transport import tls_context

TIMEOUT_S = 30.0
_TARGET = re.compile(r"/(?!/)[\x21-\x7e]*")


class NotTaken(Exception):
    """The file is not there now; says why in one sentence."""


def put_file(
    base_url: str, target: str, data: bytes, *, content_type: str, ca_file: str | None = None
) -> None:
    """Upload ``data`` to the path ``target`` (with its query) at the scheme, host and port of ``base_url``.

    No redirect is followed: what a service answers can name no other host. Each step of it may take
    ``TIMEOUT_S``.

    Raises:
        NotTaken: the service is not there, or does not want it.
    """
    if not _TARGET.fullmatch(target):
        raise NotTaken("the service gave a path that no request can carry")
    place = urlsplit(base_url)
    try:
        connection = _connection(base_url, ca_file)
        try:
            connection.request("PUT", target, body=data, headers={"Content-Type": content_type})
            status = connection.getresponse().status
        finally:
            connection.close()
    except TimeoutError:
        raise NotTaken(f"{place.netloc} did not answer within {TIMEOUT_S:g} s") from None
    except socket.gaierror:
        raise NotTaken(f"the name of {place.netloc} cannot be resolved") from None
    except ssl.SSLError:
        raise NotTaken(f"{place.netloc} cannot be trusted, or does not speak TLS") from None
    except (OSError, http.client.HTTPException) as problem:
        says = problem.strerror if isinstance(problem, OSError) and problem.strerror else "it broke off"
        raise NotTaken(f"{place.netloc} did not take it ({says.lower()})") from None
    if not 200 <= status < 300:
        raise NotTaken(f"{place.netloc} answered {status}")


def check_upload_url(url: str) -> None:
    """Return if files can be handed over there. Raises ``BadOption``."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in url or re.search(r"[^\x21-\x7e]", url):
        raise BadOption("upload_url", "it must be an address like https://host, without user or password")


def _connection(base_url: str, ca_file: str | None) -> http.client.HTTPConnection:
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = tls_context(ca_file)
        return http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT_S, context=context)
    return http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
