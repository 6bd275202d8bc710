"""A worker as its parent has it: a process of its own, and the parent's end of the channel.

`graph/workers/workers.py` starts them for `graph/workers/supervisor.py`; `graph/workers/worker.py` is what runs in
the process.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from graph.caching.open_caches import DropCall, Dropped
from graph.workers.channel import Ask, Channel, Figures, Orders, Ready, Retire, Stale, ToParent, Wrong
from graph.workers.relay import Relay
from graph.workers.supervisor import NotStarted

START_SECONDS: Final = 60.0
FIGURES_SECONDS: Final = 2.0
DROP_SECONDS: Final = 5.0
_ROOT: Final = Path(__file__).resolve().parents[2]
_MAIN: Final = (
    "import sys; sys.path.append(sys.argv[1]); from graph.workers.worker import main; main(sys.argv[2])"
)
_log: Final = logging.getLogger("stolon.workers")


class WorkerProcess:
    """A worker that serves. `figures` are the last that it sent."""

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel) -> None:
        self.pid = process.pid
        self.figures: Figures | None = None
        self._process = process
        self._channel = channel
        self._asked: asyncio.Future[None] | None = None
        self._relay = Relay(channel)
        self._on_stale: Callable[[WorkerProcess, tuple[str, ...] | None], None] | None = None
        self._drops: deque[asyncio.Future[Dropped | None]] = deque()
        self._silent = False
        self._over: asyncio.Task[int] | None = None

    @classmethod
    async def begun(
        cls,
        project: Path,
        sockets: Sequence[socket.socket],
        workers: int,
        *,
        patient: bool,
        on_end: Callable[[WorkerProcess], None],
        on_stale: Callable[[WorkerProcess, tuple[str, ...] | None], None],
    ) -> WorkerProcess:
        """One of so many workers, when it serves. `on_end` is told when it has ended, `on_stale` what it dropped from
        its cache. Raises `NotStarted`; the process has ended then.
        """
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            fds = [one.fileno() for one in sockets]
            orders = Orders(str(project), fds, theirs.fileno(), workers, patient)
            process = await asyncio.create_subprocess_exec(
                # Without the current folder in its path, as the installed command is, but with what this is of.
                *(sys.executable, "-P", "-c", _MAIN, str(_ROOT), msgspec.json.encode(orders).decode()),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=[*fds, theirs.fileno()],
                start_new_session=True,  # Ctrl-C and the terminal's hang-up are the parent's to pass on
            )
        worker = cls(process, await Channel.open(ours, ToParent))
        worker._on_stale = on_stale
        await worker._begin(on_end)
        return worker

    async def _begin(self, on_end: Callable[[WorkerProcess], None]) -> None:
        said = [f"worker {self.pid} was not ready within {START_SECONDS:g} seconds"]
        try:
            async with asyncio.timeout(START_SECONDS):
                message = await self._channel.read()
        except TimeoutError:
            message = Wrong(said)
        except asyncio.CancelledError:
            await self._given_up()
            raise
        if isinstance(message, Ready):
            self._over = asyncio.create_task(self._follow())
            self._over.add_done_callback(lambda _: on_end(self))
            return
        code = await self._given_up()
        if not isinstance(message, Wrong):
            message = Wrong([f"worker {self.pid} ended before it served ({code})"])
        raise NotStarted(message.lines)

    async def _given_up(self) -> int:
        if self._process.returncode is None:
            self.kill()
        await self._channel.close()
        return await self._process.wait()

    async def _follow(self) -> int:
        while (message := await self._channel.read()) is not None:
            match message:
                case Figures():
                    self.figures = message
                    if self._asked is not None and not self._asked.done():
                        self._asked.set_result(None)
                case Stale(tags) if self._on_stale is not None:
                    self._on_stale(self, None if tags is None else tuple(tags))
                case Dropped():
                    self._answered(message)
        self._silent = True
        while self._drops:
            self._answered(None)
        await self._relay.close()
        await self._channel.close()
        return await self._process.wait()

    def _answered(self, said: Dropped | None) -> None:
        waiter = self._drops.popleft() if self._drops else None
        if waiter is not None and not waiter.done():
            waiter.set_result(said)

    def tell(self, tags: tuple[str, ...] | None) -> None:
        """Others dropped these tags from their caches; None is for everything."""
        self._relay.tell(tags)

    async def drop(self, call: DropCall) -> Dropped | None:
        """What it says to a call of the second address; None where it has ended, and its cache with it."""
        if self._silent:
            return None
        waiter: asyncio.Future[Dropped | None] = asyncio.get_running_loop().create_future()
        self._drops.append(waiter)
        self._channel.send(call)
        done, _ = await asyncio.wait({waiter}, timeout=DROP_SECONDS)
        if done:
            return waiter.result()
        waiter.cancel()  # its answer may come yet, in its turn
        return Dropped(504, "A worker did not answer in time: it may have dropped nothing yet.")

    async def ask(self) -> Figures | None:
        """What it has counted until now; what it said before, if it does not answer within two seconds."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.get_running_loop().create_future()
            self._channel.send(Ask())
        await asyncio.wait({self._asked}, timeout=FIGURES_SECONDS)
        return self.figures

    def retire(self) -> None:
        """Have it serve the connections that it has, and end."""
        self._channel.send(Retire())

    def stop(self, number: signal.Signals) -> None:
        """Have it end soon: SIGINT sooner than SIGTERM."""
        try:
            self._process.send_signal(number)
        except ProcessLookupError:
            _log.debug("worker %d has ended", self.pid)

    def kill(self) -> None:
        """End it at once."""
        self.stop(signal.SIGKILL)

    async def ended(self) -> int:
        """Its exit code, negative for a signal, when it has ended."""
        assert self._over is not None  # it has begun
        return await asyncio.shield(self._over)
