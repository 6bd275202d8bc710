"""Where log lines go: one stream, whole lines, few writes.

`graph/request_log.py` writes a line a request, `graph/log_lines.py` what the libraries and this project log.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Protocol


class Stream(Protocol):
    """A binary stream, such as `sys.stderr.buffer`."""

    def write(self, data: bytes, /) -> object: ...

    def flush(self) -> object: ...


class LineWriter:
    """Writes lines to a stream. `lost` counts those that could not be written: nothing fails for a log.

    The lines of one turn of the loop leave in one write, at its end; so no more than these wait.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._waiting: list[bytes] = []
        self.lost = 0

    def soon(self, line: bytes) -> None:
        """Write the line (without its end) when this turn of the running loop ends. Loop's thread only."""
        self._waiting.append(line)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self.flush)

    def now(self, line: bytes) -> None:
        """Write the line (without its end) at once, after those that wait. From any thread."""
        self._write([line])

    def flush(self) -> None:
        """Write what waits."""
        self._write([])

    def _write(self, more: list[bytes]) -> None:
        with self._lock:
            lines, self._waiting = [*self._waiting, *more], []
            if not lines:
                return
            try:
                self._stream.write(b"\n".join(lines) + b"\n")
                self._stream.flush()
            except (OSError, ValueError):  # the reader went away, or the stream was closed
                self.lost += len(lines)
