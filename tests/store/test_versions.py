"""The schema revision matches the migrations; reading it loads no database library."""

from __future__ import annotations

import subprocess
import sys

from recorder.store import revisions, versions


def test_the_schema_revision_is_that_of_the_newest_migration():
    assert revisions.head_revision() == versions.SCHEMA_REVISION


def test_importing_versions_loads_no_database_library():
    code = "import sys, recorder.store.versions; print('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
