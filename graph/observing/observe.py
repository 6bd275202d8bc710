"""What was seen of one client request: a tally while it runs, a frozen fact when it has ended.

`graph/http/http.py` begins and ends the watch of every request; `graph/http/exchange.py` notes what was executed. The
facts go to observers: the log line (`graph/observing/request_log.py`) and the metrics
(`graph/observing/metrics.py`). Neither the tally nor the fact has a place for a token, a variable, a subject or a
text of the query.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Final, Protocol, TypeAlias

import msgspec
from multidict import MultiMapping

from adapters.facts import CallEnded, Fact
from graph.observing.trace_context import HEADER, TraceContext, continued, parsed

GONE: Final = 499
"""The status that is noted for a client that went before its answer (nginx's number: HTTP has none)."""

MOST_CODES: Final = 16
MOST_NAME: Final = 128
OTHER_CODE: Final = "OTHER"
_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_log: Final = logging.getLogger("stolon.observe")


class Handled(msgspec.Struct, frozen=True, kw_only=True):
    """One client request and its answer.

    `operation_name` and `operation_kind` are those of the operation that was chosen, None where none was or
    it has no name. `caller` is a hash. `errors` counts codes. `calls` went to services for this request,
    `shared` were answered by calls of others. `bytes` is the body of the answer. `kept`: nothing was executed, since
    a whole answer was kept.
    """

    request_id: str
    trace_id: str
    operation_name: str | None
    operation_kind: str | None
    caller: str | None
    status: int
    errors: Mapping[str, int]
    calls: int
    shared: int
    seconds: float
    bytes: int
    kept: bool = False


RequestObserver: TypeAlias = Callable[[Handled], None]


class RequestSpan(Protocol):
    """A span around one request. `context` is what services get as their parent."""

    @property
    def context(self) -> TraceContext: ...

    def end(self, fact: Handled) -> None: ...


class Seen(msgspec.Struct, eq=False):
    """The tally of one request under way. `traced` says whether the client named the trace."""

    request_id: str
    trace: TraceContext
    started: float
    traced: bool = False
    span: RequestSpan | None = None
    name: str | None = None
    kind: str | None = None
    caller: str | None = None
    errors: dict[str, int] = {}
    calls: int = 0
    shared: int = 0
    kept: bool = False

    def executes(self, kind: str | None, name: str | None) -> None:
        """An operation of the document was chosen. `name` is the document's, never the client's bare claim."""
        self.kind = kind
        self.name = None if name is None else name[:MOST_NAME]

    def failed(self, code: object) -> None:
        """An error of this code goes to the client. What is no code, or one too many, counts as `OTHER`."""
        told = code if isinstance(code, str) and _CODE.fullmatch(code) else OTHER_CODE
        if told not in self.errors and len(self.errors) >= MOST_CODES:
            told = OTHER_CODE
        self.errors[told] = self.errors.get(told, 0) + 1


SEEN: Final[ContextVar[Seen | None]] = ContextVar("seen", default=None)
"""The request that the running task works for. Tasks inherit it: a flight counts for who started it."""


def count_calls(fact: Fact) -> None:
    """Observes upstream calls and counts them for the request that made them."""
    if isinstance(fact, CallEnded):
        seen = SEEN.get()
        if seen is not None:
            if fact.shared:
                seen.shared += 1
            else:
                seen.calls += 1


@lru_cache(maxsize=4096)
def caller_hash(partition: str) -> str:
    """16 hexadecimal digits that tell callers apart, the same in every process. The partition holds no token
    and no claim in clear (`graph/identity/claims.py`); its hash could not be used to share that caller's answers.
    """
    return hashlib.blake2b(partition.encode(), digest_size=8, person=b"stolon caller").hexdigest()


class Watch:
    """Watches requests from their first header to their answer. `clock` gives seconds, monotonic.

    `spans` begins a span for each, within the trace that the client names; None where nothing is traced.
    """

    def __init__(
        self,
        observers: tuple[RequestObserver, ...] = (),
        *,
        spans: Callable[[TraceContext | None], RequestSpan] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._observers = observers
        self._spans = spans
        self._clock = clock
        self.in_flight = 0

    def begin(self, request_id: str, headers: MultiMapping[str]) -> Seen:
        """From here on the running task, which serves nothing else, works for this request. Whoever begins must
        end.
        """
        parent = parsed(headers.getall(HEADER, ()))
        span = None if self._spans is None else self._spans(parent)
        trace = continued(parent) if span is None else span.context
        seen = Seen(request_id, trace, self._clock(), parent is not None, span)
        SEEN.set(seen)
        self.in_flight += 1
        return seen

    def end(self, seen: Seen, status: int, size: int) -> None:
        """The answer is there, or will never be: everybody is told."""
        self.in_flight -= 1
        fact = Handled(
            request_id=seen.request_id,
            trace_id=seen.trace.trace_id,
            operation_name=seen.name,
            operation_kind=seen.kind,
            caller=seen.caller,
            status=status,
            errors=seen.errors,
            calls=seen.calls,
            shared=seen.shared,
            seconds=self._clock() - seen.started,
            bytes=size,
            kept=seen.kept,
        )
        if seen.span is not None:
            seen.span.end(fact)
        for observer in self._observers:
            try:
                observer(fact)
            except Exception:  # noqa: BLE001 - whoever watches must not break what is watched; it is logged
                _log.exception("observer %r failed", type(observer).__name__)
