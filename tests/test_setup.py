"""What `make setup` says on a machine that cannot: one message, what is wrong and what to install."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def setup_with(python: str) -> tuple[int, str]:
    """Run scripts/setup from another folder with an interpreter that it must refuse; exit code and stderr."""
    ran = subprocess.run(
        [str(ROOT / "scripts" / "setup")],
        env={"PATH": "/usr/bin:/bin", "PYTHON": python},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout == ""
    return ran.returncode, ran.stderr


def interpreter(folder: Path, version: tuple[int, int, int], *, without: str = "nothing") -> str:
    """A stand-in for an interpreter of that version which lacks a module."""
    path = folder / "python"
    path.write_text(
        "#!/bin/sh\n"
        'case "$2" in\n'
        f"*print*) echo {'.'.join(map(str, version))} ;;\n"
        f"*'(3, 11)'*) exit {int(version < (3, 11))} ;;\n"
        f"*{without}*) echo 'No module named {without}' >&2; exit 1 ;;\n"
        "esac\n"
    )
    path.chmod(0o755)
    return str(path)


def test_no_python_at_all(tmp_path: Path):
    """A name that is not on PATH is refused, with what to install."""
    assert setup_with("python-of-nowhere") == (
        1,
        "setup: there is no 'python-of-nowhere' on PATH. Install Python 3.11 or newer"
        " (Debian, Ubuntu: apt install python3 python3-venv),\n"
        "or name one: make PYTHON=/path/to/python3\n",
    )


def test_an_old_python(tmp_path: Path):
    """An interpreter before 3.11 is refused by its version."""
    python = interpreter(tmp_path, (3, 10, 13))

    assert setup_with(python) == (
        1,
        f"setup: '{python}' is Python 3.10.13, and Stolon needs 3.11 or newer.\n"
        "Install a newer one and name it: make PYTHON=python3.12\n",
    )


def test_a_python_without_ensurepip(tmp_path: Path):
    """Debian packages venv and ensurepip apart: the message names the package."""
    python = interpreter(tmp_path, (3, 12, 1), without="ensurepip")

    assert setup_with(python) == (
        1,
        f"setup: '{python}' (3.12.1) lacks the standard modules venv and ensurepip,"
        " which some distributions package apart.\n"
        "Debian, Ubuntu: apt install python3-venv (or python3.12-venv)\n",
    )


def test_a_python_that_does_not_start(tmp_path: Path):
    """A broken interpreter's own words are shown, and then what to do."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'version 3.12 is not installed' >&2\nexit 127\n")
    python.chmod(0o755)

    assert setup_with(str(python)) == (
        1,
        "version 3.12 is not installed\n"
        f"setup: '{python}' does not start (see above). Name another: make PYTHON=/path/to/python3\n",
    )
