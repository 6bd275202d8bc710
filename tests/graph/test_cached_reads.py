"""Answers that are used again, from clients' requests to services' sockets and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.caching.cache_rule import Reuse
from adapters.service import OperationRules, Service
from graph.identity.credential_cautions import cautions
from tests.graph import projects
from tests.graph.served import Asked, Gateway, Reply, Rest, rest, served, toml

USERS = projects.contract(
    projects.operation("GET /users/{id}", "getUser", projects.ref("User")),
    projects.operation("PUT /users/{id}", "putUser", projects.ref("User"), body=projects.ref("Name")),
    User=projects.an({"id": projects.TEXT, "name": projects.TEXT}),
    Name=projects.an({"name": projects.TEXT}),
)
MODULE = """
    import strawberry
    from stolon import rest

    users = rest.contract("users")


    @rest.type(users.schema("User"), key="id", one=users.op("getUser"))
    class User:
        id: rest.auto
        name: rest.auto


    @strawberry.type
    class Query:
        user: User | None = rest.query(users.op("getUser"))


    @strawberry.type
    class Mutation:
        put_user: User | None = rest.mutation(users.op("putUser"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
ASK = '{ user(id: "1") { name } }'


class Users:
    """A service whose user is named after whoever asked, and says of its answers what the test wants."""

    def __init__(self, service: Rest) -> None:
        self.service = service
        self.control: dict[str, str] = {}
        self.changed = ""
        service.on("GET /users/1", self.get)
        service.on("PUT /users/1", self.put)

    def get(self, asked: Asked) -> Reply:
        name = self.changed or asked.headers.get("authorization", "nobody")
        return Reply({"id": "1", "name": name}, headers=self.control)

    def put(self, asked: Asked) -> Reply:
        self.changed = asked.body["name"]
        return Reply({"id": "1", "name": self.changed})


@pytest.fixture
async def users() -> AsyncIterator[Users]:
    async with rest() as made:
        yield Users(made)


def project(users: Users, more: str = "", credentials: str = "forward") -> str:
    return toml({"users": users.service.url}, credentials=f'"{credentials}"') + more


async def names(gateway: Gateway, *tokens: str) -> list[Any]:
    return [(await gateway.ask(ASK, token=token))["data"]["user"]["name"] for token in tokens]


async def test_what_a_service_lets_be_kept_is_asked_for_once_for_each_caller(tmp_path: Path, users: Users):
    """Later requests of a caller are answered without a call; no caller is given what another's token fetched."""
    users.control = {"cache-control": "max-age=60"}
    async with served(tmp_path, MODULE, {"users": USERS}, project(users)) as gateway:
        assert await names(gateway, "ada", "ben", "ada", "ben") == ["Bearer ada", "Bearer ben"] * 2
    assert users.service.calls == {"GET /users/1": 2}


async def test_what_a_service_says_nothing_of_is_asked_for_each_time(tmp_path: Path, users: Users):
    """Nothing is kept that nobody allowed."""
    async with served(tmp_path, MODULE, {"users": USERS}, project(users)) as gateway:
        await names(gateway, "ada", "ada")
    assert users.service.calls == {"GET /users/1": 2}


async def test_a_project_may_share_an_operation(tmp_path: Path, users: Users):
    """`fresh` and `shared` of an operation make one answer do for all callers."""
    more = '\n[services.users.operations.getUser]\nfresh = "30s"\nshared = true\n'
    async with served(tmp_path, MODULE, {"users": USERS}, project(users, more)) as gateway:
        assert await names(gateway, "ada", "ben") == ["Bearer ada", "Bearer ada"]
    assert users.service.calls == {"GET /users/1": 1}


@pytest.mark.parametrize("credentials", ["forward", "none"])
async def test_a_change_is_seen_at_once(tmp_path: Path, users: Users, credentials: str):
    """After a mutation of its place nobody reads the old answer."""
    users.control = {"cache-control": "max-age=60"}
    change = 'mutation { putUser(id: "1", input: {name: "new"}) { name } }'
    async with served(tmp_path, MODULE, {"users": USERS}, project(users, credentials=credentials)) as gateway:
        await names(gateway, "ada", "ben")
        assert (await gateway.ask(change, token="ada"))["data"] == {"putUser": {"name": "new"}}
        assert await names(gateway, "ada", "ben") == ["new", "new"]


async def test_a_cache_can_be_switched_off(tmp_path: Path, users: Users):
    """`enabled = false` of a service: each request is a call."""
    users.control = {"cache-control": "max-age=60"}
    more = "\n[services.users.cache]\nenabled = false\n"
    async with served(tmp_path, MODULE, {"users": USERS}, project(users, more)) as gateway:
        await names(gateway, "ada", "ada")
    assert users.service.calls == {"GET /users/1": 2}


def test_sharing_what_callers_credentials_fetched_is_cautioned():
    """It may be meant; whoever runs `stolon check` is told. Without callers' credentials there is nothing to tell."""
    rules = {"getUser": OperationRules(reuse=Reuse(shared=True)), "listUsers": OperationRules()}
    services = [Service("a", "https://a", credentials="forward", operations=rules)]
    services.append(Service("b", "https://b", operations=rules))
    assert list(cautions(services, verifies=True)) == [
        "services.a.operations.getUser: shared = true gives what one caller's own credentials fetched to every caller"
    ]
