"""Who is given what earlier batches brought, as the store decides it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from adapters.caching.cache_entities import Entities
from adapters.caching.cache_rule import CacheRule
from adapters.caching.cache_store import InProcessStore
from adapters.credentials.credential_kinds import ApiKey
from adapters.credentials.secrets import Secret
from adapters.service import Service
from resolvers.call import Sender
from resolvers.caller import NOBODY, Caller
from resolvers.loading.store import Store
from resolvers.source import BoundOperation, Entity, Supplied
from stolon.testing import Request, Response, caller
from tests.graph.projects import TEXT, an, contract, listed, operation, parameter, ref
from tests.resolvers.graphs import project


@dataclass
class _Upstream:
    service: Service
    entities: Entities | None

    async def send(self, request: Request) -> Response:
        raise AssertionError("nothing is sent")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> BoundOperation:
    """The operation for many keys of a small type."""
    people = contract(
        operation("GET /people", "listPeople", listed(ref("Person")), parameter("ids", listed(TEXT))),
        Person=an({"id": TEXT}),
    )
    schema = project(
        Path(tmp_path_factory.mktemp("kept")),
        """
        @rest.type(people.schema("Person"), key="id", many=people.op("listPeople", ids=rest.keys))
        class Person:
            id: rest.auto


        @strawberry.type
        class Query:
            person: Person | None = rest.query(people.op("listPeople", ids=["1"]))


        schema = rest.Schema(query=Query)
        """.replace("person: Person | None", "people: list[Person] | None"),
        people=people,
    )
    entity: Entity = schema.graph.entity_of(next(iter(schema.graph.types.bound)))
    assert entity.many is not None
    return entity.many


def gives(many: BoundOperation, service: Service, asking: Caller, *, kept: bool = True) -> bool:
    async def asked() -> Any:
        loop = asyncio.get_running_loop()
        entities = Entities(CacheRule(), InProcessStore(1 << 20, loop.time), loop.time) if kept else None
        upstreams = {"people": _Upstream(service, entities)}
        return Store(upstreams, Sender(asking), loop=loop, epoch=loop.time).kept(many, Supplied(), "entity")

    return asyncio.run(asked()) is not None


LENDING = Service(
    "people", "https://people", credentials=ApiKey(Secret("secret-key-of-the-gateway"), "x-key")
)
OPEN = Service("people", "https://people")


def test_the_gateways_own_credentials_are_not_lent_to_who_finds_things_kept(many: BoundOperation):
    """What was fetched with them is for verified callers, or for everybody where the field is public."""
    assert [
        gives(many, LENDING, NOBODY),
        gives(many, LENDING, caller("ada")),
        gives(replace(many, public=True), LENDING, NOBODY),
        gives(many, OPEN, NOBODY),
    ] == [False, True, True, True]


def test_a_service_that_keeps_nothing_has_nothing(many: BoundOperation):
    """Without a cache nobody looks into it."""
    assert not gives(many, OPEN, caller("ada"), kept=False)
