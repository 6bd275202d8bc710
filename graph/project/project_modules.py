"""What a project's own modules hold at their top level: contracts that resolvers use, and bound types that only
contracts lead to.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path


def values_of(project: Path) -> Iterator[object]:
    """The top-level values of every module of the project that is imported, or is being imported."""
    folders = tuple(f"{one}{os.sep}" for one in (project, project.resolve()))
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.startswith(folders):
            yield from list(vars(module).values())
