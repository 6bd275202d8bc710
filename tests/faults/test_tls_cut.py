"""TLS behind the proxy: cut at many bytes, spoilt, or not TLS at all."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.transport.transport import Transport
from tests.adapters.authority import Authority
from tests.adapters.wire import answer
from tests.faults.calls import LOST, POST, SPOILT, UNREACHED, outcome
from tests.faults.leftovers import nothing_left
from tests.faults.proxy import FAITHFUL, Fault, Proxy, close, corrupt, garbage, proxied, reset

BODY = b'{"id":12345}'
UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"


@asynccontextmanager
async def secured(folder: Path, *said: bytes) -> AsyncIterator[tuple[Proxy, Transport]]:
    """A TLS service that says these, each in a record of its own; a proxy before it, and a transport to that."""
    authority = Authority(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue("server"))
    context.num_tickets = 0  # after the handshake the next byte is the answer's

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b'{"name":"A"}')
            for one in said:
                writer.write(one)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    trusted = ssl.create_default_context(cafile=str(authority.certificate))
    async with nothing_left():
        listening = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
        port = listening.sockets[0].getsockname()[1]
        try:
            async with proxied(f"https://127.0.0.1:{port}") as proxy:
                url = f"https://127.0.0.1:{proxy.port}"
                async with Transport(url, connections=2, answer_limit=1000, tls=trusted) as transport:
                    yield proxy, transport
        finally:
            listening.close()


@pytest.mark.parametrize("cut", [reset, close], ids=["RST", "FIN"])
async def test_a_handshake_cut_at_any_byte_sent_nothing(tmp_path: Path, cut):
    """Up to the handshake's end nothing was sent; behind it, until the answer is whole, it was."""
    ranks = {UNREACHED: 0, LOST: 1, BODY: 2}
    async with secured(tmp_path, answer(BODY)) as (proxy, transport):
        seen = []
        for at in range(0, 1400, 61):
            proxy.behave(cut(at))
            seen.append(ranks[await outcome(transport, POST)])
        proxy.behave(FAITHFUL)
        seen.append(ranks[await outcome(transport, POST)])
    assert seen == sorted(seen)
    assert {0, 2} <= set(seen)


async def test_an_answer_without_a_length_that_is_reset_within_tls_is_not_whole(tmp_path: Path):
    """RFC 9112, section 9.8: what came before the connection failed is not the whole answer."""
    async with secured(tmp_path, UNTIL_CLOSED, *(bytes([one]) for one in BODY)) as (proxy, transport):
        assert await outcome(transport, POST) == BODY
        seen = set()
        for at in range(700, 1300, 29):
            proxy.behave(reset(at))
            seen.add(await outcome(transport, POST))
    assert seen <= {UNREACHED, LOST, SPOILT, BODY}


@pytest.mark.parametrize("fault", [corrupt(0), corrupt(20), corrupt(200), garbage(), garbage(answer(BODY))])
async def test_a_spoilt_handshake_sent_nothing(tmp_path: Path, fault: Fault):
    """A bit of the handshake that is another, and what is no TLS, end it before anything is sent."""
    async with secured(tmp_path, answer(BODY)) as (proxy, transport):
        proxy.behave(fault, FAITHFUL)
        assert [await outcome(transport, POST), await outcome(transport, POST)] == [UNREACHED, BODY]
