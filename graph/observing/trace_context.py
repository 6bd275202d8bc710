"""Where a request stands in its trace: the `traceparent` header read and written (W3C Trace Context, level
1). Pure.

`graph/observing/observe.py` reads it first of all; services get it with Stolon's own span as the parent.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

HEADER: Final = "traceparent"
STATE: Final = "tracestate"
_FORM: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
# What nearly every client sends: version 00, and nothing that makes it invalid.
_USUAL: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]")
_NO_TRACE: Final = "0" * 32
_NO_SPAN: Final = "0" * 16
_SAMPLED: Final = 1

Bits = Callable[[int], int]
"""A number of so many random bits: `random.getrandbits`, which starts anew in a forked process."""


class TraceContext(msgspec.Struct, frozen=True):
    """One span of one trace: 32 and 16 hexadecimal digits in lower case, neither all zeros."""

    trace_id: str
    span_id: str
    sampled: bool = False

    @property
    def header(self) -> str:
        """The value of `traceparent`, version 00. Flags that level 1 does not define are zero (section
        3.2.2.5).
        """
        return f"00-{self.trace_id}-{self.span_id}-0{'1' if self.sampled else '0'}"


def parsed(values: Sequence[str]) -> TraceContext | None:
    """What the `traceparent` fields of a request say, or None where there is not exactly one that is valid.

    A version above 00 is read as far as level 1 knows it; ff is none (sections 3.2.2 and 4.3).
    """
    if len(values) != 1:
        return None
    value = values[0]
    if _USUAL.fullmatch(value):
        return TraceContext(value[3:35], value[36:52], value[54] == "1")
    found = _FORM.fullmatch(value)
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


def continued(parent: TraceContext | None, bits: Bits = random.getrandbits) -> TraceContext:
    """A new span of the parent's trace, sampled as the parent is; without a parent, of a new trace."""
    span_id = f"{bits(64) or 1:016x}"  # all zeros would be no id
    if parent is None:
        return TraceContext(f"{bits(128) or 1:032x}", span_id)
    return TraceContext(parent.trace_id, span_id, parent.sampled)
