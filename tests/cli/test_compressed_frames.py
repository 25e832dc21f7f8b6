"""What came compressed is told by the commands that show it."""

from __future__ import annotations

import base64
import json
import zlib


def test_compressed_frames_are_inflated_and_what_cannot_be_is_said(run, tmp_path):
    """In the import and by ``session show``; ``frame show`` tells how each came."""
    compressor = zlib.compressobj(wbits=-15)
    wires = [compressor.compress(b"hello " * 9) + compressor.flush(zlib.Z_SYNC_FLUSH)[:-4] for _ in range(2)]
    lines = [
        {"sender": "service", "opcode": 1, "rsv": 4, "data": base64.b64encode(wire).decode()}
        for wire in (wires[0], b"\xff\x00")
    ]
    file = tmp_path / "compressed.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    imported = run("import", str(file))
    assert "1 compressed frame could not be inflated" in imported.stderr
    assert "2 came compressed, 1 of them without payload" in run("session", "show", "last").stdout
    shown = json.loads(run("frame", "show", "last", "1", "--json").stdout)
    assert (shown["text"], shown["wire_length"], shown["withheld"]) == ("hello " * 9, len(wires[0]), None)
    assert "left out:" in run("frame", "show", "last", "2").stdout
