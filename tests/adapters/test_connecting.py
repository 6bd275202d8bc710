"""How connections are made: names, addresses, time, TLS."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohappyeyeballs
import pytest

from adapters.failures import TimedOut, Unavailable
from adapters.messages import Request
from adapters.service import base_url
from adapters.transport import connecting as module
from adapters.transport.connecting import Connecting
from adapters.transport.transport import Transport
from tests.adapters.authority import Authority
from tests.adapters.wire import answer, says, serving
from tests.faults.skipped_time import skipped_time

GET = Request("users", "listUsers", "GET", "/users", safe=True)


class Names:
    """Answers for the system's resolver, and counts."""

    def __init__(self, *hosts: str) -> None:
        self.hosts = hosts
        self.asked = 0

    async def __call__(self, host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        self.asked += 1
        return [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (one, port)) for one in self.hosts
        ]


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """The resolver of this test's loop, which knows nothing yet."""
    made = Names()
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", made)
    return made


def connecting(url: str, *, tls: ssl.SSLContext | None = None) -> Connecting:
    return Connecting(base_url(url), timeout=3.0, answer_limit=100, tls=tls)


@asynccontextmanager
async def secured(folder: Path) -> AsyncIterator[tuple[int, ssl.SSLContext]]:
    """A TLS server for 127.0.0.2, at that address; its port, and who trusts it."""
    authority = Authority(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue("server", host="127.0.0.2"))
    writers: list[asyncio.StreamWriter] = []
    listening = await asyncio.start_server(
        lambda _, writer: writers.append(writer), "127.0.0.2", 0, ssl=context
    )
    yield listening.sockets[0].getsockname()[1], ssl.create_default_context(cafile=str(authority.certificate))
    for writer in writers:
        writer.transport.abort()
    listening.close()
    await listening.wait_closed()


async def peer(made: Connecting) -> str:
    connection = await made()
    assert connection._transport is not None
    host = connection._transport.get_extra_info("peername")[0]
    connection.end()
    await connection.lost()
    return str(host)


async def test_addresses_take_turns_and_are_remembered(names: Names):
    """Each connection begins with the next address; for ten seconds the name is not asked for again."""
    with skipped_time() as skip:
        names.hosts = ("127.0.0.1", "127.0.0.2")
        listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        others = ["127.0.0.2", "127.0.0.3"]
        beside = await asyncio.start_server(lambda _, writer: writer.close(), others, port)
        made = connecting(f"http://users.test:{port}")
        seen = [await peer(made) for _ in range(4)]
        assert (seen[0] == seen[2], seen[1] == seen[3], set(seen), names.asked) == (
            True, True, {"127.0.0.1", "127.0.0.2"}, 1
        )  # fmt: skip
        skip(10.0)
        names.hosts = ("127.0.0.3",)
        assert (await peer(made), names.asked) == ("127.0.0.3", 2)
        for server in (listening, beside):
            server.close()
            await server.wait_closed()


async def test_an_address_needs_no_resolver(names: Names):
    """A base URL with an address asks nobody for it."""
    async with serving(says(answer())) as server:
        assert (await peer(connecting(server.url)), names.asked) == ("127.0.0.1", 0)


async def test_calls_at_once_ask_for_a_name_once(names: Names):
    """The first of many calls asks, and the others wait for what it hears."""
    names.hosts = ("127.0.0.1",)
    async with serving(says(answer())) as server:
        made = connecting(server.url.replace("127.0.0.1", "users.test"))
        assert await asyncio.gather(*(peer(made) for _ in range(5))) == ["127.0.0.1"] * 5
    assert names.asked == 1


async def test_a_name_without_addresses_is_unavailable(names: Names):
    """A resolver that answers with nothing is no connection, and nothing was sent."""
    async with Transport("http://users.test", connections=1, answer_limit=10) as transport:
        with pytest.raises(Unavailable) as caught:
            await transport(GET)
    assert (caught.value.sent, names.asked) == (False, 1)


async def test_ipv6_addresses_are_addresses():
    """An address in brackets is connected to as it is."""
    try:
        listening = await asyncio.start_server(lambda _, writer: writer.close(), "::1", 0)
    except OSError:  # this machine speaks no IPv6: then that is what connecting says
        with pytest.raises(OSError, match=r"\[Errno"):
            await peer(connecting("http://[::1]:9"))
        return
    assert await peer(connecting(f"http://[::1]:{listening.sockets[0].getsockname()[1]}")) == "::1"
    listening.close()
    await listening.wait_closed()


