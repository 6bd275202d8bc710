"""Kept whole answers agree with those that are made: drawn operations, asked again and again by several callers, are
answered as if nothing were kept, and nobody is given what is another's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from msgspec import structs

from adapters.caching.cache_store import InProcessStore
from adapters.contract.contract import Missing
from adapters.messages import Freshness, Request, Response
from adapters.service import Service
from graph.caching.kept_answers import KeptAnswers
from graph.documents.documents import Documents
from graph.executing.executor import Answer, GraphQLRequest
from graph.executing.lanes import Lanes
from resolvers.caller import Caller
from tests.lanes.agree import encoded
from tests.lanes.cases import CALLERS, Case, cases
from tests.lanes.clock import JumpingLoop
from tests.lanes.contracts import CONTRACTS
from tests.lanes.rows import World
from tests.lanes.services import Services, Weather
from tests.lanes.world import schema

EXAMPLES: Final = 60


@pytest.fixture(scope="module")
def loop() -> Iterator[JumpingLoop]:
    made = JumpingLoop()
    logging.disable(logging.CRITICAL)  # what drawn operations meet is logged, and nobody reads it
    yield made
    logging.disable(logging.NOTSET)
    made.close()


@dataclass(frozen=True, slots=True)
class Routed:
    """A service that answers each partition of its own world, and says how its answers may be used."""

    service: Service
    worlds: dict[str, Any]
    freshness: Freshness
    entities: None = None

    async def send(self, request: Request) -> Response:
        upstream = self.worlds[request.identity.partition][request.service]
        response: Response = await upstream.send(request)
        return structs.replace(response, freshness=self.freshness if response.status < 400 else None)


def lanes_of(case: Case, kept: KeptAnswers | None, *, private: bool) -> Lanes:
    """Lanes over services that are another for each caller, where their answers are private."""
    worlds: dict[str, Any] = {}
    for number, caller in enumerate(CALLERS):
        world = World(case.weather.world.seed + (number if private else 0), case.weather.world.wrongness)
        worlds[caller.identity.partition] = Services(Weather(world)).upstreams()
    freshness = Freshness(60, 0, private=private)
    upstreams = {
        name: Routed(Service(name=name, url="http://localhost", credentials="forward"), worlds, freshness)
        for name in CONTRACTS
    }
    return Lanes(schema(), upstreams, kept=kept, documents=Documents())


def told(answer: Answer) -> tuple[bytes, list[tuple[str, str, str]]]:
    """What a client is told."""
    data = b"" if isinstance(answer.data, Missing) else encoded(answer.data)
    errors = [(str(one.get("path")), one["extensions"]["code"], one["message"]) for one in answer.errors]
    return data, sorted(errors)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("private", [True, False], ids=["private", "for all"])
def test_what_is_kept_is_what_would_be_made(private: bool, loop: JumpingLoop) -> None:
    """Whoever asks, and whatever was kept before, the answer is that of a gateway that keeps nothing."""
    came: list[str] = []

    @seed(7 + private)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(), st.lists(st.sampled_from(CALLERS), min_size=4, max_size=8))
    def agree(case: Case, callers: list[Caller]) -> None:
        kept = KeptAnswers(open_to_all=True, epoch=loop.time, told=came.append)
        kept.store = InProcessStore(8 << 20, loop.time)
        keeping = lanes_of(case, kept, private=private)
        making = lanes_of(case, None, private=private)
        drawn = case.drawn
        request = GraphQLRequest(drawn.document, drawn.variables, drawn.operation_name)
        for caller in callers:
            asks = replace(caller, claims={**caller.claims, "ran": []})
            found, made = (
                told(loop.complete(one.execute(request, asks, {}, "test-request")))
                for one in (keeping, making)
            )
            assert found == made, repr(case)

    agree()
    assert came.count("hit") >= EXAMPLES // 4
