"""An archive of an older or a newer program is told from ours before it is touched."""

from __future__ import annotations

import pytest
from alembic.script import ScriptDirectory

from recorder.errors import ArchiveUnusable
from recorder.store import revisions, versions


def test_the_revision_is_the_one_alembic_finds() -> None:
    """We read it from file names, to spare loading Alembic."""
    directory = ScriptDirectory(str(revisions.scripts_location()))
    assert directory.get_current_head() == revisions.head_revision() == versions.SCHEMA_REVISION
    assert tuple(sorted(each.revision for each in directory.walk_revisions())) == revisions.known(
        revisions.scripts_location()
    )


def test_an_older_and_a_newer_archive_are_refused_with_a_way_on() -> None:
    """The one is upgraded by a command, the other is for another program."""
    older, *_, readable, head = revisions.known(revisions.scripts_location())
    assert readable in versions.READABLE_REVISIONS
    for revision in (readable, head):
        revisions.check_readable("x.db", revision, revisions.scripts_location())
    revisions.check_known("x.db", older, revisions.scripts_location())
    with pytest.raises(ArchiveUnusable, match="older recorder") as refused:
        revisions.check_readable("x.db", older, revisions.scripts_location())
    assert refused.value.hint == "recorder archive upgrade --archive x.db"
    with pytest.raises(ArchiveUnusable, match="newer recorder"):
        revisions.check_known("x.db", "9999", revisions.scripts_location())
