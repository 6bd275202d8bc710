"""Where an application stands between its first request and its last, and the keys that its parts lie under.

`graph/serving/server.py` puts them there; `graph/serving/served.py` begins the life of an application and ends it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from aiohttp import web

from graph.http.streams import Streams
from graph.http.whole_answer import Replying
from graph.serving.running import Running
from graph.settings.limits import Limits


@dataclass(slots=True)
class Life:
    """Where an application stands between start and stop. `depends_on` says whether what it needs is there.

    `drain` is how long running requests may take to end, in seconds; `ends_at` when they must have, on the
    loop's clock.
    """

    depends_on: Callable[[], bool]
    drain: float
    is_serving: bool = False
    ends_at: float | None = None

    @property
    def is_ready(self) -> bool:
        """True from the first moment of listening to the signal to stop, while all that is needed is
        there.
        """
        return self.is_serving and self.ends_at is None and self.depends_on()

    def stop(self, now: float) -> None:
        """Begins the drain, once."""
        self.ends_at = now + self.drain if self.ends_at is None else self.ends_at


class Endpoint(NamedTuple):
    """Where GraphQL is answered, and by what."""

    path: str
    replying: Replying


ENDPOINT: Final = web.AppKey("endpoint", Endpoint)
LIFE: Final = web.AppKey("life", Life)
RUNNING: Final = web.AppKey("running", Running)
STREAMS: Final = web.AppKey("streams", Streams)
LIMITS: Final = web.AppKey("limits", Limits)
