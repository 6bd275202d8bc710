"""Mutual TLS over real sockets: who is verified by whom, and a certificate that is rotated while it is in use."""

from __future__ import annotations

import asyncio
import logging
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.credentials.credential_kinds import Tls
from adapters.credentials.secrets import LOOKED
from adapters.failures import Unavailable
from adapters.messages import Request, Response
from adapters.service import Service
from adapters.stack import open_service
from adapters.transport.mutual_tls import fresh_certificate, tls_context
from tests.adapters.authority import Authority
from tests.adapters.wire import answer

READ = Request("users", "list", "GET", "/u", safe=True, entitled=True)


class Time:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def secured(
    authority: Authority, clients: Authority | None
) -> AsyncIterator[tuple[str, list[str | None]]]:
    """The URL of a server with a certificate of the authority, which wants one of its clients where there is an
    authority for them; and the names that they showed, one a connection.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue("server"))
    if clients is not None:
        context.load_verify_locations(clients.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
    names: list[str | None] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shown = writer.get_extra_info("peercert")
        names.append(shown["subject"][0][0][1] if shown else None)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"{}", "200 OK", "connection: close"))
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}", names
    finally:
        listening.close()


def loop_time() -> float:
    return asyncio.get_running_loop().time()


async def test_the_gateway_shows_its_certificate(tmp_path: Path):
    """A service that wants a certificate gets the gateway's, and is itself verified by the project's authority."""
    authority = Authority(tmp_path)
    certificate, key = authority.issue("gateway")
    async with secured(authority, authority) as (url, names):
        service = Service("users", url, tls=Tls(authority.certificate, certificate, key))
        async with open_service(service, loop_time) as upstream:
            assert (await upstream.send(READ)).status == 200
            assert (await upstream.probe(READ)).status == 200
    assert names == ["gateway", "gateway"]


async def test_a_service_of_another_authority_is_not_believed(tmp_path: Path):
    """A certificate that the authority did not sign ends the connection before anything is sent; so does the system's
    own list, which knows no such authority.
    """
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    async with secured(Authority(tmp_path), None) as (url, names):
        for tls in (Tls(other.certificate), None):
            async with open_service(Service("users", url, tls=tls), loop_time) as upstream:
                with pytest.raises(Unavailable) as caught:
                    await upstream.send(READ)
            assert caught.value.sent is False
    assert names == []


async def test_a_service_under_another_name_is_not_believed(tmp_path: Path):
    """RFC 9110, section 4.3.4: the certificate must be for the host that is asked."""
    authority = Authority(tmp_path)
    certificate, key = authority.issue("server", host="10.9.9.9")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    url = f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with open_service(Service("users", url, tls=Tls(authority.certificate)), loop_time) as upstream:
        with pytest.raises(Unavailable, match="SSLCertVerificationError"):
            await upstream.send(READ)
    listening.close()


async def test_a_rotated_certificate_is_shown_by_the_next_connection(tmp_path: Path):
    """Files that change are loaded at the next look, and used by connections from then on; nothing is restarted."""
    authority, time = Authority(tmp_path), Time()
    certificate, key = authority.issue("first")
    async with secured(authority, authority) as (url, names):
        service = Service("users", url, tls=Tls(authority.certificate, certificate, key))
        async with open_service(service, time) as upstream:
            await upstream.send(READ)
            for file, to in zip(authority.issue("second"), (certificate, key), strict=True):
                shutil.copy(file, to)
            await upstream.send(READ)
            time.now = LOOKED
            await upstream.send(READ)
    assert names == ["first", "first", "second"]


async def test_a_half_rotated_certificate_leaves_the_one_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """A certificate without its key, and files that are gone, leave the one before in use; that is logged."""
    authority, time = Authority(tmp_path), Time()
    certificate, key = authority.issue("first")
    async with secured(authority, authority) as (url, names):
        service = Service("users", url, tls=Tls(authority.certificate, certificate, key))
        async with open_service(service, time) as upstream:
            second, second_key = authority.issue("second")
            shutil.copy(second, certificate)
            time.now += LOOKED
            with caplog.at_level(logging.WARNING):
                await upstream.send(READ)
            assert "users: its client certificate cannot be renewed (SSLError)" in caplog.text
            key.unlink()
            time.now += LOOKED
            await upstream.send(READ)
            shutil.copy(second_key, key)
            time.now += LOOKED
            await upstream.send(READ)
    assert names == ["first", "first", "second"]


async def test_files_that_did_not_change_are_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A look at files that are as they were loads nothing."""
    authority, time = Authority(tmp_path), Time()
    tls = Tls(authority.certificate, *authority.issue("first"))
    policy = fresh_certificate("users", tls, tls_context("users", "https://h", tls), time)
    monkeypatch.setattr("adapters.transport.mutual_tls._load", lambda *_: pytest.fail("it was loaded"))

    async def send(request: Request) -> Response:
        return Response(200, {}, b"")

    time.now = LOOKED
    assert (await policy(READ, send)).status == 200


@pytest.mark.parametrize(
    ("url", "names", "why"),
    [
        ("http://localhost", ("authority", None, None), "which an http:// URL makes no use of"),
        ("https://h", ("empty", None, None), "tls.authority cannot be read as certificates in PEM"),
        ("https://h", ("missing", None, None), "tls.authority cannot be read as certificates in PEM"),
        ("https://h", (None, "first", "empty"), "cannot be read as a certificate and its key in PEM"),
        ("https://h", (None, "first", "other_key"), "cannot be read as a certificate and its key in PEM"),
        ("https://h", (None, "missing", "first_key"), "cannot be read as a certificate and its key in PEM"),
    ],
)
def test_files_that_cannot_be_used_are_refused(
    tmp_path: Path, url: str, names: tuple[str | None, str | None, str | None], why: str
):
    """What cannot work is told when the service is opened, by the setting's name."""
    authority = Authority(tmp_path)
    files = {"authority": authority.certificate, "empty": tmp_path / "empty", "missing": tmp_path / "missing"}
    files["first"], files["first_key"] = authority.issue("first")
    _, files["other_key"] = authority.issue("other")
    files["empty"].touch()
    tls = Tls(*(None if name is None else files[name] for name in names))
    with pytest.raises(ValueError, match=why):
        open_service(Service("users", url, tls=tls), lambda: 0.0)


@pytest.mark.parametrize("half", [{"certificate": Path("c")}, {"key": Path("k")}])
def test_a_certificate_has_its_key(half: dict[str, Path]):
    """A certificate alone, or a key alone, is refused."""
    with pytest.raises(ValueError, match="needs its key"):
        Tls(**half)
