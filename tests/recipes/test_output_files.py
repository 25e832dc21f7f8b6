"""A file is there whole or not at all."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from recorder.errors import BadOption, OutputFailed
from recorder.recipes import output_files
from recorder.recipes.output_files import replacing, save


def test_the_new_file_replaces_the_old_one_with_mode_0600(tmp_path):
    file = tmp_path / "out.xml"
    file.write_text("old")
    file.chmod(0o644)
    with replacing(file) as stream:
        stream.write(b"new")
        assert file.read_text() == "old"
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_failure_leaves_the_old_one_and_nothing_else(tmp_path):
    file = tmp_path / "out.xml"
    file.write_text("old")
    with pytest.raises(TypeError), replacing(file) as stream:
        stream.writelines([b"half", None])
    assert [path.name for path in tmp_path.iterdir()] == ["out.xml"]
    assert file.read_text() == "old"


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="No such file"), replacing(tmp_path / "nowhere" / "out.xml"):
        pass


def test_a_pipe_is_written_to_and_stays_one(tmp_path):
    """Nothing may take the place of /dev/stdout, and root could make it so."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with replacing(pipe) as stream:
        stream.write(b"new")
    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


# --- what people asked for ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "write", [output_files.save, lambda text, file: output_files.save_lines([text.encode()], file)]
)
def test_a_full_disk_is_no_matter_of_the_file_that_was_named(write):
    with pytest.raises(OutputFailed, match="cannot write /dev/full: the disk is full") as caught:
        write("x", Path("/dev/full"))
    assert caught.value.exit_code == 6


def test_a_file_that_may_not_grow_leaves_the_old_one(tmp_path):
    """As on a full disk, or with a quota: half a report takes nobody's place."""
    file = tmp_path / "out.xml"
    file.write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(OutputFailed, match="larger than a file may be"):
            output_files.save("x" * 10_000, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out.xml"]


def test_a_path_that_cannot_be_written_is_a_bad_option(tmp_path):
    (tmp_path / "file").touch()
    for place in (tmp_path / "nowhere" / "x", tmp_path / "file" / "x", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(BadOption, match="--junit: cannot write"):
            output_files.save("x", place, option="--junit")


@pytest.mark.parametrize(
    "look", [output_files.check_place, lambda option, file: output_files.save("x", file, option=option)]
)
def test_an_archive_is_never_overwritten(tmp_path, look):
    """``check last -o recorder.db``, where ``--archive recorder.db`` was meant."""
    archive = tmp_path / "recorder.db"
    with closing(sqlite3.connect(archive)) as database:
        database.execute("CREATE TABLE t (c)")
    before = archive.read_bytes()
    with pytest.raises(BadOption, match=r"-o: .*recorder\.db is a database"):
        look("-o", archive)
    assert archive.read_bytes() == before


def test_a_long_name_is_a_name(tmp_path):
    file = tmp_path / ("ä" * 120)
    output_files.save("x", file)
    assert file.read_text() == "x"


def test_half_a_surrogate_pair_is_written_as_an_escape(tmp_path):
    output_files.save("\ud83d", tmp_path / "x")
    assert (tmp_path / "x").read_text() == "\\ud83d"


def test_of_a_link_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "real.html").write_text("old")
    (tmp_path / "link.html").symlink_to("real.html")
    save("new", tmp_path / "link.html")
    assert (tmp_path / "real.html").read_text() == "new"
    assert (tmp_path / "link.html").is_symlink()


def test_a_link_to_itself_is_refused_and_stays(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(BadOption, match="cannot write"):
        save("new", tmp_path / "loop")
    assert (tmp_path / "loop").is_symlink()
    assert list(tmp_path.iterdir()) == [tmp_path / "loop"]


def test_a_file_that_is_not_private_has_the_mode_of_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        save("x", tmp_path / "open.txt", private=False)
        save("x", tmp_path / "private.txt")
    finally:
        os.umask(before)
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("open.txt", "private.txt")]
    assert modes == [0o640, 0o600]
