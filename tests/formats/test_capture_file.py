"""A capture is read from wherever it is, packed or not, and never further than it may be."""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
import zipfile
from pathlib import Path

import pytest

from recorder.errors import BadCapture
from recorder.formats import capture_file
from recorder.formats.capture_file import opened

TEXT = b'{"a": 1}\n' * 2_000


def packed(folder, how):
    path = folder / "any.name"
    if how == "plain":
        path.write_bytes(TEXT)
    elif how == "gzip":
        path.write_bytes(gzip.compress(TEXT))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
            whole.writestr("capture", TEXT)
    return path


@pytest.mark.parametrize("how", ["plain", "gzip", "zip"])
def test_what_is_packed_reads_like_what_is_not(tmp_path, how):
    with opened(packed(tmp_path, how)) as file:
        assert file.digest() == hashlib.sha256(TEXT).hexdigest()
        assert file.beginning == TEXT[: capture_file.BEGINNING]
        assert file.open().read() == TEXT
        assert file.open().read() == TEXT
        position = file.position()
        assert position.read == position.size


def test_a_pipe_is_read_to_its_end_first(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writing = threading.Thread(target=path.write_bytes, args=(TEXT,))
    writing.start()
    with opened(path) as file:
        assert (file.beginning[:8], file.open().read()) == (TEXT[:8], TEXT)
    writing.join()


def test_a_byte_order_mark_is_no_content(tmp_path):
    path = tmp_path / "marked"
    path.write_bytes(b"\xef\xbb\xbf{}")
    with opened(path) as file:
        assert file.beginning == b"{}"


@pytest.mark.parametrize("name", ["..", ".", "sub/other", "../other", "", "a\0b"])
def test_only_a_file_in_the_same_folder_is_a_neighbour(tmp_path, name):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "other").write_bytes(b"no")
    (tmp_path / "other").write_bytes(b"yes")
    with opened(packed(tmp_path / "sub", "plain")) as file, file.open_external(name) as found:
        assert found is None


def test_a_neighbour_is_read_while_the_file_is(tmp_path):
    path = tmp_path / "both.zip"
    with zipfile.ZipFile(path, "w") as whole:
        whole.writestr("har.har", TEXT)
        whole.writestr("messages.jsonl", b"beside")
    (tmp_path / "loose").write_bytes(b"beside")
    with opened(path) as file, file.open_external("messages.jsonl") as found:
        assert file.open().read(5) == TEXT[:5]
        assert found.read() == b"beside"
    with opened(packed(tmp_path, "plain")) as file, file.open_external("loose") as found:
        assert found.read() == b"beside"


def test_what_is_broken_is_said(tmp_path):
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(os.urandom(5_000))[:-2_000])
    with opened(cut) as file, pytest.raises(BadCapture, match="compression is broken after"):
        file.digest()
    whole = packed(tmp_path, "zip").read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    with opened(cut) as file, pytest.raises(BadCapture, match="zip file is damaged"):
        file.open()
    broken = bytearray(whole)
    broken[60:70] = b"\xff" * 10
    cut.write_bytes(broken)
    with opened(cut) as file, pytest.raises(BadCapture, match="capture: its compression is broken after"):
        file.digest()


def test_a_bomb_stops(tmp_path, monkeypatch):
    monkeypatch.setattr(capture_file, "_INFLATED_LIMIT", 1_000_000)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"\0" * 8_000_000))
    with opened(path) as file, pytest.raises(BadCapture, match="unpacks to more than"):
        file.digest()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
        whole.writestr("bomb", b"\0" * 8_000_000)
    with opened(path) as file, pytest.raises(BadCapture, match="unpacks to more than"):
        file.digest()


def test_what_is_no_file_is_said(tmp_path):
    with pytest.raises(BadCapture, match="it is a directory"), opened(tmp_path):
        pass
    with pytest.raises(BadCapture, match="no regular file"), opened(Path("/dev/null")):
        pass
    with pytest.raises(BadCapture, match="no such file") as raised, opened(tmp_path / "x", hint="try y"):
        pass
    assert raised.value.hint == "try y"


def test_a_bundle_is_read_as_the_session_in_it(tmp_path):
    """By both of its files: a zip file that only happens to hold one of the name is read as a whole."""
    names = {"session.jsonl": "the session", "versions.json": "{}", "archive.db": "x", "report.har": "y"}
    for left_out, read in ((None, b"the session"), ("versions.json", b"y")):
        file = tmp_path / f"{left_out}.zip"
        with zipfile.ZipFile(file, "w") as packed:
            for name, content in names.items():
                if name != left_out:
                    packed.writestr(name, content)
        with opened(file) as capture:
            assert capture.open().read() == read


FINDERS_OWN = ("__MACOSX/", "__MACOSX/._a.har", ".DS_Store", "sub/.DS_Store", "._a.har")


@pytest.mark.parametrize(
    ("names", "read", "others"),
    [
        (("a.har", *FINDERS_OWN), b"a.har", ()),
        (("a.netlog", *FINDERS_OWN), b"a.netlog", ()),
        (
            ("a.har", "b.netlog", "screen.png", "x/desktop.ini"),
            b"a.har",
            ("b.netlog", "screen.png"),
        ),
        (("session.jsonl", "versions.json", "report.html"), b"session.jsonl", ()),
    ],
)
def test_what_the_system_adds_to_a_zip_file_is_not_looked_at(tmp_path, names, read, others):
    file = tmp_path / "some.zip"
    with zipfile.ZipFile(file, "w") as packed:
        for name in names:
            packed.writestr(name, name)
    with opened(file) as capture:
        assert (capture.open().read(), capture.others) == (read, others)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused(tmp_path):
    """Programs differ in which of the two they read."""
    file = tmp_path / "twice.zip"
    with zipfile.ZipFile(file, "w") as packed:
        for name in ("session.jsonl", "session.jsonl", "versions.json"):
            packed.writestr(name, TEXT)
    with (
        opened(file) as capture,
        pytest.raises(BadCapture, match=r"session.jsonl is in the zip file 2 times"),
    ):
        capture.open()
