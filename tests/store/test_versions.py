"""The numbers of an archive can be known before a database library is loaded."""

from __future__ import annotations

import subprocess
import sys

from recorder.projection.derived import refresh
from recorder.store import schema, sqlitefile, versions


def test_they_are_those_that_the_others_use():
    assert versions.MODEL == schema.MODEL_REVISION
    assert versions.DERIVED == refresh.VERSION
    assert versions.APPLICATION_ID == sqlitefile.APPLICATION_ID


def test_knowing_them_loads_no_database_library():
    code = "import sys, recorder.store.versions; print('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
