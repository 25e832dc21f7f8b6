"""Packets of TCP streams as a capture has them, and TLS between two ends in memory, with its key log."""

from __future__ import annotations

import ssl
import struct
from pathlib import Path

import trustme

from recorder.wire.frames import Side

START_S = 1_769_860_800
_ETHERNET = bytes(12) + b"\x08\x00"
_MOST = 1_200
_SYN, _SYN_ACK, _ACK, _PSH_ACK = 0x02, 0x12, 0x10, 0x18

Sent = tuple[Side, bytes]


def pcap(*streams: list[Sent], port: int = 80) -> bytes:
    """A capture in which these TCP streams follow each other; a packet a millisecond."""
    packets: list[bytes] = []
    for number, stream in enumerate(streams):
        packets += _stream(stream, client=40_000 + number, service=port)
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)
    records = (
        struct.pack("<IIII", START_S + place // 1_000, place % 1_000 * 1_000, len(each), len(each)) + each
        for place, each in enumerate(packets)
    )
    return header + b"".join(records)


def _stream(stream: list[Sent], *, client: int, service: int) -> list[bytes]:
    ports = {Side.CLIENT: (client, service), Side.SERVICE: (service, client)}
    sequence = {Side.CLIENT: 1_001, Side.SERVICE: 5_001}
    packets = [
        _packet(ports[Side.CLIENT], 1_000, 0, _SYN),
        _packet(ports[Side.SERVICE], 5_000, 1_001, _SYN_ACK),
        _packet(ports[Side.CLIENT], 1_001, 5_001, _ACK),
    ]
    for sender, data in stream:
        other = Side.SERVICE if sender is Side.CLIENT else Side.CLIENT
        for at in range(0, len(data), _MOST):
            piece = data[at : at + _MOST]
            packets.append(_packet(ports[sender], sequence[sender], sequence[other], _PSH_ACK, piece))
            sequence[sender] += len(piece)
    return packets


def _packet(ports: tuple[int, int], sequence: int, acknowledged: int, flags: int, data: bytes = b"") -> bytes:
    tcp = struct.pack(">HHIIBBHHH", *ports, sequence, acknowledged, 5 << 4, flags, 65_535, 0, 0) + data
    addresses = (
        b"\x0a\x00\x00\x01\x0a\x00\x00\x02" if ports[0] >= 40_000 else b"\x0a\x00\x00\x02\x0a\x00\x00\x01"
    )
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + addresses
    return _ETHERNET + ip + tcp


def in_tls(stream: list[Sent], key_log: Path) -> list[Sent]:
    """The same stream as it crosses the wire in TLS; its keys are added to the log."""
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.keylog_filename = str(key_log)
    authority.configure_trust(ours)
    authority.issue_cert("localhost").configure_cert(theirs)
    wires = {Side.CLIENT: ssl.MemoryBIO(), Side.SERVICE: ssl.MemoryBIO()}  # what each side has sent
    client = ours.wrap_bio(wires[Side.SERVICE], wires[Side.CLIENT], server_hostname="localhost")
    service = theirs.wrap_bio(wires[Side.CLIENT], wires[Side.SERVICE], server_side=True)
    ends = {Side.CLIENT: client, Side.SERVICE: service}
    crossed: list[Sent] = []

    def flush(sender: Side, receiver: ssl.SSLObject) -> None:
        data = wires[sender].read()
        if data:
            crossed.append((sender, data))
            wires[sender].write(data)
            _take(receiver)

    def _take(receiver: ssl.SSLObject) -> None:
        try:
            receiver.read(1 << 20) if receiver.version() and done[receiver] else receiver.do_handshake()
        except ssl.SSLWantReadError:
            return
        done[receiver] = True

    done = {client: False, service: False}
    for _ in range(4):
        if not done[client]:
            _take(client)
        flush(Side.CLIENT, service)
        flush(Side.SERVICE, client)
    for sender, data in stream:
        ends[sender].write(data)
        flush(sender, ends[Side.SERVICE if sender is Side.CLIENT else Side.CLIENT])
    return crossed
