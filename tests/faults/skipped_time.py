"""Time that a test lets pass at once: deadlines end when the test says so, however busy the machine is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock


@contextmanager
def skipped_time() -> Iterator[Callable[[float], None]]:
    """What is given moves the running loop's clock on by so many seconds; timers that are due then run next."""
    loop = asyncio.get_running_loop()
    real, skipped = loop.time, 0.0

    def skip(seconds: float) -> None:
        nonlocal skipped
        skipped += seconds

    with mock.patch.object(loop, "time", lambda: real() + skipped):  # noqa: PT008 - it is not always the same
        yield skip
