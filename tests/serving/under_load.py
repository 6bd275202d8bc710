"""The load generator (`load.py`) beside a test."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

LOAD = Path(__file__).with_name("load.py")


async def under_load(url: str, least: int, meanwhile: Callable[[], Awaitable[None]]) -> dict[str, Any]:
    """What the load generator found while `meanwhile` ran, over at least so many requests."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(LOAD), url, str(least)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"begun\n"
        await meanwhile()
        async with asyncio.timeout(300):
            out, _ = await process.communicate(b"over\n")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    found: dict[str, Any] = json.loads(out)
    return found
