"""A file is there whole or not at all."""

from __future__ import annotations

import os
import stat

import pytest

from recorder.recipes.files import replacing


def test_it_takes_the_place_of_the_old_one_for_its_owner_alone(tmp_path):
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
