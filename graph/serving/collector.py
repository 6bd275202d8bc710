"""Python's garbage collector while a project is served: what was loaded to stay is not looked through again.

Schemas, contracts and code are some hundred thousand objects. Each full collection would walk over all of them,
with the loop held. `graph/serving/server.py` and `graph/serving/reload.py` call this once a project is served.
"""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 10_000
"""Objects that are made, and not freed, before the young ones are looked through; Python's own figure is some
hundreds, fewer than one answer of a long list has.
"""


def settle() -> None:
    """Collect what a former project left, and set apart everything that is there. Holds the loop while it does."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
