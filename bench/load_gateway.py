"""What the load is put upon: every service of the bundled example as a process of its own, with new databases, and
`stolon serve` over them, which exports its spans. Nothing of it is told that it is measured.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bench.gateway_servers import PROJECTS, ROOT, STOLON
from bench.load_stories import CALLERS, Caller
from examples.parfinanciero.launch import Launched

START_SECONDS = 60
STOP_SECONDS = 30
SERVING = "serving "
# Spans leave soon, and none for want of room: OpenTelemetry's own variables.
EXPORT = {"OTEL_BSP_SCHEDULE_DELAY": "500", "OTEL_BSP_MAX_QUEUE_SIZE": "65536"}


@asynccontextmanager
async def gateway(launched: Launched, otlp: str, folder: Path, workers: int) -> AsyncIterator[str]:
    """`stolon serve` over the launched services: the URL of its graph. Its log goes to `gateway.log` in the folder.

    At the end it has exported all of its spans. Raises RuntimeError where it does not start.
    """
    project = folder / "parfinanciero"
    shutil.copytree(
        PROJECTS["parfinanciero"], project, ignore=shutil.ignore_patterns("__pycache__", "services")
    )
    with (project / "stolon.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[observe]\notlp = "{otlp}"\n')
    log = folder / "gateway.log"
    with log.open("wb") as lines:
        process = await asyncio.create_subprocess_exec(
            *(*STOLON, "--project", str(project), "--port", "0", "--workers", str(workers)),
            stdout=PIPE,
            stderr=lines,
            env={**os.environ, **launched.environ, **EXPORT, "PYTHONPATH": str(ROOT)},
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            said = (await process.stdout.readline()).decode()
        if not said.startswith(SERVING):
            raise RuntimeError(f"stolon serve did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")
        yield f"{said.removeprefix(SERVING).strip()}/graphql"
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def tokens(launched: Launched, session: aiohttp.ClientSession) -> dict[Caller, str]:
    """Each caller's own token, signed by the identity provider, with the scopes that Ana has."""
    found: dict[Caller, str] = {}
    for caller in CALLERS:
        query = {"subject": caller.subject, "tenant": caller.tenant}
        async with session.post(f"{launched.issuer}/internal/tokens/ana", params=query) as response:
            response.raise_for_status()
            found[caller] = str((await response.json())["token"])
    return found
