"""The published keys: which of them count, how they rotate, and what an attacker or an outage can make
them do.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from graph.identity.jwks import Jwks, KeysUnavailable, UnknownKey
from graph.identity.signing_keys import BadKeySet, read_key_set
from graph.settings.settings import ALGORITHMS

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RSA_KEY_2 = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def published(key: Any, **more: object) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        jwk = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    jwk.pop("key_ops", None)
    return {**jwk, **more}


FIRST = published(RSA_KEY, kid="first", alg="RS256")
SECOND = published(RSA_KEY_2, kid="second", alg="RS256")


class Clock:
    """A clock that stands still, and a sleep that ends when the test says so."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.asleep: list[float] = []
        self._wake = asyncio.Event()
        self._sleeping = asyncio.Event()

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.asleep.append(seconds)
        self._wake.clear()
        self._sleeping.set()
        await self._wake.wait()

    async def wake(self) -> None:
        """Ends the sleep and waits for the next one: all work between the two is done."""
        await self._sleeping.wait()
        self._sleeping.clear()
        self._wake.set()
        await self._sleeping.wait()


class Provider:
    """An identity provider's key set on a real socket; `answer` may be replaced, `calls` counts the
    fetches.
    """

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = [FIRST]
        self.calls = 0
        self.answer: Callable[[], web.Response] = lambda: web.json_response({"keys": self.keys})
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.url = ""

    async def handle(self, _request: web.Request) -> web.Response:
        self.calls += 1
        self.asked.set()
        await self.gate.wait()
        return self.answer()


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    one = Provider()
    app = web.Application()
    app.router.add_get("/jwks.json", one.handle)
    async with TestServer(app) as server:
        one.url = str(server.make_url("/jwks.json"))
        yield one


@asynccontextmanager
async def opened(provider: Provider, clock: Clock, **more: Any) -> AsyncIterator[Jwks]:
    keys = Jwks(provider.url, ALGORITHMS, now=clock.now, sleep=clock.sleep, **more)
    async with keys:
        yield keys


async def test_a_published_key_is_found_by_its_kid(provider):
    """A key is fetched once at the start, and found without another fetch."""
    provider.keys = [FIRST, SECOND]
    async with opened(provider, Clock()) as keys:
        found = await keys.key("second", "RS256")
        assert (found.kid, list(found.usable), keys.publishes(found)) == ("second", ["RS256"], True)
        assert (keys.is_known, provider.calls) == (True, 1)


async def test_an_unknown_kid_is_looked_for_at_a_limited_rate(provider):
    """A kid that is not known costs one fetch in ten seconds, however many ask for however many kids."""
    clock = Clock()
    async with opened(provider, clock) as keys:
        for kid in ("a", "b", "c"):
            with pytest.raises(UnknownKey):
                await keys.key(kid, "RS256")
        assert provider.calls == 2
        clock.time += 9.9
        with pytest.raises(UnknownKey):
            await keys.key("a", "RS256")
        assert provider.calls == 2
        clock.time += 0.1
        with pytest.raises(UnknownKey):
            await keys.key("a", "RS256")
        assert provider.calls == 3


async def test_a_rotated_key_is_found_by_its_new_kid(provider):
    """A token signed with a key that was published a moment ago is not refused, and the withdrawn key is
    gone.
    """
    async with opened(provider, Clock()) as keys:
        old = await keys.key("first", "RS256")
        provider.keys = [SECOND]
        assert (await keys.key("second", "RS256")).kid == "second"
        assert (keys.publishes(old), provider.calls) == (False, 2)


async def test_concurrent_requests_share_one_fetch(provider):
    """Requests that meet the same new kid at once cause one fetch, and the end of one waiter does not end
    it.
    """
    async with opened(provider, Clock()) as keys:
        provider.keys = [SECOND]
        provider.gate.clear()
        provider.asked.clear()
        waiting = [asyncio.create_task(keys.key("second", "RS256")) for _ in range(5)]
        await provider.asked.wait()
        waiting[0].cancel()
        provider.gate.set()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError)
        assert [one.kid for one in results[1:] if not isinstance(one, BaseException)] == ["second"] * 4
        assert provider.calls == 2


async def test_keys_are_refreshed_in_the_background(provider):
    """Every five minutes the set is fetched again, without any request, and the same key stays the same."""
    clock = Clock()
    async with opened(provider, clock) as keys:
        first = await keys.key("first", "RS256")
        provider.keys = [SECOND, dict(FIRST)]
        await clock.wake()
        assert keys.publishes(first)
        provider.keys = [SECOND]
        await clock.wake()
        assert not keys.publishes(first)
        assert clock.asleep == [300.0, 300.0, 300.0]
        assert provider.calls == 3
    assert not [one for one in asyncio.all_tasks() if "Jwks" in repr(one.get_coro())]


