"""Node for the tests of protocols: the clients of `package.json`, installed once, and scenarios over them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SECONDS = 60


def installed(source: Path = HERE, name: str = "protocol-clients") -> Path:
    """The folder of node modules, installed by npm from the lock file in `source` into a cache of the user, under
    `name`.

    Skips where there is no node or npm.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are needed to drive the server with its clients' own libraries")
    lock = (source / "package-lock.json").read_bytes()
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stolon"
    folder = caches / f"{name}-{hashlib.sha256(lock).hexdigest()[:16]}"
    if (folder / "node_modules").is_dir():
        return folder / "node_modules"
    caches.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=caches) as fresh:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(source / file, fresh)
        subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=fresh,
            check=True,
            timeout=300,
        )
        try:
            # Whole or not at all, should two runs install at once.
            Path(fresh).rename(folder)
        except OSError:
            if not (folder / "node_modules").is_dir():
                raise
        else:
            Path(fresh).mkdir()
    return folder / "node_modules"


@dataclass(frozen=True)
class Node:
    """Runs scenarios in a folder where the modules are found."""

    folder: Path

    async def start(self, scenario: str, **given: Any) -> asyncio.subprocess.Process:
        """A scenario under way: JavaScript that may use what `clients.mjs` has."""
        text = (HERE / "clients.mjs").read_text(encoding="utf-8") + scenario + "\nprocess.exit(0);\n"
        file = self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.mjs"
        file.write_text(text, encoding="utf-8")
        return await asyncio.create_subprocess_exec(
            "node",
            str(file),
            json.dumps(given),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=1 << 24,
        )

    async def run(self, scenario: str, **given: Any) -> list[Any]:
        """What the scenario said, line by line. Fails where it fails."""
        process = await self.start(scenario, **given)
        try:
            async with asyncio.timeout(SECONDS):
                out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, err.decode()
        return [json.loads(line) for line in out.decode().splitlines()]
