"""Only what lies in the script's folder can be used, whatever it is called and wherever links lead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recorder.replay.language.includes import LONGEST_FILE, Folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    (home / "parts").mkdir(parents=True)
    (home / "a.yaml").write_text("a")
    (home / "parts" / "b.yaml").write_text("b")
    (tmp_path / "outside.yaml").write_text("secret")
    return home


def test_names_are_relative_to_the_file_they_stand_in(home: Path):
    folder = Folder(home)
    assert folder.name_of("parts/b.yaml", referrer="main.yaml") == "parts/b.yaml"
    assert folder.name_of("b.yaml", referrer="parts/c.yaml") == "parts/b.yaml"
    assert folder.name_of("./a.yaml", referrer="main.yaml") == "a.yaml"
    assert folder.read("parts/b.yaml") == b"b"
    assert folder.display_name("parts/b.yaml") == str(home / "parts/b.yaml")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("../outside.yaml", "leads up with .."),
        ("parts/../../outside.yaml", "leads up with .."),
        ("parts/../a.yaml", "leads up with .."),
        ("/etc/passwd", "is absolute"),
        ("~/x", "is absolute"),
        ("https://example.com/x.yaml", "is an address"),
        ("file:///etc/passwd", "is an address"),
        ("parts\\b.yaml", "is written with /"),
        ("a\0.yaml", "is written with /"),
        ("a.yml", 'unknown file "a.yml" (did you mean "a.yaml"?)'),
        ("nowhere/x", 'unknown file "nowhere/x"'),
        ("x" * 5000, "cannot be read"),
    ],
    ids=lambda given: given[:20].encode().hex(),
)
def test_names_outside_the_folder_are_refused(home: Path, given: str, says: str):
    """S21."""
    with pytest.raises(ValueError) as refused:
        Folder(home).name_of(given, referrer="main.yaml")
    assert says in str(refused.value)


def test_links_are_resolved_before_the_folder_check(home: Path):
    (home / "inside").symlink_to(home / "parts" / "b.yaml")
    (home / "out").symlink_to(home.parent / "outside.yaml")
    (home / "up").symlink_to(home.parent)
    (home / "round").symlink_to(home / "round")
    folder = Folder(home)
    assert folder.name_of("inside", referrer="m") == "parts/b.yaml"
    for leads_out in ("out", "up/outside.yaml"):
        with pytest.raises(ValueError, match="leads out of the script's folder"):
            folder.name_of(leads_out, referrer="m")
    with pytest.raises(ValueError, match="cannot be read"):
        folder.name_of("round", referrer="m")


def test_a_link_that_takes_the_place_of_a_file_is_not_followed(home: Path):
    folder = Folder(home)
    name = folder.name_of("a.yaml", referrer="m")
    (home / "a.yaml").unlink()
    (home / "a.yaml").symlink_to(home.parent / "outside.yaml")
    with pytest.raises(ValueError, match="cannot be read"):
        folder.read(name)


def test_only_regular_files_up_to_the_limit_are_read(home: Path):
    folder = Folder(home)
    os.mkfifo(home / "pipe")
    with (home / "huge").open("wb") as file:
        file.truncate(LONGEST_FILE + 1)
    with pytest.raises(ValueError, match="pipe is no file"):
        folder.read(folder.name_of("pipe", referrer="m"))
    with pytest.raises(ValueError, match=r"cannot be read|is no file"):
        folder.read(folder.name_of("parts", referrer="m"))
    with pytest.raises(ValueError, match="larger than 20 MiB"):
        folder.read(folder.name_of("huge", referrer="m"))


def test_of_many_files_only_the_closest_name_is_suggested(home: Path):
    for number in range(20):
        (home / f"file{number}.yaml").touch()
    with pytest.raises(ValueError, match=r'did you mean "a\.yaml"') as refused:
        Folder(home).name_of("aa.yaml", referrer="m")
    assert "file7" not in str(refused.value)
