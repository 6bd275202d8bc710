"""What a project gives in place of an answer that a service does not give: `fallback` of an operation, or of a field.

`graph/settings/service_tables.py` and `graph/binding/bind_fallbacks.py` read it; `adapters/policies/fallback.py`
and `adapters/caching/cache.py` keep to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

LONGEST: Final = 604_800.0
"""Seconds for which a stale answer may do at most: a week."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """Both for reads alone. `stale`: a kept answer will do for so many seconds after it is no longer fresh; for that
    it is kept, where the answer itself does not rule that out. `constant`: the JSON of a whole answer, for where
    there is no kept one. Raises ValueError for what says nothing.
    """

    stale: float | None = None
    constant: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.stale is None and self.constant is None:
            raise ValueError("a fallback needs stale, constant or both")
        if self.stale is not None and not self.stale > 0:
            raise ValueError("a fallback's stale is more than 0 seconds")
