"""A file is read while it is written: nothing is missed, and its end is the end of its writer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from recorder.formats.growing_file import GrowingFile
from recorder.formats.json_stream import items


class Writer:
    """Writes the next piece of a text whenever somebody waits for more, and has ended after the last."""

    def __init__(self, file: Path, pieces: list[bytes]) -> None:
        self._file = file
        self._pieces: Iterator[bytes] = iter(pieces)
        self.ended = False
        self._file.write_bytes(b"")

    def is_ended(self) -> bool:
        return self.ended

    def wait(self) -> None:
        piece = next(self._pieces, None)
        self.ended = piece is None
        with self._file.open("ab") as stream:
            stream.write(piece or b"")


@given(st.lists(st.binary(max_size=5), max_size=8), st.integers(1, 7))
def test_everything_is_read_however_it_is_written(tmp_path_factory, pieces, size):
    path = tmp_path_factory.mktemp("growing") / "log"
    writer = Writer(path, pieces)
    with closing(GrowingFile(path, is_ended=writer.is_ended, wait=writer.wait)) as file:
        stream = file.open()
        read = b"".join(iter(lambda: stream.read(size), b""))
        assert read == b"".join(pieces)
        assert file.open().read(len(read) + 1) == read


def test_what_is_written_last_of_all_is_read(tmp_path):
    """The writer ends between the look at the file and the question whether it has ended."""
    path = tmp_path / "log"
    path.write_bytes(b"")
    answers = iter([False, True])

    def wait() -> None:
        path.write_bytes(b"late")

    with closing(GrowingFile(path, is_ended=lambda: next(answers), wait=wait)) as file:
        assert file.open().read(10) == b"late"


def test_items_come_as_soon_as_they_are_written(tmp_path):
    path = tmp_path / "log"
    events = [b'{"number": %d},' % number for number in range(100)]
    writer = Writer(path, [b'{"events": [', *events, b"{}]}"])
    with closing(GrowingFile(path, is_ended=writer.is_ended, wait=writer.wait)) as file:
        found = items(file, "events.item")
        assert [next(found)["number"] for _ in range(50)] == list(range(50))
        assert not writer.ended
        assert list(found)[-1] == {}
