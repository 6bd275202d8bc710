"""Starts one service: `python examples/parfinanciero/services users --port 9101 ...`, from any folder.

Run by its path this folder is no package, so the package is named first; `python -m
examples.parfinanciero.services` from the checkout needs no such thing. Both continue in `runner.py`.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __package__:
    from .runner import main

    sys.exit(main(sys.argv[1:]))
else:
    folder = Path(__file__).resolve().parent
    # Python put this folder itself on the path, where `identity` or `seed` would hide other people's modules.
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != folder]
    sys.path.insert(0, str(folder.parent))
    runpy.run_module("services", run_name="__main__", alter_sys=True)
