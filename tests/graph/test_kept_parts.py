"""Entities and groups inside batches: what an earlier answer brought is asked for by nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.graph import projects
from tests.graph.served import Asked, Gateway, Reply, Rest, rest, served, toml

SHOP = projects.contract(
    projects.operation("GET /picks", "listPicks", projects.listed(projects.ref("Pick"))),
    projects.operation("GET /people/{id}", "getPerson", projects.ref("Person"), statuses=("404",)),
    projects.operation(
        "GET /people",
        "listPeople",
        projects.an({"data": projects.listed(projects.ref("Person"))}),
        projects.parameter("ids", projects.listed(projects.TEXT), required=True, explode=False),
    ),
    projects.operation("PATCH /people/{id}", "putPerson", projects.ref("Person"), body=projects.ref("Name")),
    projects.operation(
        "GET /notes",
        "listNotes",
        projects.listed(projects.ref("Note")),
        projects.parameter("of", projects.listed(projects.TEXT), required=True, explode=False),
    ),
    Pick=projects.an({"person_id": projects.TEXT}),
    Person=projects.an({"id": projects.TEXT, "name": projects.TEXT}),
    Name=projects.an({"name": projects.TEXT}),
    Note=projects.an({"person_id": projects.TEXT, "text": projects.TEXT}),
)
MODULE = """
    import strawberry
    from stolon import rest

    shop = rest.contract("shop")


    @rest.type(
        shop.schema("Person"),
        key="id",
        one=shop.op("getPerson"),
        many=shop.op("listPeople", ids=rest.keys, pick="data"),
    )
    class Person:
        id: rest.auto
        name: rest.auto
        notes: "list[Note] | None" = rest.link(shop.op("listNotes", of=rest.each("id")), group_by="person_id")


    @rest.type(shop.schema("Note"))
    class Note:
        text: rest.auto


    @rest.type(shop.schema("Pick"))
    class Pick:
        person: Person | None = rest.link(key="person_id")


    @strawberry.type
    class Query:
        picks: list[Pick] | None = rest.query(shop.op("listPicks"))
        person: Person | None = rest.query(shop.op("getPerson"))


    @strawberry.type
    class Mutation:
        put_person: Person | None = rest.mutation(shop.op("putPerson"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""


class Shop:
    """People who are named after whoever asked. `picked` are those that the list of picks names."""

    def __init__(self, service: Rest) -> None:
        self.service = service
        self.control: dict[str, str] = {"cache-control": "max-age=60"}
        self.picked: list[str] = []
        self.notes: dict[str, int] = {}
        self.suffix = ""
        service.on("GET /picks", lambda _: Reply([{"person_id": one} for one in self.picked]))
        service.on("GET /people", self.many)
        service.on("GET /notes", self.noted)
        for one in "abcde":
            service.on(f"GET /people/{one}", self.one)
            service.on(f"PATCH /people/{one}", self.put)

    def person(self, key: str, asked: Asked) -> dict[str, Any]:
        return {"id": key, "name": f"{key} for {asked.headers.get('authorization', 'nobody')}{self.suffix}"}

    def one(self, asked: Asked) -> Reply:
        return Reply(self.person(asked.path[-1], asked), headers=self.control)

    def many(self, asked: Asked) -> Reply:
        people = [self.person(key, asked) for key in _listed(asked, "ids")]
        return Reply({"data": people}, headers=self.control)

    def noted(self, asked: Asked) -> Reply:
        notes = [
            {"person_id": key, "text": f"{key}{number}"}
            for key in _listed(asked, "of")
            for number in range(self.notes.get(key, 0))
        ]
        return Reply(notes, headers=self.control)

    def put(self, asked: Asked) -> Reply:
        self.suffix = "!"
        return Reply(self.person(asked.path[-1], asked))

    @property
    def asked(self) -> list[str]:
        """What was asked of people and notes since the last time, in the order in which it came."""
        calls, self.service.asked = self.service.asked, []
        return [one.path for one in calls if one.path != "/picks"]


def _listed(asked: Asked, name: str) -> list[str]:
    return parse_qs(urlsplit(asked.path).query)[name][0].split(",")


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with rest() as made:
        yield Shop(made)


@pytest.fixture(params=["fast", "plan", "reference"])
async def gateway(request: pytest.FixtureRequest, tmp_path: Path, shop: Shop) -> AsyncIterator[Gateway]:
    """The project, with its requests on each of the lanes."""
    settings = toml({"shop": shop.service.url}, credentials='"forward"')
    assert settings.count("[graph]") == 1
    settings = settings.replace("[graph]", f'[graph]\nlane = "{request.param}"')
    async with served(tmp_path, MODULE, {"shop": SHOP}, settings) as made:
        yield made


async def named(gateway: Gateway, shop: Shop, picked: str, token: str = "ada") -> list[str]:
    """The names of those who are picked."""
    shop.picked = list(picked)
    data = (await gateway.ask("{ picks { person { name } } }", token=token))["data"]
    return [one["person"]["name"].removesuffix(f" for Bearer {token}") for one in data["picks"]]


async def test_only_missing_keys_go_upstream(gateway: Gateway, shop: Shop):
    """A batch asks for the keys that no earlier batch brought, and for nothing where there is none."""
    assert await named(gateway, shop, "ab") == ["a", "b"]
    assert await named(gateway, shop, "cbda") == ["c", "b", "d", "a"]
    assert await named(gateway, shop, "dcba") == ["d", "c", "b", "a"]
    assert shop.asked == ["/people?ids=a,b", "/people?ids=c,d"]


async def test_a_single_missing_key_is_asked_for_by_itself(gateway: Gateway, shop: Shop):
    """One missing key goes through `one`; what that brings, batches need not ask for."""
    assert await named(gateway, shop, "ab") == ["a", "b"]
    assert await named(gateway, shop, "abc") == ["a", "b", "c"]
    assert await named(gateway, shop, "cad") == ["c", "a", "d"]
    assert shop.asked == ["/people?ids=a,b", "/people/c", "/people/d"]


async def test_a_query_by_key_finds_what_batches_brought(gateway: Gateway, shop: Shop):
    """An object that a batch brought needs no call of its own."""
    await named(gateway, shop, "ab")
    found = await gateway.ask('{ person(id: "b") { name } }', token="ada")
    assert found["data"] == {"person": {"name": "b for Bearer ada"}}
    assert shop.asked == ["/people?ids=a,b"]


async def test_no_caller_gets_anothers(gateway: Gateway, shop: Shop):
    """What one caller's token fetched is asked for again by the next, unless the service says that it is for all."""
    assert await named(gateway, shop, "ab", "ada") == await named(gateway, shop, "ab", "ben") == ["a", "b"]
    assert shop.asked == ["/people?ids=a,b"] * 2
    shop.control = {"cache-control": "public, max-age=60"}
    assert await named(gateway, shop, "cd", "ada") == ["c", "d"]
    data = (await gateway.ask("{ picks { person { name } } }", token="ben"))["data"]
    assert [one["person"]["name"] for one in data["picks"]] == ["c for Bearer ada", "d for Bearer ada"]
    assert shop.asked == ["/people?ids=c,d"]


@pytest.mark.parametrize("control", [{}, {"cache-control": "no-store"}, {"cache-control": "max-age=0"}])
async def test_what_may_not_be_kept_is_asked_for_each_time(
    gateway: Gateway, shop: Shop, control: dict[str, str]
):
    """Where the service does not say that its answers may be used again, every batch asks for every key."""
    shop.control = control
    await named(gateway, shop, "ab")
    await named(gateway, shop, "abc")
    assert shop.asked == ["/people?ids=a,b", "/people?ids=a,b,c"]


async def test_a_change_drops_its_entity_alone(gateway: Gateway, shop: Shop):
    """After a change to one of them that one is asked for again, and no other."""
    await named(gateway, shop, "abc")
    change = 'mutation { putPerson(id: "b", input: {name: "new"}) { id } }'
    assert (await gateway.ask(change, token="ada"))["data"] == {"putPerson": {"id": "b"}}
    assert await named(gateway, shop, "abc") == ["a", "b for Bearer ada!", "c"]
    assert shop.asked == ["/people?ids=a,b,c", "/people/b", "/people/b"]


async def test_groups_are_kept_for_each_parent(gateway: Gateway, shop: Shop):
    """A grouped link asks for the parents whose groups no earlier batch brought; empty groups are groups."""
    shop.notes = {"a": 1, "c": 2}
    ask = "{ picks { person { id notes { text } } } }"
    found = []
    for picked in ("ab", "cba"):
        shop.picked = list(picked)
        data = (await gateway.ask(ask, token="ada"))["data"]
        found.append([[note["text"] for note in one["person"]["notes"]] for one in data["picks"]])
    assert found == [[["a0"], []], [["c0", "c1"], [], ["a0"]]]
    assert [one for one in shop.asked if "notes" in one] == ["/notes?of=a,b", "/notes?of=c"]


async def test_a_broken_value_in_a_kept_entity_is_told_by_its_place(gateway: Gateway, shop: Shop):
    """What breaks the contract breaks it again when it is used again; which item it was, nobody knows any more."""
    shop.person = lambda key, asked: {"id": key, "name": 7}  # type: ignore[method-assign]  # a bad service
    shop.picked = ["a", "b"]
    messages = []
    for _ in range(2):
        errors = (await gateway.ask("{ picks { person { name } } }", token="ada"))["errors"]
        messages.append(sorted(error["message"] for error in errors))
    told = "The upstream's answer breaks its contract at {}.name: expected string, found integer."
    assert messages == [
        [told.format("$.data[0]"), told.format("$.data[1]")],
        [told.format("$.data[*]"), told.format("$.data[*]")],
    ]
