"""A project read anew while it is served: another application takes the place of the one before, or nothing
changes and every mistake is told.

`graph/app.py` has `on_hangup` run beside the server; `graph/serving/develop.py` reloads when files change. Reading
and binding happen in a thread, so that requests go on; `graph/serving/served.py` changes over between two requests.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from aiohttp import web

from adapters.mistake import ProjectError
from graph.serving.collector import settle
from graph.serving.served import NotReady, Served
from graph.serving.server import hangups

_log: Final = logging.getLogger("stolon.reload")


class Loaded(Protocol):
    """A project that was read: an `App`."""

    def application(self) -> web.Application: ...


async def reload(served: Served, load: Callable[[], Loaded]) -> tuple[str, ...]:
    """Serve what `load` gives, from now on; or go on, and say why, one line a mistake. `load` is called in a
    thread.
    """
    try:
        loaded = await asyncio.to_thread(load)
        await served.replace(loaded.application())
    except ProjectError as error:
        return lines(error)
    except NotReady as reason:
        return (f"the project as it is now cannot be served: {reason}",)
    except Exception as error:  # noqa: BLE001 - whatever a new project causes, the one before goes on
        _log.exception("a reload failed unforeseen")
        return (f"the project as it is now cannot be served: {type(error).__name__}",)
    return ()


def lines(error: ProjectError) -> tuple[str, ...]:
    """Each mistake in one line, as `stolon check` tells them."""
    return tuple(" ".join(str(mistake).splitlines()) for mistake in error.mistakes)


async def on_hangup(served: Served, load: Callable[[], Loaded]) -> None:
    """Reload on every SIGHUP, until cancelled. Those that come during a reload are one more, after it."""
    with hangups() as asked:
        while True:
            await asked.wait()
            asked.clear()
            _log.info("reloading the project")
            wrong = await reload(served, load)
            for line in wrong:
                _log.error("%s", line)
            if wrong:
                _log.error("the project was not reloaded: what was served before is served on")
            else:
                settle()
                _log.info("the project was reloaded")
