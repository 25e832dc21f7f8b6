"""Packets (pcapng, pcap), byte for byte, by way of Wireshark's ``tshark``; inside TLS with a key log.

tshark puts the TCP streams together, decrypts them with the keys in the file or in the log that
``SSLKEYLOGFILE`` names, and tells which of them were upgraded. What crossed them is decoded here.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import tempfile
from binascii import a2b_base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

from recorder.errors import BadCapture
from recorder.wire.frames import Side
from recorder.wire.records import Record

from .capture_file import CaptureFile
from .capture_format import CaptureFormat, Notify
from .upgraded_socket import SocketMoment, UpgradedSocket

_MAGIC = (b"\n\r\r\n", b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1")
_KEY_LOG = "SSLKEYLOGFILE"
_UPGRADED = "http.upgrade"
_TIMESTAMP = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?")


def _recognise(file: CaptureFile) -> bool:
    return file.beginning.startswith(_MAGIC)


def _read(file: CaptureFile, say: Notify) -> Iterator[Record]:
    program = shutil.which("tshark")
    if program is None:
        raise BadCapture(
            file.name,
            "it holds packets, which are read by way of tshark, and there is none here",
            hint="install Wireshark's tshark (apt-get install tshark, brew install wireshark)",
        )
    connections = itertools.count(1)
    with _path_of(file) as path:
        tshark = _Tshark(program, path, file.name)
        for stream in tshark.upgraded_streams():
            yield from _followed(tshark, stream, connections)
        tshark.raise_if_broken()


class _Stream(NamedTuple):
    """A TCP stream: its number for tshark, and whether TLS is in it."""

    number: str
    tls: bool


class _Chunk(NamedTuple):
    """Bytes of one packet or TLS record, and which end of the stream has sent them."""

    peer: str
    when: SocketMoment
    data: bytes


def _followed(tshark: _Tshark, stream: _Stream, connections: Iterator[int]) -> Iterator[Record]:
    socket: UpgradedSocket | None = None
    client = ""
    for chunk in tshark.follow(stream):
        if socket is None:
            if not chunk.data.startswith(b"GET "):
                continue
            client = chunk.peer
            socket = UpgradedSocket(connections, tls=stream.tls, provenance="pcap")
        sender = Side.CLIENT if chunk.peer == client else Side.SERVICE
        yield from socket.feed(sender, chunk.data, chunk.when)
    if socket is not None:
        yield from socket.unfinished()


class _Tshark:
    """Calls tshark with one file, and remembers what it found wrong with it."""

    def __init__(self, program: str, path: str, name: str) -> None:
        self._name = name
        self._command = [program, "-n", "-r", path]
        if keys := os.environ.get(_KEY_LOG):
            self._command += ["-o", f"tls.keylog_file:{keys}"]
        self._problem: str | None = None

    def upgraded_streams(self) -> list[_Stream]:
        """The streams over which an upgrade was asked for or answered."""
        fields = ("-T", "fields", "-e", "tcp.stream", "-e", "frame.protocols")
        found: dict[str, bool] = {}
        for line in self._lines("-Y", _UPGRADED, *fields):
            number, _, protocols = line.partition("\t")
            if number.isdigit():
                found[number] = ":tls" in protocols
        return [_Stream(number, tls) for number, tls in found.items()]

    def follow(self, stream: _Stream) -> Iterator[_Chunk]:
        """What crossed this stream, in order."""
        how = f"follow,{'tls' if stream.tls else 'tcp'},yaml,{stream.number}"
        peer, timestamp, encoded = "", "", list[str]()
        for line in self._lines("-q", "-z", how):
            if line.startswith("      "):
                encoded.append(line.strip())
                continue
            if encoded:
                yield _Chunk(peer, _moment(timestamp), a2b_base64("".join(encoded)))
                encoded.clear()
            key, _, value = line.strip().removeprefix("- ").partition(": ")
            if key == "peer":
                peer = value
            elif key == "timestamp":
                timestamp = value
        if encoded:
            yield _Chunk(peer, _moment(timestamp), a2b_base64("".join(encoded)))

    def raise_if_broken(self) -> None:
        """Raise ``BadCapture`` if tshark could not read the file to its end."""
        if self._problem is not None:
            raise BadCapture(self._name, f"tshark cannot read it to its end: {self._problem}")

    def _lines(self, *arguments: str) -> Iterator[str]:
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(  # noqa: S603  # a program that the user has installed
                [*self._command, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
            )
            output = process.stdout
            try:
                for line in output if output is not None else ():
                    yield line.decode("utf-8", "replace").rstrip("\n")
            finally:
                if output is not None:
                    output.close()
                if process.wait():
                    self._problem = self._problem or _last_words(said)


def _last_words(said: IO[bytes]) -> str:
    said.seek(0)
    words = [line.strip() for line in said.read().decode("utf-8", "replace").splitlines()]
    told = [line for line in words if line and not line.startswith("Running as user")]
    return told[-1] if told else "it does not say why"


def _moment(timestamp: str) -> SocketMoment:
    found = _TIMESTAMP.match(timestamp)
    if found is None:
        return SocketMoment(None, 0)
    # tshark reckons in floating point: of 8 ms it may say 7.999999.
    at_us = int(found[1]) * 1_000_000 + (int((found[2] or "").ljust(9, "0")) + 500) // 1_000
    return SocketMoment(at_us, at_us)


@contextmanager
def _path_of(file: CaptureFile) -> Iterator[str]:
    """Where the packets are; what came by a pipe or packed is written to a temporary file."""
    if file.path is not None:
        yield str(file.path.absolute())
        return
    with tempfile.NamedTemporaryFile() as copy:
        shutil.copyfileobj(file.open(), copy)
        copy.flush()
        yield copy.name


PACKETS = CaptureFormat(
    name="pcap",
    title="packets: pcapng or pcap, read by way of tshark if that is installed",
    source="pcap",
    made_by="tshark -i any -w FILE; for wss: a key log, named by SSLKEYLOGFILE for browser and import",
    lacks="nothing of the bytes; TLS without its keys",
    recognise=_recognise,
    read=_read,
)
