"""Captures that hold no WebSocket payloads, or none that anybody has described: what to do instead."""

from __future__ import annotations

import re

from .capture_file import CaptureFile
from .capture_format import UnusableFormat

_HAR_CREATOR = re.compile(rb'"creator"\s*:\s*\{[^{}]*"name"\s*:\s*"([^"]{1,80})"')
_INSTEAD = "record it in Chromium, Chrome or Edge: by recorder attach, or as their HAR or NetLog"


def _har_of(*creators: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?:" + b"|".join(creators) + rb")\b", re.IGNORECASE)


_FIREFOX = _har_of(b"firefox")
_SAFARI = _har_of(b"webkit web inspector", b"safari")


def _is_har_by(creators: re.Pattern[bytes], file: CaptureFile) -> bool:
    found = _HAR_CREATOR.search(file.beginning)
    return found is not None and creators.match(found[1]) is not None


def _is_firefox_har(file: CaptureFile) -> bool:
    return _is_har_by(_FIREFOX, file)


def _is_safari_har(file: CaptureFile) -> bool:
    return _is_har_by(_SAFARI, file)


def _is_charles_session(file: CaptureFile) -> bool:
    # .chls is a serialised Java object; .chlz a zip of them; .chlsj and .xml are its JSON and XML.
    java = file.beginning.startswith(b"\xac\xed\x00\x05") and b"com.xk72.charles" in file.beginning
    zipped = any(re.fullmatch(r"\d+-meta\.json|\d+-(req|res)\.\w+", name) for name in file.members)
    return java or zipped or (file.beginning.startswith(b"<?xml") and b"charles-session" in file.beginning)


def _is_fiddler_session(file: CaptureFile) -> bool:
    return any(re.fullmatch(r"raw/\d+_[cms]\.(txt|xml)", name) for name in file.members)


UNUSABLE: tuple[UnusableFormat, ...] = (
    UnusableFormat(
        title="HAR of Firefox",
        recognise=_is_firefox_har,
        problem="it is a HAR of Firefox, which writes the handshake of a WebSocket but none of its messages",
        hint=_INSTEAD,
    ),
    UnusableFormat(
        title="HAR of Safari",
        recognise=_is_safari_har,
        problem="it is a HAR of Safari, which writes the handshake of a WebSocket but none of its messages",
        hint=_INSTEAD,
    ),
    UnusableFormat(
        title="Charles session (.chls, .chlz)",
        recognise=_is_charles_session,
        problem="it is a session of Charles, whose file format is not published",
        hint=f"put recorder proxy in its place, or {_INSTEAD}",
    ),
    UnusableFormat(
        title="Fiddler session (.saz)",
        recognise=_is_fiddler_session,
        problem="it is a session archive of Fiddler, which is not read",
        hint=f"put recorder proxy in its place, or {_INSTEAD}",
    ),
)
"""Formats that are recognised and refused."""