def _status(status: int) -> Callable[[], web.Response]:
    return lambda: web.Response(status=status)


_BAD_ANSWERS: dict[str, tuple[Callable[[], web.Response], str]] = {
    "500": (_status(500), "its answer was 500"),
    "redirect": (
        lambda: web.Response(status=302, headers={"location": "http://127.0.0.1:1/"}),
        "its answer was 302",
    ),
    "no JSON": (lambda: web.Response(body=b"{"), "the key set is no JSON"),
    "no UTF-8": (lambda: web.Response(body=b'{"keys": "\xff"}'), "the key set is no JSON"),
    "endless": (lambda: web.Response(body=b"[" * 100_000), "the key set is no JSON"),
    "no set": (lambda: web.json_response([FIRST]), "the key set has no list of keys"),
    "no list": (lambda: web.json_response({"keys": {}}), "the key set has no list of keys"),
    "too many": (lambda: web.json_response({"keys": [{}] * 101}), "the key set holds more than 100 keys"),
    "too large": (lambda: web.Response(body=b" " * 262_145), "it is larger than 262144 bytes"),
    "bomb": (
        lambda: web.Response(body=gzip.compress(b" " * 5_000_000), headers={"content-encoding": "gzip"}),
        "it is larger than 262144 bytes",
    ),
}


@pytest.mark.parametrize("name", _BAD_ANSWERS)
async def test_a_failing_refresh_keeps_the_keys_and_says_so(provider, caplog, name):
    """Whatever is wrong with an answer, the keys known before go on to count, and the log says why."""
    clock = Clock()
    answer, reason = _BAD_ANSWERS[name]
    async with opened(provider, clock) as keys:
        provider.answer = answer
        with caplog.at_level(logging.WARNING):
            await clock.wake()
        assert (await keys.key("first", "RS256")).kid == "first"
        assert provider.calls == 2
    assert caplog.messages == [
        f"the key set of [identity] could not be fetched ({reason}); the keys known before stay"
    ]


async def test_a_provider_that_is_down_at_the_start_is_tried_again(provider, caplog):
    """Without any keys nobody's token can be judged: that is said, and the provider is asked again soon."""
    clock = Clock()
    provider.answer = _status(503)
    async with opened(provider, clock) as keys:
        with pytest.raises(KeysUnavailable):
            await keys.key("first", "RS256")
        assert (keys.is_known, provider.calls, clock.asleep) == (False, 2, [10.0])
        provider.answer = lambda: web.json_response({"keys": [FIRST]})
        await clock.wake()
        assert keys.is_known
        assert clock.asleep == [10.0, 300.0]
        assert (await keys.key("first", "RS256")).kid == "first"
    assert (
        caplog.messages
        == ["the key set of [identity] could not be fetched (its answer was 503); no keys are known yet"] * 2
    )


async def test_an_unreachable_or_slow_provider_is_logged_by_kind(provider, caplog, unused_tcp_port):
    """A refused connection and an answer that does not come in time are told by their kind, without
    addresses.
    """
    async with Jwks(f"http://127.0.0.1:{unused_tcp_port}/jwks.json", ALGORITHMS) as keys:
        assert not keys.is_known
    provider.gate.clear()
    provider.asked.clear()
    async with Jwks(provider.url, ALGORITHMS, timeout=0.05) as keys:
        assert not keys.is_known
    assert caplog.messages == [
        "the key set of [identity] could not be fetched (ClientConnectorError); no keys are known yet",
        "the key set of [identity] could not be fetched (TimeoutError); no keys are known yet",
    ]


async def test_an_empty_set_withdraws_every_key(provider, caplog):
    """A provider that publishes no usable key any more is obeyed, and the log says so."""
    clock = Clock()
    async with opened(provider, clock) as keys:
        provider.keys = []
        await clock.wake()
        with pytest.raises(UnknownKey):
            await keys.key("first", "RS256")
    # Once for the refresh, once for the fetch that the unknown key made.
    assert caplog.messages == ["the key set of [identity] holds no key that may check a signature"] * 2


async def test_closing_ends_a_fetch_under_way(provider):
    """`close` leaves neither the refresh nor a fetch behind, and who waited for the fetch is told."""
    clock = Clock()
    keys = Jwks(provider.url, ALGORITHMS, now=clock.now, sleep=clock.sleep)
    await keys.open()
    provider.gate.clear()
    provider.asked.clear()
    waiting = asyncio.create_task(keys.key("second", "RS256"))
    await provider.asked.wait()
    await keys.close()
    provider.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await keys.close()


