"""Which files a project consists of, and when they change: for `stolon dev` (`graph/serving/develop.py`).

Their times and sizes are looked at a few times a second: that needs no library, and it also sees what changes
below a folder that is mounted into a container or over a network, of which the kernel tells nobody.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from graph.settings.settings import FILE

FOLDERS: Final = frozenset({"contracts", "operations"})
"""Of the project's own folder: all that is in them counts."""
_ENDINGS: Final = frozenset({".py", ".yaml", ".yml", ".json", ".graphql"})
_OTHERS: Final = frozenset({"__pycache__", "node_modules"})
MOST_FILES: Final = 20_000
PAUSE_SECONDS: Final = 0.3
_LOOKS: Final = 20

State: TypeAlias = tuple[int, int, int]
"""Of one file: nanoseconds of its last change, bytes, inode."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of a project at one moment. One that is not whole holds the first of too many."""

    files: Mapping[Path, State]
    is_whole: bool = True

    def changes(self, later: Snapshot) -> tuple[Path, ...]:
        """The files that came, went or changed until the later moment."""
        both = {*self.files, *later.files}
        return tuple(sorted(one for one in both if self.files.get(one) != later.files.get(one)))


def snapshot(folder: Path, most: int = MOST_FILES) -> Snapshot:
    """The project file, modules, contracts and operations below a folder as they are now, `most` of them.

    Hidden folders, caches and virtual environments do not belong to a project.
    """
    files: dict[Path, State] = {}
    for path, entry in _files(folder):
        if len(files) >= most:
            return Snapshot(files, is_whole=False)
        try:
            stat = entry.stat()
        except OSError:  # gone since
            continue
        files[path] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    return Snapshot(files)


def _files(folder: Path) -> Iterator[tuple[Path, os.DirEntry[str]]]:
    waiting = [(folder, False)]
    while waiting:
        here, whole = waiting.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda one: one.name)
        except OSError:
            continue
        if here != folder and any(one.name == "pyvenv.cfg" for one in entries):
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in _OTHERS:
                    of_project = here == folder and entry.name in FOLDERS
                    waiting.append((here / entry.name, whole or of_project))
            elif whole or Path(entry.name).suffix in _ENDINGS or (here == folder and entry.name == FILE):
                yield here / entry.name, entry


async def changed(
    folder: Path,
    before: Snapshot,
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    look: Callable[[Path], Snapshot] = snapshot,
) -> Snapshot:
    """Waits until the files differ from those before, and have come to rest; how they are then.

    Who writes without a rest is not waited for longer than twenty looks.
    """
    while True:
        await sleep(PAUSE_SECONDS)
        now = await asyncio.to_thread(look, folder)
        if not before.changes(now):
            continue
        for _ in range(_LOOKS):
            await sleep(PAUSE_SECONDS / 3)
            later = await asyncio.to_thread(look, folder)
            if not now.changes(later):
                break
            now = later
        return now
