"""A small project served with everything that watches it: its log lines, its second address, its services."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from graph.app import App, load
from graph.observing.log_lines import logged
from graph.observing.log_writer import LineWriter
from graph.serving.server import serving
from graph.settings.address import LOOPBACK, Address
from tests.graph import projects
from tests.graph.projects import TEXT, an, contract, listed, operation, parameter, ref
from tests.graph.served import Gateway, Rest

USERS = contract(
    operation("GET /users/{id}", "getUser", ref("User"), statuses=("404",)),
    operation("GET /users", "listUsers", listed(ref("User")), parameter("ids", listed(TEXT), explode=False)),
    User=an({"id": TEXT, "name": TEXT}),
)
ORDERS = contract(
    operation("GET /orders", "listOrders", listed(ref("Order"))),
    operation("POST /orders", "createOrder", ref("Order"), body=ref("NewOrder")),
    Order=an({"id": TEXT, "customer": TEXT}),
    NewOrder=an({"customer": TEXT}),
)
MODULE = """
    import logging
    import strawberry
    from stolon import rest

    users = rest.contract("users")
    orders = rest.contract("orders")


    @rest.type(users.schema("User"), key="id", one=users.op("getUser"), many=users.op("listUsers", ids=rest.keys))
    class User:
        id: rest.auto
        name: rest.auto


    @rest.type(orders.schema("Order"), key="id")
    class Order:
        id: rest.auto
        customer: User | None = rest.link(key="customer")


    @strawberry.type
    class Query:
        user: User | None = rest.query(users.op("getUser"))
        orders: list[Order] | None = rest.query(orders.op("listOrders"))

        @strawberry.field
        def echo(self, text: str) -> str | None:
            return text

        @strawberry.field
        def fail(self, text: str) -> str | None:
            raise ValueError(f"cannot use {text}")


    @strawberry.type
    class Mutation:
        create_order: Order | None = rest.mutation(orders.op("createOrder"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""


@dataclass
class Observed(Gateway):
    """The served project, its second address, and all that it logged."""

    observing: str
    stream: io.BytesIO
    writer: LineWriter

    @property
    def logged(self) -> list[dict[str, Any]]:
        """Every line, decoded."""
        self.writer.flush()
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The requests' own lines, without what differs from run to run: the moment and the time it took."""
        lines = [line for line in self.logged if line["event"] == "request"]
        for line in lines:
            assert line.pop("timestamp").endswith("Z")
            assert line.pop("ms") > 0
        return lines

    async def told(self, path: str) -> str:
        """What the second address says."""
        async with self.client.get(self.observing + path) as response:
            assert response.status == 200
            return await response.text()


@asynccontextmanager
async def observed(
    folder: Path, users: Rest, orders: Rest, more: str = "", of_users: Mapping[str, str] | None = None
) -> AsyncIterator[Observed]:
    """The project on a free port, observed on another. `more` goes into its file, `of_users` into that service."""
    settings = "".join(f"{name} = {value}\n" for name, value in (of_users or {}).items())
    toml = (
        f'[graph]\nschema = "schema:schema"\n{more}\n'
        f'[services.users]\nurl = "{users.url}"\n{settings}'
        f'[services.orders]\nurl = "{orders.url}"\n'
    )
    projects.write(folder, MODULE, {"users": USERS, "orders": ORDERS}, toml)
    app = load(folder, {})
    stream = io.BytesIO()
    writer = LineWriter(stream)
    app.seeing.log_to(writer)
    app.observe_at = Address(LOOPBACK, 0)
    with logged(writer):
        application = app.application()
        async with (
            app.observed() as second,
            serving(application, LOOPBACK, 0) as url,
            aiohttp.ClientSession() as client,
        ):
            assert second is not None
            yield Observed(url, client, application, second, stream, writer)


def loaded(folder: Path, toml: str) -> App:
    """The project with this file, not served."""
    projects.write(folder, MODULE, {"users": USERS, "orders": ORDERS}, toml)
    return load(folder, {})