async def test_a_session_that_was_given_stays_open(provider):
    """A session that the caller gave is used, and is the caller's to close."""
    async with aiohttp.ClientSession() as session:
        async with opened(provider, Clock(), session=session) as keys:
            assert keys.is_known
        assert not session.closed


async def test_keys_are_not_known_before_opening(provider):
    """A key set that was never opened knows no keys, and says so rather than refusing a good token."""
    keys = Jwks(provider.url, ALGORITHMS)
    with pytest.raises(KeysUnavailable):
        await keys.key("first", "RS256")
    assert provider.calls == 0


@pytest.mark.parametrize(
    ("keys", "kid", "algorithm", "expected"),
    [
        ([FIRST], None, "RS256", "first"),
        ([FIRST, SECOND], None, "RS256", None),
        ([FIRST, published(RSA_KEY_2, kid="second", alg="PS256")], None, "PS256", "second"),
        ([FIRST], "first", "PS256", None),
        ([FIRST, published(RSA_KEY_2, kid="first", alg="RS256")], "first", "RS256", None),
        ([FIRST, FIRST], "first", "RS256", "first"),
    ],
)
async def test_which_key_fits(provider, keys, kid, algorithm, expected):
    """Exactly one key must fit what the token says: without a kid the only one of its algorithm, never one
    of two.
    """
    provider.keys = keys
    async with opened(provider, Clock()) as jwks:
        if expected is None:
            with pytest.raises(UnknownKey):
                await jwks.key(kid, algorithm)
        else:
            assert (await jwks.key(kid, algorithm)).kid == expected


def usable(jwk: object, algorithms: tuple[str, ...] = ALGORITHMS) -> list[str]:
    keys = read_key_set(json.dumps({"keys": [jwk]}).encode(), algorithms)
    return [name for key in keys for name in key.usable]


RSA_NAMES = ["PS256", "PS384", "PS512", "RS256", "RS384", "RS512"]


@pytest.mark.parametrize(
    ("key", "names"),
    [
        (RSA_KEY, RSA_NAMES),
        (ec.generate_private_key(ec.SECP256R1()), ["ES256"]),
        (ec.generate_private_key(ec.SECP384R1()), ["ES384"]),
        (ec.generate_private_key(ec.SECP521R1()), ["ES512"]),
        (ed25519.Ed25519PrivateKey.generate(), ["EdDSA"]),
        (ed448.Ed448PrivateKey.generate(), ["EdDSA"]),
    ],
    ids=["RSA", "P-256", "P-384", "P-521", "Ed25519", "Ed448"],
)
def test_a_key_checks_the_algorithms_of_its_kind(key, names):
    """A key without an `alg` checks what its kind and curve can, and no other algorithm."""
    assert usable(published(key)) == names


@pytest.mark.parametrize(
    "more",
    [
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"alg": "ES256"},
        {"alg": "HS256"},
        {"alg": "none"},
        {"alg": 5},
        {"alg": ["RS256"]},
        {"kty": "EC"},
        {"kty": "EC", "crv": "P-256"},
        {"kty": ["RSA"]},
        {"kid": 5},
        {"n": "!"},
        {"n": 5},
        {"e": ""},
        {"d": "AQAB"},
    ],
    ids=str,
)
def test_a_key_of_another_use_or_kind_is_left_out(more):
    """Keys for encryption, of another kind than their algorithm, malformed or private ones check nothing."""
    assert usable({**published(RSA_KEY), **more}) == []


def test_symmetric_and_short_keys_are_left_out():
    """A shared secret is no published key, and an RSA key under 2048 bits is none either."""
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - it must be refused
    assert usable({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}, ("HS256", "RS256")) == []
    assert usable(published(short)) == []
    assert usable("no object") == []


def test_a_private_key_that_was_published_is_left_out():
    """Whoever reads a published private key could sign with it, so that it checks nothing."""
    private = RSAAlgorithm.to_jwk(RSA_KEY, as_dict=True)
    assert usable({**private, "key_ops": ["verify"]}) == []
    assert usable({name: private[name] for name in ("kty", "n", "e")}) == RSA_NAMES


def test_only_allowed_algorithms_are_usable():
    """A key serves the algorithms of [identity] only, and its use and operations may be stated."""
    assert usable(published(RSA_KEY, use="sig", key_ops=["verify"]), ("RS256", "ES256")) == ["RS256"]
    assert usable(published(RSA_KEY, alg="PS256"), ("RS256",)) == []
    with pytest.raises(BadKeySet, match=r"^the key set has no list of keys$"):
        read_key_set(b"{}", ALGORITHMS)