async def test_who_waits_longer_than_the_system_waits_is_unavailable(monkeypatch: pytest.MonkeyPatch):
    """A system that gives up connecting by itself is no connection; only our own bound is a timeout."""

    async def gives_up(*_: object, **__: object) -> socket.socket:
        raise OSError(errno.ETIMEDOUT, "no answer")

    async def waits(*_: object, **__: object) -> socket.socket:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets the event")

    monkeypatch.setattr(aiohappyeyeballs, "start_connection", gives_up)
    async with Transport("http://127.0.0.1:9", connections=1, answer_limit=10) as transport:
        with pytest.raises(Unavailable, match="TimeoutError"):
            await transport(GET)
    monkeypatch.setattr(aiohappyeyeballs, "start_connection", waits)
    async with Transport(
        "http://127.0.0.1:9", connections=1, answer_limit=1, connect_timeout=0.01
    ) as transport:
        with pytest.raises(TimedOut) as caught:
            await transport(GET)
    assert caught.value.sent is False


async def test_addresses_that_refuse_are_tried_once(monkeypatch: pytest.MonkeyPatch, names: Names):
    """Where no address has a connection, none of them is asked for one again."""
    names.hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
    tried: list[int] = []

    async def refused(addresses: list[Any], **_: object) -> socket.socket:
        tried.append(len(addresses))
        raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")

    monkeypatch.setattr(aiohappyeyeballs, "start_connection", refused)
    with pytest.raises(ConnectionRefusedError):
        await peer(connecting("http://users.test"))
    assert tried == [3]


@pytest.mark.parametrize(
    ("told", "gone"),
    [(True, False), (False, True), (False, False)],
    ids=["told", "gone", "written otherwise"],
)
async def test_an_address_without_tls_is_tried_once(
    monkeypatch: pytest.MonkeyPatch, names: Names, tmp_path: Path, told: bool, gone: bool
):
    """One that was connected to and failed is left out of the next try, wherever it stands; where the system does not
    say which that was, each try has one address less.
    """
    tried: list[list[str]] = []
    start = aiohappyeyeballs.start_connection

    async def counted(addresses: list[Any], **more: Any) -> socket.socket:
        tried.append([one[-1][0] for one in addresses])
        return await start(addresses, **more)

    async with secured(tmp_path) as (port, trusted):
        listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.3", port)
        made = connecting(f"https://127.0.0.2:{port}", tls=trusted)
        names.hosts = ("127.0.0.2", "127.0.0.1", "127.0.0.3")
        made._addresses, made._until = list(await names("", port)), float("inf")
        monkeypatch.setattr(aiohappyeyeballs, "start_connection", counted)
        if not told:
            monkeypatch.setattr(module, "_peer", lambda _: None if gone else ("127.0.0.9", port))
        assert await peer(made) == "127.0.0.2"
        listening.close()
        await listening.wait_closed()
    first, without = ["127.0.0.1", "127.0.0.3", "127.0.0.2"], ["127.0.0.1", "127.0.0.2"]
    assert tried == ([first, without] if told else [first, first[1:], first[2:]])


def test_a_socket_that_is_gone_has_no_peer():
    """A service may reset a connection before it is asked whose it is: that is no failure yet."""
    with socket.socket() as never_connected:
        assert module._peer(never_connected) is None


async def test_an_address_that_speaks_no_tls_gives_way_to_the_next(names: Names, tmp_path: Path):
    """Every address is tried until one shakes hands; where none does, the last one's failure is told."""
    async with secured(tmp_path) as (port, trusted):
        listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
        names.hosts = ("127.0.0.1", "127.0.0.2")
        made = connecting(f"https://127.0.0.2:{port}", tls=trusted)
        made._addresses, made._until = list(await names("", port)), float("inf")
        assert [await peer(made) for _ in range(2)] == ["127.0.0.2"] * 2
        stranger = connecting(f"https://127.0.0.2:{port}")
        with pytest.raises(ssl.SSLCertVerificationError):
            await peer(stranger)
        listening.close()
        await listening.wait_closed()
