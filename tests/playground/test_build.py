"""The committed assets are what the sources in `playground/` build."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parents[2] / "playground" / "build"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm (apt install nodejs npm)")
def test_building_again_gives_the_same_bytes():
    """A build from the pinned packages equals the committed files, byte for byte."""
    ran = subprocess.run([str(BUILD), "--check"], capture_output=True, text=True, timeout=500, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_machine_without_node_is_told_what_to_install(tmp_path):
    """Without node the script says what is missing, and builds nothing."""
    dirname = shutil.which("dirname")
    assert dirname is not None
    (tmp_path / "dirname").symlink_to(dirname)
    ran = subprocess.run(
        ["/bin/bash", str(BUILD)], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (
        2,
        "",
        "playground/build: there is no 'node' on PATH (Debian, Ubuntu: apt install nodejs npm)\n",
    )
