"""The connections of one service: kept for the next call, and no more than so many.

`adapters/transport/transport.py` takes one for each call and gives it back. The one that was used last goes first,
so that those that a quiet service does not need grow old and are closed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from adapters.transport.connection import Connection


class ClosedError(ConnectionError):
    """The connections were closed: nobody calls the service any more."""


class KeptConnections:
    """At most `most` sockets, those under way included; who wants more waits. An idle one is kept for `seconds`.

    Belongs to the running loop. Every connection that is taken is given back.
    """

    def __init__(self, connect: Callable[[], Awaitable[Connection]], *, most: int, seconds: float) -> None:
        self._connect = connect
        self._most = most
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._idle: deque[tuple[Connection, float]] = deque()  # since when, the oldest first
        self._taken: set[Connection] = set()
        self._places = 0  # taken, or being made
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def idle(self) -> Connection | None:
        """Takes a connection that can be had at once, if there is one."""
        while self._idle:
            connection, since = self._idle.pop()
            if connection.usable and self._loop.time() - since <= self._seconds:
                self._places += 1
                self._taken.add(connection)
                return connection
            connection.end()
        return None

    async def take(self) -> Connection:
        """A connection: an idle one, a new one, or another's when it is given back.

        Raises what making one raises, and `ClosedError` once they are closed.
        """
        connection = self.idle()
        if connection is not None:
            return connection
        if self._places < self._most:
            self._places += 1
        else:
            connection = await self._turn()  # the place comes with it
        if connection is not None:
            if connection.usable:
                return connection
            self._taken.discard(connection)
        return await self._made()

    def give_back(self, connection: Connection) -> None:
        """Keeps the connection, or closes it where it cannot be used again; its place is free."""
        if connection.usable and not self._closed:
            self._free(connection)
        else:
            self._taken.discard(connection)
            connection.end()
            self._free(None)

    async def close(self) -> None:
        """Ends every call with `ClosedError`, and waits until the sockets are closed."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        ending = [*(connection for connection, _ in self._idle), *self._taken]
        self._idle.clear()
        while self._waiters:
            self._free(None)
        for connection in ending:
            connection.end(ClosedError())
        for connection in ending:
            await connection.lost()

    async def _turn(self) -> Connection | None:
        """Waits for a place, and gives the connection that comes with it, if one does."""
        waiter: asyncio.Future[Connection | None] = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():
                self._free(waiter.result())  # it came in the very moment in which it was given up
            elif waiter in self._waiters:
                self._waiters.remove(waiter)
            raise

    async def _made(self) -> Connection:
        try:
            self._refuse_if_closed()
            connection = await self._connect()
            try:
                self._refuse_if_closed()
            except ClosedError:
                connection.end()
                raise
        except BaseException:
            self._free(None)
            raise
        self._taken.add(connection)
        return connection

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise ClosedError

    def _free(self, connection: Connection | None) -> None:
        """A place is free, and maybe a connection: for who waits, in their order, or for who comes."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._places -= 1
        if connection is not None:
            self._taken.discard(connection)
            self._idle.append((connection, self._loop.time()))
            if self._timer is None:
                self._timer = self._loop.call_later(self._seconds, self._grow_old)

    def _grow_old(self) -> None:
        self._timer = None
        oldest = self._loop.time() - self._seconds
        while self._idle and (self._idle[0][1] <= oldest or not self._idle[0][0].usable):
            self._idle.popleft()[0].end()
        if self._idle:
            self._timer = self._loop.call_later(self._idle[0][1] - oldest, self._grow_old)
