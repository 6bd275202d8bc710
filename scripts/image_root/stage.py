"""A stage of a build: its root, what it says of itself, and the layers that it got."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from scripts.image_root.dockerfile import Instruction

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(slots=True)
class Stage:
    """One stage: its root, and what an image says of itself. The last stage of a Dockerfile is the image.

    `layers` are those over the base, each with its step and its size in bytes.
    """

    root: Path
    environ: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    workdir: str = "/"
    user: str = "0:0"
    entrypoint: list[str] = field(default_factory=list)
    cmd: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    health_timeout: float = 30.0
    stop_signal: str = "SIGTERM"
    ports: list[int] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    layers: list[tuple[str, int]] = field(default_factory=list)

    def grown_from(self, root: Path) -> Stage:
        """A stage that begins where this one ends."""
        return replace(
            self, root=root, environ=dict(self.environ), labels=dict(self.labels), layers=list(self.layers)
        )


def files_of(root: Path) -> dict[str, tuple[int, int, int]]:
    """Every file of a root that is no folder: its size in bytes, its inode and when it was changed last."""
    found = {}
    for where, _, names in os.walk(root):
        for name in names:
            path = os.path.join(where, name)
            known = os.lstat(path)
            found[os.path.relpath(path, root)] = (known.st_size, known.st_ino, known.st_mtime_ns)
    return found


class Layer:
    """While entered, a step is taken; afterwards the stage has one layer more."""

    def __init__(self, stage: Stage, step: Instruction) -> None:
        self._stage, self._step = stage, step

    def __enter__(self) -> None:
        self._before = files_of(self._stage.root)

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            after = files_of(self._stage.root)
            changed = {known[1]: known[0] for path, known in after.items() if self._before.get(path) != known}
            self._stage.layers.append((f"{self._step.keyword} {self._step.text}", sum(changed.values())))
