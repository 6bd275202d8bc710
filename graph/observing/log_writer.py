"""Where log lines go: one stream, whole lines, few writes.

`graph/observing/request_log.py` writes a line a request, `graph/observing/log_lines.py` what the libraries and
this project log.
"""

from __future__ import annotations

import asyncio
import select
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

WAIT_SECONDS: Final = 0.01
MOST_WAITING: Final = 512
MOST_AT_ONCE: Final = select.PIPE_BUF * 3 // 4
"""Bytes of one write. Workers write to one pipe, which keeps apart only what is no longer than PIPE_BUF (POSIX,
`write`); the rest of that is for what a worker puts before each line.
"""
Line = Callable[[], bytes]


class Stream(Protocol):
    """A binary stream, such as `sys.stderr.buffer`."""

    def write(self, data: bytes, /) -> object: ...

    def flush(self) -> object: ...


class LineWriter:
    """Writes lines to a stream. `lost` counts those that could not be written: nothing fails for a log.

    The lines of requests wait up to 10 ms, then leave together, for a write of its own costs more than the rest of
    a line; 512 lines wait at most. What is written `now` takes them along. A process that is killed on the spot
    loses those that wait. Each write is of whole lines, and short enough to stay whole between those of others.
    """

    def __init__(self, stream: Stream, wait: float = WAIT_SECONDS, most: int = MOST_WAITING) -> None:
        self._stream = stream
        self._wait = wait
        self._most = most
        self._lock = threading.Lock()
        self._waiting: deque[Line] = deque()  # added to without the lock
        self.lost = 0

    def soon(self, line: Line) -> None:
        """Write the line (without its end), made when it is written, in a moment. Loop's thread only."""
        self._waiting.append(line)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(self._wait, self.flush)
        elif len(self._waiting) >= self._most:
            self.flush()

    def now(self, line: bytes) -> None:
        """Write the line (without its end) at once, after those that wait. From any thread."""
        self._write([line])

    def flush(self) -> None:
        """Write what waits."""
        self._write([])

    def _write(self, more: list[bytes]) -> None:
        with self._lock:
            lines: list[bytes] = []
            while self._waiting:
                lines.append(self._waiting.popleft()())
            lines += more
            for together in _together(lines):
                try:
                    self._stream.write(b"\n".join(together) + b"\n")
                    self._stream.flush()
                except (OSError, ValueError):  # the reader went away, or the stream was closed
                    self.lost += len(together)


def _together(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The lines in groups, each no longer than one write may be, but for a line that is longer alone."""
    group: list[bytes] = []
    size = 0
    for line in lines:
        size += len(line) + 1
        if group and size > MOST_AT_ONCE:
            yield group
            group, size = [], len(line) + 1
        group.append(line)
    if group:
        yield group
