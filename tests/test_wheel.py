"""The wheel in an empty environment and another folder: what they get who only ever typed `pip install`."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]


def ran(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run it outside the checkout, and without what an environment variable could lend it."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "LANG": "C.UTF-8"}
    return subprocess.run(
        [str(each) for each in command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=110
    )


def pip(python: Path | str, *arguments: str | Path, cwd: Path) -> None:
    """Run pip with the settings and the cache of whoever runs the tests."""
    command = [str(each) for each in (python, "-m", "pip", "--disable-pip-version-check", "-q", *arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel as it would be published."""
    folder = tmp_path_factory.mktemp("wheel")
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def required(requirement: Requirement, extras: frozenset[str] = frozenset()) -> Iterator[Distribution]:
    """What pip installs for a requirement: the distribution, and all that it requires here."""
    found = distribution(requirement.name)
    yield found
    for text in found.requires or ():
        yield from requirements_met(Requirement(text), extras | requirement.extras)


def requirements_met(requirement: Requirement, extras: frozenset[str]) -> Iterator[Distribution]:
    marker = requirement.marker
    if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or {""}):
        yield from required(requirement)


def lend(requirements: Iterable[str], site: Path) -> None:
    """Put what these require into an environment, as links to where the tests have it."""
    for requirement in requirements:
        for each in requirements_met(Requirement(requirement), frozenset()):
            for top in {file.parts[0] for file in each.files or ()} - {"..", "__pycache__"}:
                if not (site / top).exists():
                    (site / top).symlink_to(each.locate_file(top))


@pytest.fixture(scope="module")
def recorder(wheel, tmp_path_factory) -> Path:
    """The installed command, in an environment that holds it, its dependencies and nothing else."""
    home = tmp_path_factory.mktemp("empty") / "venv"
    venv.create(home, with_pip=False, system_site_packages=False)
    (site,) = home.glob("lib/*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        lend(message_from_bytes(archive.read(metadata)).get_all("Requires-Dist", []), site)
    # The pip of these tests installs into it: an environment with a pip of its own takes seconds to make.
    pip(sys.executable, "--python", home, "install", "--no-compile", "--no-deps", wheel, cwd=home)
    pip(sys.executable, "--python", home, "check", cwd=home)
    return home / "bin" / "recorder"


def test_the_wheel_carries_the_package_its_migrations_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"recorder/py.typed", "recorder/cli/app.py", "recorder/_migrations/env.py"} <= names
    assert names >= {
        f"recorder/_migrations/versions/{each.name}" for each in (ROOT / "migrations/versions").glob("*.py")
    }
    assert names >= {str(each.relative_to(ROOT)) for each in (ROOT / "recorder").rglob("*.py")}
    assert {name.split("/")[0].split("-")[0] for name in names} == {"recorder", "ums_recorder"}
    assert not [name for name in names if re.search(r"(^|/)(tests?|conftest)[/_.]", name)]
    assert not [name for name in names if name.endswith((".pyc", ".db"))]


def test_the_wheel_carries_every_page_of_the_guide_and_every_sample(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    samples = [each for each in (ROOT / "samples").rglob("*.*") if each.parent.name != "pictures"]
    assert not [name for name in names if name.endswith(".png")]
    assert names >= {f"recorder/_samples/{each.relative_to(ROOT / 'samples')}" for each in samples}
    assert names >= {f"recorder/guide/{each.name}" for each in (ROOT / "recorder/guide").glob("*.md")}


def test_the_wheel_announces_its_command_and_its_fixtures(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith("entry_points.txt"))
        announced = archive.read(name).decode()
    assert "recorder = recorder.cli:main" in announced
    assert "[pytest11]\nrecorder.testing.plugin = recorder.testing.plugin" in announced


def test_the_first_command_runs_from_another_folder(recorder, tmp_path):
    """The main job with nothing but its defaults: a script, the simulator, a new private archive, a table."""
    assert ran(recorder, "samples", "--all", "samples", cwd=tmp_path).returncode == 0
    played = ran(recorder, "replay", "samples/slow-reader.yaml", cwd=tmp_path)
    assert played.returncode == 0, played.stderr
    assert "Hello, where is my order?" in played.stdout
    assert "What is your order number?" in played.stdout

    archive = tmp_path / "recorder.db"
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    listed = ran(recorder, "message", "list", "last", cwd=tmp_path)
    assert (listed.returncode, listed.stdout) == (0, played.stdout)
    verified = ran(recorder, "archive", "verify", "--quiet", cwd=tmp_path)
    assert (verified.returncode, verified.stderr) == (0, "")
    assert "complete" in verified.stdout


def test_the_manual_is_read_without_the_source_tree(recorder, tmp_path):
    listed = ran(recorder, "guide", cwd=tmp_path)
    assert (listed.returncode, listed.stderr) == (0, "")
    shown = ran(recorder, "guide", "scripts", cwd=tmp_path)
    assert shown.stdout.startswith("# Scripts\n")


def test_it_is_also_a_module_and_a_library_and_knows_its_version(recorder, wheel, tmp_path):
    """``python -m recorder``, ``import recorder``; the version is that of the wheel."""
    python = recorder.with_name("python")
    version = wheel.name.split("-")[1]
    assert ran(python, "-m", "recorder", "--version", cwd=tmp_path).stdout == f"recorder {version}\n"
    program = (
        "import recorder; from recorder import recipes; print(recorder.__file__);"
        "[getattr(each, name) for each in (recorder, recipes) for name in each.__all__]"
    )
    imported = ran(python, "-c", program, cwd=tmp_path)
    assert imported.returncode == 0, imported.stderr
    assert Path(imported.stdout.strip()).is_relative_to(recorder.parents[1])
