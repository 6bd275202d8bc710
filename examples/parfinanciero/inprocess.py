"""The whole example within the present process and event loop, on real sockets: for tests.

The same services as `launch.py` starts as processes, with their counters and the identity provider's keys at
hand.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_urlsafe

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from .services import identity
from .services.catalogue import SERVICES
from .services.clients import CLIENTS, Secrets
from .services.counters import COUNTERS
from .services.options import ServiceOptions
from .services.signing import PEOPLE, KeyRing, new_key

NAMES = ("identity", *SERVICES)
KEYED = "notifications"
GRACE_SECONDS = 0.5


class Example:
    """The running services by name: `identity`, `users`, `orders` and so on.

    `secrets` are those of the identity provider's clients by name, and the key that notifications take.
    """

    def __init__(
        self,
        folder: Path,
        slow_seconds: float,
        pause: Callable[[float], Awaitable[None]],
        make_key: Callable[[], rsa.RSAPrivateKey],
        clock: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._slow_seconds = slow_seconds
        self._pause = pause
        self._clock = clock
        self._make_key = make_key
        self.secrets = {name: token_urlsafe(32) for name in (*CLIENTS, KEYED)}
        self._ports: dict[str, int] = {}
        self._running: dict[str, tuple[web.Application, web.AppRunner]] = {}

    def url(self, service: str) -> str:
        """The service's base URL; it stays the same when the service is stopped and started again."""
        return f"http://127.0.0.1:{self._ports[service]}"

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
        urls = {f"{name.upper()}_URL": self.url(name) for name in NAMES}
        secrets = {"GATEWAY_SECRET": self.secrets["gateway"], "NOTIFICATIONS_KEY": self.secrets[KEYED]}
        return urls | secrets

    @property
    def keys(self) -> KeyRing:
        """The identity provider's keys: `sign` any token, `rotate`."""
        return self._running["identity"][0][identity.KEYS]

    def token(self, person: str) -> str:
        """A new token of `ana`, `bruno` or `carla`."""
        return self.keys.sign_for(PEOPLE[person])

    def sign(self, subject: str, tenant: str, scopes: Iterable[str]) -> str:
        """A new token of anybody."""
        return self.keys.sign(subject, tenant, scopes)

    def is_running(self, service: str) -> bool:
        """Whether the service runs now."""
        return service in self._running

    def calls(self, service: str) -> dict[str, int]:
        """Calls by operation id that a running service counted since its start or the last `reset`."""
        return self._running[service][0][COUNTERS].calls()

    def reset(self) -> None:
        """Sets the counters of all running services back."""
        for app, _ in self._running.values():
            app[COUNTERS].reset()

    async def start(self, service: str) -> None:
        """Starts a service, again on the port that it had; an identity provider then has new keys."""
        listener = socket.create_server(("127.0.0.1", self._ports.get(service, 0)))
        self._ports[service] = listener.getsockname()[1]
        app = self._application(service)
        # Like a process of its own, a handler runs to its end when its client goes away.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE_SECONDS)
        try:
            await runner.setup()
            await web.SockSite(runner, listener).start()
        except BaseException:
            await runner.cleanup()
            listener.close()
            raise
        self._running[service] = (app, runner)

    async def stop(self, service: str) -> None:
        """Stops a service: its port then refuses connections."""
        _, runner = self._running.pop(service)
        await runner.cleanup()

    async def stop_all(self) -> None:
        """Stops whatever runs."""
        for service in reversed(list(self._running)):
            await self.stop(service)

    def _application(self, service: str) -> web.Application:
        if service == "identity":
            return identity.create_app(
                identity.IdentityOptions(
                    issuer=self.issuer, make_key=self._make_key, secrets=Secrets(dict(self.secrets))
                )
            )
        options = ServiceOptions(
            database=self._folder / f"{service}.sqlite",
            jwks=self.jwks,
            issuer=self.issuer,
            slow_seconds=self._slow_seconds,
            work_seconds=self._slow_seconds,
            pause=self._pause,
            clock=self._clock,
            storage_url=self._url_or_nothing("storage"),
            expenses_url=self._url_or_nothing("expenses"),
            secret=self.secrets.get(service, ""),
        )
        return SERVICES[service](options)

    def _url_or_nothing(self, service: str) -> str:
        return self.url(service) if service in self._ports else ""


@asynccontextmanager
async def example(
    folder: Path,
    *,
    slow_seconds: float = 30.0,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    make_key: Callable[[], rsa.RSAPrivateKey] = new_key,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Example]:
    """Starts everything on free ports, the databases in `folder`, and stops it at the end.

    `pm_slow` waits by `pause`, which tests may watch or hold; projections take `slow_seconds`, too. `clock` is what
    the rates of notifications go by. `make_key` may hand out a key made before: making one takes a tenth of a second,
    which many tests need not pay.
    """
    running = Example(folder, slow_seconds, pause, make_key, clock)
    try:
        for service in NAMES:
            await running.start(service)
        yield running
    finally:
        await running.stop_all()
