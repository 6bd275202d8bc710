"""Kept whole answers without a server: a clock of the test's, a store of its own, and whatever work answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from adapters.caching.cache_store import InProcessStore
from adapters.messages import Freshness, Identity
from graph.caching.answer_life import AnswerLife
from graph.caching.kept_answers import KeptAnswers
from graph.declaring.schema import Schema
from graph.executing.executor import Answer
from graph.executing.fast_lane import FastLane
from graph.executing.lanes import Lanes
from resolvers.caller import Caller
from resolvers.context import Context
from resolvers.fast.uncompiled import Unhurried
from stolon.testing import Services
from tests.graph.projects import TEXT, an, contract, operation, ref
from tests.resolvers.three_lanes import valid

SHOP = contract(operation("GET /things/{id}", "getThing", ref("Thing")), Thing=an({"id": TEXT, "cost": TEXT}))
MODULE = """
    import strawberry
    from stolon import rest

    shop = rest.contract("shop")


    @rest.type(shop.schema("Thing"), key="id", one=shop.op("getThing"))
    class Thing:
        id: rest.auto
        cost: rest.auto = rest.field(scopes=["costs"])


    @strawberry.type
    class Query:
        thing: Thing | None = rest.query(shop.op("getThing"))


    schema = rest.Schema(query=Query)
"""
ASK = '{ thing(id: "1") { id } }'
DATA = {"thing": {"id": "1"}}
VARY = {True: (), False: ("authorization",)}
ANA = Caller(Identity("ana"), authenticated=True, scopes=frozenset({"costs"}))


@dataclass
class World:
    """Answers of one schema, kept. Each request is answered by `work`, which takes `takes` seconds and is made of
    `parts`.
    """

    schema: Schema
    now: float = 1_000_000.0
    takes: float = 0.0
    parts: list[tuple[Freshness | None, tuple[str, ...]]] = field(
        default_factory=lambda: [(Freshness(10, 5, private=True), ("Thing:1",))]
    )
    answer: Answer = field(default_factory=lambda: Answer(DATA))
    client: float | None = None
    strict: bool = False
    sent: int | None = None
    worked: int = 0
    came: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lanes = Lanes(self.schema, Services().upstreams(self.schema))
        self.kept = KeptAnswers(
            open_to_all=True, epoch=lambda: self.now, sent=self.sent, told=self.came.append
        )
        self.store = InProcessStore(4 << 20, lambda: self.now)
        self.kept.store = self.store
        self.contexts: list[Context] = []

    async def ask(
        self, query: str = ASK, caller: Caller = ANA, *, first: bool = False, alone: bool = False, drop: str = ""
    ) -> Answer:  # fmt: skip
        """What a request is answered. `first`: its document comes for the first time."""
        context = self.lanes.context(caller, {}, "r")
        self.contexts.append(context)
        chosen = valid(self.schema, query).chosen
        assert chosen is not None
        gate = FastLane(self.schema)

        async def work() -> Answer:
            self.worked += 1
            self.now += self.takes
            for freshness, tags in self.parts:
                context.store.lifetime.heard(freshness, tags)
            lifetime = context.store.lifetime
            lifetime.alone, lifetime.client, lifetime.strict = alone, self.client, self.strict
            if drop:
                await self.store.drop_tags([drop])
            return self.answer

        def again() -> object:
            return gate.ready(chosen, {}, context)

        return await self.kept.answer(Unhurried.FIRST if first else again(), again, {}, context, work)


def life(left: float, age: float, *, public: bool = False) -> AnswerLife:
    return AnswerLife(left, age, public, VARY[public])
