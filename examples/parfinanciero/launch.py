"""The whole example as processes of their own: the identity provider and every service. The demo starts it.

This file imports nothing of its neighbours, so that it may be loaded by its path as well as imported.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe
from typing import cast

import aiohttp

SERVICES_FOLDER = Path(__file__).resolve().parent / "services"
NAMES = (
    *("identity", "users", "orders", "payments"),
    *("expenses", "storage", "projections", "reports", "notifications"),
)
CALLS = {"expenses": "storage", "projections": "expenses"}
"""Who calls whom: a service is told the address of the one that it calls."""
CLIENTS = ("gateway", "expenses", "projections")
"""Who gets tokens of its own from the identity provider, each for a secret."""
KEYED = "notifications"
"""The service that takes a key."""
PEOPLE = ("ana", "bruno", "carla")
START_SECONDS = 30.0
STOP_SECONDS = 5.0
LISTENING = "listening "


class LaunchError(Exception):
    """A service did not start, or the identity provider gave no token."""


@dataclass(slots=True)
class Service:
    """One service. `command` starts it again on the same port, by whomever; `pid` is that of its latest
    start.
    """

    name: str
    url: str
    command: tuple[str, ...]
    process: Process = field(repr=False)

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether the process that was started last still runs."""
        return self.process.returncode is None


@dataclass(slots=True)
class Launched:
    """The running example: its services by name and the callers' tokens (`ana`, `bruno`, `carla`).

    `secrets` are made anew at each launch: those of the identity provider's clients by their names, and the key that
    notifications take.
    """

    services: dict[str, Service] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)

    def url(self, service: str) -> str:
        """The base URL of a service; it stays the same when the service is stopped and started again."""
        return self.services[service].url

    @property
    def issuer(self) -> str:
        """What tokens say in `iss`: the identity provider's URL."""
        return self.url("identity")

    @property
    def jwks(self) -> str:
        """The URL of the identity provider's keys."""
        return f"{self.issuer}/.well-known/jwks.json"

    @property
    def environ(self) -> dict[str, str]:
        """What `stolon.toml` takes from its environment: where the services are, and the gateway's secrets."""
        urls = {f"{name.upper()}_URL": service.url for name, service in self.services.items()}
        secrets = {"GATEWAY_SECRET": self.secrets["gateway"], "NOTIFICATIONS_KEY": self.secrets[KEYED]}
        return urls | secrets

    async def stop(self, service: str) -> None:
        """Stops a service (SIGTERM, and SIGKILL for one that does not heed it); its port then refuses
        connections.
        """
        await _end(self.services[service].process)

    async def start(self, service: str) -> None:
        """Starts a stopped service again, on the same port and database. Raises `LaunchError`."""
        stopped = self.services[service]
        if stopped.running:
            raise LaunchError(f"{service} is running already")
        stopped.process, _ = await _begin(service, stopped.command)

    async def stop_all(self) -> None:
        """Stops whatever runs, all at the same time."""
        await asyncio.gather(*(_end(service.process) for service in self.services.values()))


@asynccontextmanager
async def launch(
    folder: Path,
    *,
    ports: Mapping[str, int] | None = None,
    slow_seconds: float = 30.0,
    access_log: bool = False,
) -> AsyncIterator[Launched]:
    """Starts everything, the databases in `folder`, on the `ports` given by service name, or on free ones.

    Everything is stopped at the end, also when the block raises; should this very process be killed, the
    services end by themselves. Raises `LaunchError` when a service does not start.
    """
    launched = Launched(secrets={name: token_urlsafe(32) for name in (*CLIENTS, KEYED)})
    try:
        ports = ports or {}
        more = ["--access-log"] if access_log else []
        # In files, because a command line is for everybody to see, and the commands are printed.
        kept = _kept(folder / "secrets", launched.secrets)
        options = ["--secrets", str(kept), *more]
        launched.services["identity"] = await _first_start("identity", ports.get("identity", 0), options)
        listening = {name: asyncio.Event() for name in NAMES}

        async def start(name: str) -> None:
            options = ["--database", str(folder / f"{name}.sqlite")]
            options += ["--jwks", launched.jwks, "--issuer", launched.issuer, *more]
            if name == "payments":
                options += ["--slow-seconds", str(slow_seconds)]
            if name in launched.secrets:
                options += ["--secret-file", str(kept / f"{name}.secret")]
            try:
                if (called := CALLS.get(name)) is not None:
                    await listening[called].wait()
                    if called not in launched.services:
                        return
                    options += [f"--{called}-url", launched.url(called)]
                launched.services[name] = await _first_start(name, ports.get(name, 0), options)
            finally:
                # Also after a failure: nobody shall wait for it.
                listening[name].set()

        # All are waited for, also after a failure, so that those that did start are known and can be stopped.
        outcomes = await asyncio.gather(*map(start, NAMES[1:]), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome
        # In one order at every start, whichever listened first.
        launched.services = {name: launched.services[name] for name in NAMES}
        launched.tokens = await _tokens(launched.issuer)
        yield launched
    finally:
        # Shielded: a second interrupt must not leave processes behind.
        await asyncio.shield(launched.stop_all())


def _kept(folder: Path, secrets: Mapping[str, str]) -> Path:
    """The folder, with a file NAME.secret for each secret that only this user may read."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, secret in secrets.items():
        file = folder / f"{name}.secret"
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(secret)
    return folder


async def _first_start(name: str, port: int, options: list[str]) -> Service:
    program = (sys.executable, str(SERVICES_FOLDER), name)
    process, url = await _begin(name, (*program, "--port", str(port), *options))
    return Service(name, url, (*program, "--port", url.rpartition(":")[2], *options), process)


async def _begin(name: str, command: tuple[str, ...]) -> tuple[Process, str]:
    """The started process and the URL that it says it listens on."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, env={**os.environ, "PARFINANCIERO_STOP_WITH_INPUT": "1"}
    )
    output = cast("asyncio.StreamReader", process.stdout)  # There is one, because a pipe was asked for.
    try:
        line = (await asyncio.wait_for(output.readline(), START_SECONDS)).decode()
        if not line.startswith(LISTENING):
            # Its output has ended, so it ends by itself; a signal now could get in the way of its exit code.
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            raise LaunchError(f"{name} did not start (exit code {process.returncode})")
    except TimeoutError:
        await _end(process)
        raise LaunchError(f"{name} did not start within {START_SECONDS:g} seconds") from None
    except BaseException:
        await asyncio.shield(_end(process))
        raise
    return process, line.removeprefix(LISTENING).strip()


async def _end(process: Process) -> None:
    """Ends a process and waits for it; one that has ended already is no error."""
    if process.returncode is not None:
        return
    if process.stdin is not None:
        process.stdin.close()
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _tokens(identity: str) -> dict[str, str]:
    tokens: dict[str, str] = {}
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            for person in PEOPLE:
                async with session.post(f"{identity}/internal/tokens/{person}") as response:
                    response.raise_for_status()
                    tokens[person] = cast("dict[str, str]", await response.json())["token"]
    except (aiohttp.ClientError, TimeoutError) as error:
        raise LaunchError(f"the identity provider gave no token: {error}") from error
    return tokens
