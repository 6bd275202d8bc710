"""One line a request, for machines or for people.

`graph/observing/observe.py` tells of every request that ended. The line is made of that frozen fact alone, which
has no place for a token, a subject or a value: nothing needs to be taken out. structlog's own pipeline would cost
ten times as much here (3 µs); it renders everything else (`graph/observing/log_lines.py`), with the same first keys.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final, Literal

import msgspec

from graph.observing.log_writer import LineWriter
from graph.observing.observe import Handled, RequestObserver


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    timestamp: datetime
    level: Literal["info", "error"]
    event: str
    request_id: str
    trace_id: str
    operation: str | None
    kind: str | None
    caller: str | None
    status: int
    errors: Mapping[str, int]
    calls: int
    shared: int
    ms: float
    bytes: int
    kept: bool = False  # said of few lines, and only where it is so


_encode: Final = msgspec.json.Encoder().encode


def json_line(fact: Handled, now: float) -> bytes:
    """The fact as one JSON object. `now` is seconds since 1970; times in milliseconds, to the microsecond."""
    return _encode(
        _Line(
            datetime.fromtimestamp(now, UTC),
            "error" if fact.status >= 500 else "info",
            "request",
            fact.request_id,
            fact.trace_id,
            fact.operation_name,
            fact.operation_kind,
            fact.caller,
            fact.status,
            fact.errors,
            fact.calls,
            fact.shared,
            round(fact.seconds * 1e3, 3),
            fact.bytes,
            fact.kept,
        )
    )


def plain_line(fact: Handled, now: float) -> bytes:
    """The fact for a person: `12:00:01 query Orders 200 12.3 ms, 5 calls (1 shared), UPSTREAM_ERROR x 2`."""
    at = datetime.fromtimestamp(now, UTC).astimezone()
    what = " ".join(one for one in (fact.operation_kind or "request", fact.operation_name) if one)
    shared = f" ({fact.shared} shared)" if fact.shared else ""
    errors = "".join(f", {code} x {count}" for code, count in fact.errors.items())
    calls = f"{fact.calls} call{'' if fact.calls == 1 else 's'}"
    kept = ", kept" if fact.kept else ""
    time_taken = f"{fact.seconds * 1e3:.1f} ms"
    return f"{at:%H:%M:%S} {what} {fact.status} {time_taken}, {calls}{shared}{kept}{errors}".encode()


def request_log(
    writer: LineWriter,
    line: Callable[[Handled, float], bytes] = json_line,
    epoch: Callable[[], float] = time.time,
) -> RequestObserver:
    """The observer that writes a line for each request. `epoch` gives seconds since 1970."""

    def observe(fact: Handled) -> None:
        writer.soon(partial(line, fact, epoch()))

    return observe
