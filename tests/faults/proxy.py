"""A TCP proxy that spoils connections: it stands between a client and a service, knows bytes and no HTTP, and does to
each connection what a test says.

Most faults begin at a byte of the answer, so only once the service has really answered: that a request arrived, and
that its answer was lost, is then certain and not a matter of time.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Final, cast

_PIECE: Final = 64 * 1024


class End(Enum):
    """What becomes of a connection once all has passed that may."""

    CLOSE = "a FIN, as a process that exits in order"
    RESET = "an RST, as a process that is killed"
    STALL = "open and silent: what the client says still arrives"
    VANISH = "open, and nobody reads any more: half-open, as by a machine without power"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done to a connection. `answer` and `request` are how many bytes pass, all where None; `end` is what
    happens then. The answer passes through `change`, in pieces of `piece` bytes with `pause` seconds in between.
    `greeting` is said before anybody asks. Where the service ends a connection, so does the proxy, by `end`.
    """

    answer: int | None = None
    request: int | None = None
    end: End = End.CLOSE
    change: Callable[[bytes], bytes] | None = None
    piece: int = _PIECE
    pause: float = 0.0
    greeting: bytes = b""


FAITHFUL: Final = Fault()


def reset(answer: int = 0) -> Fault:
    """An RST after so many bytes of the answer; at 0 the service has answered, and none of it arrives."""
    return Fault(answer=answer, end=End.RESET)


def reset_request(request: int) -> Fault:
    """An RST after so many bytes of the request have gone on to the service."""
    return Fault(request=request, end=End.RESET)


def close(answer: int = 0) -> Fault:
    """A FIN after so many bytes of the answer."""
    return Fault(answer=answer)


def stall(answer: int = 0) -> Fault:
    """Silence after so many bytes of the answer."""
    return Fault(answer=answer, end=End.STALL)


def half_open(answer: int = 0, request: int | None = None) -> Fault:
    """After so many bytes one side is gone, and the other is not told."""
    return Fault(answer=answer, request=request, end=End.VANISH)


def drip(piece: int = 1, pause: float = 0.0) -> Fault:
    """The answer in pieces of so many bytes, so many seconds apart."""
    return Fault(piece=piece, pause=pause)


def garbage(text: bytes = b"\x00\xffSSH-2.0-x\r\n\r\n") -> Fault:
    """These bytes in the place of the first piece of the answer; then a FIN."""
    return Fault(answer=len(text), change=lambda _: text)


def wrong_length(by: int) -> Fault:
    """The answer's head promises so many bytes more than there are, or fewer."""
    return Fault(change=lambda said: _longer(said, by))


def corrupt(at: int) -> Fault:
    """One bit of this byte of the answer's first piece is another."""
    return Fault(
        change=lambda said: said[:at] + bytes([said[at] ^ 1]) + said[at + 1 :] if at < len(said) else said
    )


def greeting(text: bytes) -> Fault:
    """These bytes come before anybody asked."""
    return Fault(greeting=text)


def _longer(said: bytes, by: int) -> bytes:
    head, blank, body = said.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    for at, line in enumerate(lines):
        name, _, length = line.partition(b":")
        if name.lower() == b"content-length":
            lines[at] = b"%b: %d" % (name, int(length) + by)
    return b"\r\n".join(lines) + blank + body


