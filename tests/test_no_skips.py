"""The `STOLON_NO_SKIPS` switch of conftest.py: where nothing is missing, nothing passes by not running."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")

SKIPS = """
import pytest
def test_runs(): pass
@pytest.mark.skip(reason="no redis here")
def test_skipped(): pass
@pytest.mark.xfail(reason="not yet", strict=True)
def test_expected(): raise AssertionError
"""

SKIPS_ITSELF = """
import pytest
pytest.skip("needs node", allow_module_level=True)
"""


def run_pytest(folder: Path, *, no_skips: bool, **files: str) -> tuple[int, list[str]]:
    """Run pytest over the files, under this project's conftest: its exit code, and the lines it printed."""
    (folder / "conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"), encoding="utf-8")
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV", "STOLON_"))
    }
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--rootdir", str(folder), "-p", "no:cacheprovider"],
        cwd=folder,
        env=kept | ({"STOLON_NO_SKIPS": "1"} if no_skips else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout.splitlines()


def test_skipped_and_expected_failures_fail_the_run(tmp_path: Path):
    """Each test that did not really run is listed with its reason, and the run fails."""
    code, lines = run_pytest(tmp_path, no_skips=True, test_a=SKIPS, test_b=SKIPS_ITSELF)

    assert code == pytest.ExitCode.TESTS_FAILED
    assert [line for line in lines if line.startswith(("skipped ", "xfailed "))] == [
        "skipped test_b.py: Skipped: needs node",
        "skipped test_a.py::test_skipped: Skipped: no redis here",
        "xfailed test_a.py::test_expected: not yet",
    ]
    assert lines[-1].startswith("1 passed, 2 skipped, 1 xfailed in ")


def test_a_run_without_skips_passes(tmp_path: Path):
    """The switch changes nothing where every test ran."""
    code, lines = run_pytest(tmp_path, no_skips=True, test_a="def test_runs(): pass\n")

    assert code == pytest.ExitCode.OK
    assert lines[-1].startswith("1 passed in ")


def test_skips_pass_where_they_are_allowed(tmp_path: Path):
    """Without the switch a bare machine may skip what it lacks."""
    code, lines = run_pytest(tmp_path, no_skips=False, test_a=SKIPS)

    assert code == pytest.ExitCode.OK
    assert lines[-1].startswith("1 passed, 1 skipped, 1 xfailed in ")


def test_a_worse_end_keeps_its_exit_code(tmp_path: Path):
    """A run that ended worse than by a failure says so still."""
    code, _ = run_pytest(tmp_path, no_skips=True, test_a=SKIPS_ITSELF, test_b="raise ImportError\n")

    assert code == pytest.ExitCode.INTERRUPTED
