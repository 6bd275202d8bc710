"""A project that is read anew in the same process: afresh, and without keeping what was."""

from __future__ import annotations

import gc
import sys
import weakref
from pathlib import Path

import pytest

from adapters.mistake import ProjectError
from graph.project.project import load_project
from tests.serving.processes import put, write_project


def test_a_module_that_is_gone_is_missed(tmp_path: Path):
    """What a project no longer has is not found among what was imported before."""
    project = write_project(tmp_path / "project")
    put(project / "words.py", "WORD = 1\n")
    put(project / "schema.py", "import words\n" + (project / "schema.py").read_text())
    load_project(project, {})
    (project / "words.py").unlink()
    with pytest.raises(ProjectError, match="No module named 'words'"):
        load_project(project, {})


def test_a_failed_reading_leaves_the_modules_of_what_is_served(tmp_path: Path):
    """Where the import of a project fails its modules of before stay, and nothing of the failed import does."""
    project = write_project(tmp_path / "project")
    put(project / "words.py", "WORD = 1\n")
    put(project / "schema.py", "import words\n" + (project / "schema.py").read_text())
    load_project(project, {})
    before = (sys.modules["schema"], sys.modules["words"])
    put(project / "more.py", "")
    put(project / "words.py", "import more\nWORD = nothing\n")
    with pytest.raises(ProjectError, match="NameError"):
        load_project(project, {})
    assert (sys.modules["schema"], sys.modules["words"], "more" in sys.modules) == (*before, False)


def test_schemas_that_are_no_longer_served_leave_memory(tmp_path: Path):
    """Reading a project again and again keeps the newest schema, and none of those before."""
    project = write_project(tmp_path / "project")
    schemas = []
    for number in range(4):
        write_project(project, str(number))
        schemas.append(weakref.ref(load_project(project, {}).schema))
    gc.collect()
    assert [one() is not None for one in schemas] == [False, False, False, True]
