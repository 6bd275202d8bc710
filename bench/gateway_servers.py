"""The servers that the benchmark compares, each a process of its own on the first core; the upstream and the load are
on another where there is one.

`Measured` is what one stretch of load says of one server.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from bench.front_door import cpu_seconds
from bench.gateway_load import asked, rushed
from bench.gateway_upstream import Told

ROOT: Final = Path(__file__).resolve().parent.parent
BENCH: Final = ROOT / "bench"
PROJECTS: Final = {"posts": BENCH / "posts", "parfinanciero": ROOT / "examples" / "parfinanciero"}
STOLON: Final = (sys.executable, "-P", "-c", "from graph.cli import main; main()", "serve")
PLAIN: Final = {
    "posts": (sys.executable, str(BENCH / "plain_strawberry.py")),
    "parfinanciero": (sys.executable, str(BENCH / "plain_parfinanciero.py")),
}
START_SECONDS: Final = 60.0
_PEAK: Final = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
# Nobody checks the tokens of the posts: they are as long as real ones, and no two of them are alike.
MADE_UP: Final = tuple(f"eyJhbGciOiJIUzI1NiJ9.{'bench' * 9}.{number:043d}" for number in range(997))


@dataclass(frozen=True, slots=True)
class Measured:
    """One stretch: CPU milliseconds (user and system) for each answered request, requests a second, and the
    server's peak memory in MiB.
    """

    cpu: float
    rate: float
    peak: float


class Process:
    """A process that is stopped with the stack; `core` is the one that it stays on, as far as there are such."""

    def __init__(
        self, command: tuple[str, ...], environ: Mapping[str, str], core: int, log: Path, stack: ExitStack
    ) -> None:
        with log.open("wb") as told:
            self._process = subprocess.Popen(  # noqa: S603 - the bench's own
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
                env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
            )
        stack.callback(self.stop)
        on(core, self._process.pid)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._process.poll() is not None

    def line(self) -> bytes:
        """The next line of its output, none where it has ended."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def stop(self) -> None:
        """End it: its stdin ends, and what does not heed that is told to."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)
        self._process.stdout.close()


def on(core: int, pid: int) -> None:
    """Keep a process on one core, where there are two of them and the system can."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(pid))
        if len(cores) > 1:
            os.sched_setaffinity(pid, {cores[core]})


def upstream(kind: str, folder: Path, stack: ExitStack) -> Told:
    """The upstream for `posts` or `parfinanciero`, running."""
    log = folder / f"{kind}-upstream.log"
    process = Process((sys.executable, str(BENCH / "gateway_upstream.py"), kind), {}, 1, log, stack)
    line = process.line()
    if not line:
        raise RuntimeError(f"the upstream did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")
    return msgspec.json.decode(line, type=Told)


def in_reference_lane(project: Path, folder: Path) -> Path:
    """A copy of the project that graphql-core executes alone."""
    made = folder / f"{project.name}-reference"
    shutil.copytree(project, made, ignore=shutil.ignore_patterns("__pycache__", "services"))
    settings = made / "stolon.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[graph]\n", '[graph]\nlane = "reference"\n', 1), encoding="utf-8")
    return made


def command_of(variant: str, kind: str, port: int, folder: Path) -> tuple[str, ...]:
    """How a variant is started for the project `kind`: `fast`, `reference` or `strawberry`."""
    if variant == "strawberry":
        return (*PLAIN[kind], str(port))
    project = PROJECTS[kind] if variant == "fast" else in_reference_lane(PROJECTS[kind], folder)
    return (*STOLON, "--project", str(project), "--port", str(port))


class Server:
    """A variant that serves. Raises RuntimeError where it does not come to that."""

    def __init__(self, variant: str, kind: str, told: Told, folder: Path, stack: ExitStack) -> None:
        self.variant = variant
        self._tokens = told.tokens or MADE_UP
        self.port = free_port()
        log = folder / f"{kind}-{variant}.log"
        self._process = Process(command_of(variant, kind, self.port, folder), told.environ, 0, log, stack)
        until = time.monotonic() + START_SECONDS
        while not listens(self.port):
            if self._process.ended or time.monotonic() > until:
                raise RuntimeError(f"{variant} did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.05)

    async def answer(self, session: aiohttp.ClientSession, body: bytes, number: int = 0) -> bytes:
        """One answer to the caller of so many."""
        token = self._tokens[number % len(self._tokens)]
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        url = f"http://127.0.0.1:{self.port}/graphql"
        async with session.post(url, data=body, headers=headers) as response:
            return await response.read()

    def measured(self, body: bytes, seconds: float, connections: int) -> Measured:
        """What a stretch of load says. The peak is that of this stretch."""
        _forget_peak(self._process.pid)
        before = cpu_seconds(self._process.pid)
        done = asyncio.run(asked(self.port, body, self._tokens, seconds / 2, connections))
        spent = cpu_seconds(self._process.pid) - before
        rush = rushed(self.port, body, self._tokens, seconds / 2, connections) or done
        return Measured(spent * 1e3 / done.requests, rush.requests / rush.seconds, _peak(self._process.pid))


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody listens on this port of loopback."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def _forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text(
        "5", encoding="ascii"
    )  # proc(5): resets VmHWM to what it has now


def _peak(pid: int) -> float:
    found = _PEAK.search(Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    return int(found[1]) / 1024 if found else float("nan")
