"""The world's services: an upstream for each, without sockets, that answers from `rows.py`, breaks its word as a case
says, and notes every call.

What goes wrong is decided by the seed and by what is asked for. In a *steady* case it does not even depend on how
keys are cut into calls: whole kinds of objects fail, or single rows are wrong, and keys always can be read.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from adapters.failures import BadAnswer, TimedOut, Unavailable
from adapters.messages import Request, Response
from adapters.service import Service
from tests.lanes.contracts import CONTRACTS
from tests.lanes.endpoint import Asked, Endpoint, Found
from tests.lanes.endpoints import ENDPOINTS
from tests.lanes.rows import World, choice_of

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_PROBLEM: Final = {
    "type": "about:blank",
    "title": "No.",
    "detail": "Not so.",
    "errors": [{"pointer": "/name"}],
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call as a service got it. `atoms` are what it asked for, one by one, however it was cut."""

    operation: str
    target: str
    body: bytes | None
    headers: tuple[tuple[str, str], ...]
    changes: bool
    atoms: frozenset[tuple[str, ...]]

    @property
    def line(self) -> tuple[str, str, str]:
        """The call, for comparing with another."""
        return (self.operation, self.target, "" if self.body is None else self.body.decode())


@dataclass(frozen=True, slots=True)
class Weather:
    """How the services of one case behave: how likely a call fails, and whether answers take time."""

    world: World
    failing: float = 0.0
    latency: bool = False
    steady: bool = True


@dataclass(slots=True)
class _Upstream:
    service: Service
    send: Callable[[Request], Any]
    entities: None = None


@dataclass(slots=True)
class Services:
    """All services of one case for one lane. `calls` in order; `told` says what was answered, for people."""

    weather: Weather
    calls: list[Call] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    answers: dict[str, Callable[[Asked], object]] = field(default_factory=dict)
    """Operations that a test scripts itself: what it gives is the body, or a Response, or raised."""
    delays: dict[str, float] = field(default_factory=dict)
    """How many seconds operations take, where a test says so."""
    begun: list[tuple[float, str]] = field(default_factory=list)
    """When each call was made, on the loop's clock."""

    def upstreams(self) -> dict[str, _Upstream]:
        """The services by name, as the store wants them."""
        return {
            name: _Upstream(Service(name=name, url="http://localhost", credentials="forward"), self._send)
            for name in CONTRACTS
        }

    def count(self) -> dict[str, int]:
        """How often each operation was called."""
        return {one: sum(each.operation == one for each in self.calls) for one in self.called}

    @property
    def called(self) -> list[str]:
        """The operations that were called, in alphabetical order."""
        return sorted({one.operation for one in self.calls})

    async def _send(self, request: Request) -> Response:
        endpoint = ENDPOINTS[request.operation]
        asked = _read(request)
        self.calls.append(_call(request, endpoint, asked))
        self.begun.append((asyncio.get_running_loop().time(), request.operation))
        delay = self._delay(request) if self.weather.latency else self.delays.get(request.operation)
        if delay is not None:
            await asyncio.sleep(delay)
        scripted = self.answers.get(request.operation)
        if scripted is not None:
            given = scripted(asked)
            return given if isinstance(given, Response) else _response(given)
        failure = self._failure(request, endpoint)
        if failure is not None:
            self.told.append(f"{request.operation} {request.target}: {failure}")
            return self._failed(failure, endpoint, asked)
        made = self._made(endpoint.answer(asked, self.weather.world), request, endpoint, asked)
        self.told.append(f"{request.operation} {request.target}: {made.status} {made.body.decode()}")
        return made

    def _delay(self, request: Request) -> float:
        random = choice_of(self.weather.world.seed, "delay", request.operation, request.target, request.body)
        return random.choice((0.0, 0.0, 0.01, 0.02, 0.05, 0.3))

    def _failure(self, request: Request, endpoint: Endpoint) -> str | None:
        weather = self.weather
        # What one call asks for may be asked by several in the other lane: then its kind fails, or nothing.
        what: object = request.target if endpoint.family is None else ""
        random = choice_of(weather.world.seed, "failure", endpoint.family or request.operation, what)
        if random.random() >= weather.failing:
            return None
        known = _STEADY if weather.steady and endpoint.family is not None else _ALL
        return random.choice(known)

    def _failed(self, failure: str, endpoint: Endpoint, asked: Asked) -> Response:
        match failure:
            case "timeout":
                raise TimedOut("too slow", sent=True)
            case "unsent":
                raise Unavailable("refused", sent=False)
            case "reset":
                raise Unavailable("reset", sent=True)
            case "malformed":
                raise BadAnswer("malformed", sent=True)
            case "truncated":
                whole = _ENCODER.encode(endpoint.answer(asked, self.weather.world).body)
                return Response(200, _JSON, whole[:-1] if len(whole) > 1 else b"{")
            case "empty":
                return Response(200, _JSON, b"")
            case "null":
                return Response(200, _JSON, b"null")
            case "text":
                return Response(200, _JSON, b"\xff\xfe")
        status, _, problem = failure.partition(" ")
        if not problem:
            return Response(int(status), {**_JSON, "retry-after": "3"}, b"")
        kind = {"content-type": "application/problem+json"}
        return Response(int(status), kind, _ENCODER.encode({**_PROBLEM, "status": int(status)}))

    def _made(self, found: Found, request: Request, endpoint: Endpoint, asked: Asked) -> Response:
        if found.status != 200:
            return Response(found.status, _JSON, b"")
        body = found.body
        world = self.weather.world
        if not self.weather.steady or endpoint.family is None:
            # The envelope of an answer may be broken, too; in whatever order a batch has its keys.
            what = (
                (request.target, request.body) if endpoint.family is None else sorted(endpoint.atoms(asked))
            )
            random = choice_of(world.seed, "envelope", request.operation, what)
            if random.random() < world.wrongness and isinstance(body, (dict, list)):
                body = _broken(body, random.choice)
        return _response(body, found.headers)


_JSON: Final = {"content-type": "application/json"}
_STEADY: Final = ("500", "503", "429", "timeout", "unsent", "malformed", "truncated")
_ALL: Final = (
    *_STEADY,
    *(
        "400",
        "400 problem",
        "404",
        "409 problem",
        "422 problem",
        "401",
        "403",
        "reset",
        "empty",
        "null",
        "text",
    ),
)


def _response(body: object, headers: dict[str, str] | None = None) -> Response:
    return Response(200, {**_JSON, **(headers or {})}, _ENCODER.encode(body))


def _broken(body: Any, choose: Callable[[list[Any]], Any]) -> Any:
    if isinstance(body, list):
        return choose([None, {}, [*body, None], [7, *body], [*body, {}], [*body, *body], "list", 1])
    name = choose([*body, "nothing"])
    rest = {key: value for key, value in body.items() if key != name}
    return choose([rest, {**rest, name: choose([None, "", "x", -1, 2**40, [], {}, True])}])


def _read(request: Request) -> Asked:
    parts = urlsplit(request.target)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    path = tuple(unquote(one) for one in parts.path.split("/")[1:])
    return Asked(path, query, None if request.body is None else json.loads(request.body))


def _call(request: Request, endpoint: Endpoint, asked: Asked) -> Call:
    atoms: Iterable[tuple[str, ...]] = endpoint.atoms(asked)
    name = endpoint.family or request.operation
    return Call(
        operation=request.operation,
        target=request.target,
        body=request.body,
        headers=tuple(sorted(request.headers.items())),
        changes=not request.safe,
        atoms=frozenset((name, *one) for one in atoms),
    )