class Proxy:
    """Listens on loopback for the service at a port. The nth connection gets the nth of `faults`, further ones the
    last. `accepted` counts connections, `open` those that neither side has ended; `holding` is set once one of
    them is held in silence, as its fault says.
    """

    def __init__(self, target: int, *faults: Fault) -> None:
        self.accepted = 0
        self.holding = asyncio.Event()
        self._target = target
        self._faults = faults or (FAITHFUL,)
        self._begun = 0
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._server: asyncio.Server | None = None
        # Bound and never listening: the port stays this proxy's own while connections to it are refused.
        self._holder = _bound(0)
        self.port: int = self._holder.getsockname()[1]

    @property
    def open(self) -> int:
        """How many connections there are."""
        return len(self._connections)

    def behave(self, *faults: Fault) -> None:
        """From now on: the next connection gets the first of these, and so on."""
        self._faults, self._begun = faults, 0

    async def listen(self) -> None:
        """Accepts connections."""
        self._server = await asyncio.start_server(self._accept, sock=_bound(self.port))

    def refuse(self) -> None:
        """Refuses connections from now on; those that there are stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def say(self, text: bytes) -> None:
        """Says this to the clients of all connections, unasked."""
        for writer in self._connections.values():
            writer.write(text)

    def cut(self) -> None:
        """Resets all connections."""
        for writer in self._connections.values():
            _reset(writer)

    async def quiet(self) -> None:
        """Waits until no connection is left; raises TimeoutError where one stays for ten seconds."""
        async with asyncio.timeout(10):
            await self._quiet.wait()

    async def stop(self) -> None:
        """Ends everything, and waits for it."""
        self.refuse()
        self._holder.close()
        tasks = tuple(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        fault = self._faults[min(self._begun, len(self._faults) - 1)]
        self._begun += 1
        task = asyncio.create_task(self._between(fault, reader, writer), name=f"proxied {self.accepted}")
        self._connections[task] = writer
        self._quiet.clear()
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._connections[task]
        if not self._connections:
            self._quiet.set()
        if not task.cancelled():
            task.result()  # a fault of the proxy itself is told by the loop

    async def _between(
        self, fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            writer.write(fault.greeting)
            service, to_service = await asyncio.open_connection("127.0.0.1", self._target)
            try:
                await _both(fault, (reader, writer), (service, to_service), self.holding)
            finally:
                to_service.transport.abort()
        finally:
            writer.close()


async def _both(
    fault: Fault,
    client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    service: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    holding: asyncio.Event,
) -> None:
    """Passes both ways until one of them ends; then does what the fault says, and holds on as long as it says."""
    up = asyncio.create_task(_pass(client[0], service[1], fault.request))
    down = asyncio.create_task(_answer(service[0], client[1], fault))
    try:
        done, _ = await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        if not any(one.result() for one in done):
            return
        if fault.end is End.VANISH:
            cast(asyncio.Transport, client[1].transport).pause_reading()
            service[1].transport.abort()
            holding.set()
            await asyncio.Event().wait()
        if fault.end is End.STALL:
            holding.set()
            await up  # until the client goes
        if fault.end is End.RESET:
            _reset(client[1])
    finally:
        up.cancel()
        down.cancel()
        await asyncio.gather(up, down, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, bound: int | None) -> bool:
    """Passes bytes on, so many at most; whether it was the bound that ended it, and not who spoke."""
    left = bound
    try:
        while left is None or left > 0:
            piece = await reader.read(_PIECE if left is None else min(left, _PIECE))
            if not piece:
                return False
            writer.write(piece)
            await writer.drain()
            left = None if left is None else left - len(piece)
    except ConnectionError:
        return False
    return True


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault) -> bool:
    """Passes the answer on as the fault says; whether the fault ended it, or the service did by the fault's end."""
    left, change = fault.answer, fault.change
    try:
        while said := await reader.read(_PIECE):
            said, change = said if change is None else change(said), None
            said = said if left is None else said[:left]
            left = None if left is None else left - len(said)
            for at in range(0, len(said), fault.piece):
                writer.write(said[at : at + fault.piece])
                await writer.drain()
                await asyncio.sleep(fault.pause)
            if left == 0:
                return True
    except ConnectionError:
        return False
    return fault.answer is None


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made


def _reset(writer: asyncio.StreamWriter) -> None:
    # Without lingering, closing a socket is an RST and no FIN; `abort` alone would be either, by what was read.
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def port_of(url: str) -> int:
    """The port that a URL names at its end."""
    return int(url.rpartition(":")[2])


@asynccontextmanager
async def proxied(url: str, *faults: Fault) -> AsyncIterator[Proxy]:
    """A listening proxy before the service at this URL."""
    proxy = Proxy(port_of(url), *faults)
    try:
        await proxy.listen()
        yield proxy
    finally:
        await proxy.stop()
