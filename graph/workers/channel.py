"""What the parent and a worker say to each other: one JSON object a line, over a pair of connected sockets.

`graph/workers/workers.py` holds the parent's end, `graph/workers/worker.py` the other. The end of the channel is
news, too: whoever was at its other end is dead.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final, TypeAlias

import msgspec

from graph.caching.open_caches import DropCall, Dropped

MOST_BYTES: Final = 16 << 20
"""Of one message: figures, by far the longest, have a bounded number of series."""


class Orders(msgspec.Struct, frozen=True):
    """What a worker is started with, in its command line. `sockets` and `channel` are file descriptors that it
    inherits; one that is `patient` accepts connections only when it has what it depends on.
    """

    project: str
    sockets: list[int]
    channel: int
    workers: int
    patient: bool


class Retire(msgspec.Struct, frozen=True, tag="retire"):
    """To a worker: another has taken its place. It serves the connections that it has, then ends."""


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """To a worker: it is to send its `Figures`."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """To the parent: connections are accepted."""


class Wrong(msgspec.Struct, frozen=True, tag="wrong"):
    """To the parent: why the worker could not begin, one line a reason."""

    lines: list[str]


class Family(msgspec.Struct, frozen=True, array_like=True):
    """A family of figures (Prometheus). Each sample: its name, its labels as pairs in order, its value."""

    name: str
    kind: str
    help: str
    samples: list[tuple[str, tuple[tuple[str, str], ...], float]]


class Figures(msgspec.Struct, frozen=True, tag="figures"):
    """To the parent: what a worker has counted, how it finds the integrations (`graph/observing/integrations.py`),
    and whether it has what it depends on.
    """

    families: list[Family]
    integrations: dict[str, Any]
    has_all: bool


class Stale(msgspec.Struct, frozen=True, tag="stale"):
    """To either end: what has one of these tags was dropped from a cache elsewhere, or with None everything."""

    tags: list[str] | None


ToWorker: TypeAlias = Retire | Ask | Stale | DropCall
"""A `DropCall` is answered with `Dropped`, in the order in which they come."""
ToParent: TypeAlias = Ready | Wrong | Figures | Stale | Dropped


class Channel:
    """One end. `read` gives messages of the stated types."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, receives: Any) -> None:
        self._reader = reader
        self._writer = writer
        self._decode = msgspec.json.Decoder(receives).decode

    @classmethod
    async def open(cls, end: socket.socket, receives: Any) -> Channel:
        """The channel over a connected socket, which it owns from now on."""
        reader, writer = await asyncio.open_connection(sock=end, limit=MOST_BYTES)
        return cls(reader, writer, receives)

    def send(self, message: ToWorker | ToParent) -> None:
        """Send a message. To one who is dead it is lost."""
        if not self._writer.is_closing():
            self._writer.write(msgspec.json.encode(message) + b"\n")

    async def read(self) -> Any:
        """The next message, or None where there is nobody at the other end."""
        try:
            line = await self._reader.readline()
        except (ConnectionError, ValueError):  # broken, or a line longer than any may be
            return None
        return self._decode(line) if line.endswith(b"\n") else None

    async def drained(self) -> None:
        """Waits until what was sent is on its way, but for a little; not for one who is dead."""
        try:
            await self._writer.drain()
        except ConnectionError:
            return

    async def close(self) -> None:
        """Send what has not been sent, and close this end."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return  # nobody was there to read it
