"""One command of a build, run to its end."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

SHOWN_CHARACTERS = 4000


class StepFailed(Exception):
    """A step of the Dockerfile, or the making of its base, ended with an error."""


def run(
    words: list[str], what: str, environ: Mapping[str, str] | None = None, folder: Path | None = None
) -> None:
    """Runs a command without a terminal. Raises StepFailed with what it was for and the end of what it wrote."""
    done = subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        env=environ,
        cwd=folder,
    )
    if done.returncode:
        raise StepFailed(f"{what}: exit {done.returncode}\n{done.stdout[-SHOWN_CHARACTERS:]}")
