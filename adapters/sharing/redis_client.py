"""The one place that knows redis-py: connecting, running scripts, listening; its exceptions are translated here.

`adapters/sharing/redis_connection.py` decides when; nothing here waits for longer than it is told, repeats, or
keeps a state of its own. The library is imported when a client is made: a project without a shared store does
without it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from adapters.credentials.secrets import KeptSecret, NoSecret
from adapters.facts import Clock
from adapters.sharing.redis_address import RedisAddress

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection

MOST_CONNECTIONS: Final = 16
CONNECT: Final = 1.0
"""Seconds in which a connection is made, or closed."""


class StoreFailed(Exception):
    """The server did not answer, or not usably. The message is a word or two for people, and holds no address."""


class StoreSilent(StoreFailed):
    """There was no answer within the time."""


class StoreRefused(StoreFailed):
    """The server is there, and said no: its memory is full, the user may not, or it does not know a command."""


class Script:
    """A Lua script, run by its digest. The server runs it whole before anything else."""

    __slots__ = ("name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text


class _Password:
    """Whom a new connection enters as: the password as its file is now (redis-py's CredentialProvider)."""

    def __init__(self, user: str | None, secret: KeptSecret, missing: type[Exception]) -> None:
        self._user = user
        self._secret = secret
        self._missing = missing  # of redis-py's own: it closes a connection that nobody entered for no other

    def get_credentials(self) -> tuple[str, ...]:
        try:
            text = self._secret.current()
        except NoSecret:
            raise self._missing("no password") from None
        return (text,) if self._user is None else (self._user, text)

    async def get_credentials_async(self) -> tuple[str, ...]:
        return self.get_credentials()


class RedisClient:
    """Connections to one server, at most `MOST_CONNECTIONS`, made as they are needed.

    Every method raises StoreFailed, or a kind of it, and nothing of redis-py's.
    """

    def __init__(self, address: RedisAddress, clock: Clock) -> None:
        from redis.asyncio import BlockingConnectionPool, Connection, Redis, SSLConnection
        from redis.exceptions import AuthenticationError, RedisError, ResponseError

        self._errors: tuple[type[BaseException], ...] = (RedisError, OSError, TimeoutError)
        self._said_no: type[BaseException] = ResponseError
        more: dict[str, Any] = {}
        if address.password is not None:
            secret = KeptSecret(address.password, clock)
            more["credential_provider"] = _Password(address.user, secret, AuthenticationError)
        if address.tls:
            more |= {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
            more["ssl_min_version"] = ssl.TLSVersion.TLSv1_2
            if address.authority is not None:
                more["ssl_ca_certs"] = str(address.authority)
        pool = BlockingConnectionPool(
            max_connections=MOST_CONNECTIONS,
            timeout=None,  # whoever waits is ended by its own bound
            connection_class=SSLConnection if address.tls else Connection,
            host=address.host,
            port=address.port,
            db=address.database,
            protocol=2,
            socket_timeout=None,  # a bound for each command is set from outside, once
            socket_connect_timeout=CONNECT,
            **more,
        )
        self._pool = pool
        self._redis = Redis.from_pool(pool)
        self._scripts: dict[str, Any] = {}

    async def run(
        self, script: Script, keys: Sequence[bytes], arguments: Sequence[bytes | int], seconds: float
    ) -> Any:
        """What the script answers, within so many seconds."""
        prepared = self._scripts.get(script.name)
        if prepared is None:
            prepared = self._scripts[script.name] = self._redis.register_script(script.text)
        try:
            async with asyncio.timeout(seconds):
                return await prepared(keys=keys, args=arguments)
        except self._errors as error:
            raise self._translated(error) from None

    async def server(self) -> str | None:
        """What tells the server's process from one before it, or after a failover; None where it does not say."""
        try:
            async with asyncio.timeout(CONNECT):
                told = await self._redis.info("server")
        except self._errors as error:
            failure = self._translated(error)
            if isinstance(failure, StoreRefused):
                return None
            raise failure from None
        return told.get("run_id")

    async def subscribe(self, channel: bytes) -> Subscription:
        """Listen to what is published there; a connection of its own."""
        connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            async with asyncio.timeout(CONNECT):
                await connection.connect()  # type: ignore[no-untyped-call]
                await connection.send_command(b"SUBSCRIBE", channel)
                await connection.read_response()
        except self._errors as error:
            await _hang_up(connection)
            raise self._translated(error) from None
        except BaseException:
            await _hang_up(connection)
            raise
        return Subscription(connection, self._errors, self._translated)

    def _translated(self, error: BaseException) -> StoreFailed:
        if isinstance(error, self._said_no):
            # The first word of an error is its kind (`OOM`, `NOPERM`); the rest may repeat what was sent.
            kind = str(error).partition(" ")[0] if error.args else ""
            return StoreRefused(kind if kind.isalpha() and kind.isupper() else type(error).__name__)
        if isinstance(error, TimeoutError):
            return StoreSilent(type(error).__name__)
        return StoreFailed(type(error).__name__)

    async def close(self) -> None:
        """Closes all connections. Raises nothing."""
        with suppress(*self._errors):
            async with asyncio.timeout(CONNECT):
                await self._redis.aclose()
                await self._pool.aclose()


class Subscription:
    """A connection that listens. It is never made anew behind the caller's back: what is lost is lost, and told."""

    def __init__(
        self, connection: AbstractConnection, errors: tuple[type[BaseException], ...], translated: Any
    ) -> None:
        self._connection = connection
        self._errors = errors
        self._translated = translated

    async def heard(self, seconds: float) -> bytes | str | None:
        """What is heard within so many seconds: a message's bytes; an empty text for any other sign of life; None
        for silence. Raises StoreFailed.
        """
        try:
            said = await self._connection.read_response(timeout=seconds, disconnect_on_error=False)
        except self._errors as error:
            raise self._translated(error) from None
        if said is None:
            return None
        if isinstance(said, list) and said[0] == b"message":
            return bytes(said[2])
        return ""

    async def ping(self) -> None:
        """Asks for a sign of life, which `heard` hears. Raises StoreFailed."""
        if not self._connection.is_connected:
            raise StoreFailed("ConnectionError")
        try:
            async with asyncio.timeout(CONNECT):
                await self._connection.send_command(b"PING", check_health=False)
        except self._errors as error:
            raise self._translated(error) from None

    async def close(self) -> None:
        """Ends it. Raises nothing."""
        await _hang_up(self._connection)


async def _hang_up(connection: AbstractConnection) -> None:
    await connection.disconnect(nowait=True)
