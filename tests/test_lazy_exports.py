"""Public names that load their module when first used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import recorder
from recorder import recipes, simulator, testing
from recorder.lazy_exports import lazy_exports

PACKAGES = [recorder, recipes, simulator, testing]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_every_public_name_is_loaded_when_used(package):
    assert package.__all__
    for name in package.__all__:
        assert getattr(package, name) is not None


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_an_unknown_name_is_refused_as_any_module_refuses_it(package):
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nothing'"):
        package.nothing  # noqa: B018


def test_names_come_from_relative_and_absolute_imports(tmp_path, monkeypatch):
    (tmp_path / "lazy_sample").mkdir()
    (tmp_path / "lazy_sample" / "__init__.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n"
        "    from json import dumps as dumps\n"
        "    from .near import FIRST as FIRST, SECOND as renamed\n"
    )
    (tmp_path / "lazy_sample" / "near.py").write_text("FIRST = 1\nrenamed = 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    load = lazy_exports("lazy_sample")
    assert load("__all__") == ["FIRST", "dumps", "renamed"]
    assert (load("FIRST"), load("renamed"), load("dumps")([])) == (1, 2, "[]")


def test_importing_the_front_door_loads_no_room():
    code = "import sys; import recorder.recipes; print([m for m in sys.modules if m.startswith('recorder.')])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "['recorder.lazy_exports', 'recorder.recipes']"


def test_they_load_under_a_loader_that_gives_no_source(monkeypatch):
    """As that of pytest, which loads the packages of installed plugins."""
    monkeypatch.setattr(recipes.__spec__, "loader", object())
    load = lazy_exports("recorder.recipes")
    assert load("replay") is recipes.replay
