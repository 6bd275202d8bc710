"""Cases in which the lanes once disagreed, each found by reading; `tests/lanes` draws what nobody thought of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graph.declaring.schema import Schema
from stolon.testing import Services, answer
from tests.graph.projects import INT, TEXT, an, contract, listed, operation, parameter, ref
from tests.resolvers.graphs import project
from tests.resolvers.three_lanes import LANES, agreed, on_lane

MONEY = {"type": "number", "format": "decimal"}
EITHER = {"oneOf": [an({"a": TEXT}), an({"b": TEXT})]}
CONTRACT = contract(
    operation("GET /things", "listThings", listed(ref("Thing"))),
    operation("GET /likes", "listLikes", listed(ref("Like"))),
    operation("GET /price", "getPrice", an({"v": MONEY})),
    operation("GET /parts/{row}/{key}", "getPart", ref("Part"), parameter("row", INT, "path"),
              parameter("key", TEXT, "path")),
    Thing=an({"id": TEXT, "row": INT, "price": MONEY, "any": EITHER}),
    Kept=an({"id": TEXT, "name": TEXT, "price": MONEY, "tags": listed(TEXT), "home": ref("Home")}),
    Home=an({"city": TEXT}),
    Like=an({"id": TEXT, "name": TEXT, "price": MONEY, "tags": listed(INT), "home": an({"street": TEXT})},
            optional="name"),
    Part=an({"row": INT, "key": TEXT, "name": TEXT}),
)  # fmt: skip

MODULE = """
from strawberry.dataloader import DataLoader
from strawberry.extensions import FieldExtension


class Longer(FieldExtension):
    async def resolve_async(self, next_, source, info, **arguments):
        return await next_(source, info, **arguments) + []


async def owners(keys):
    return ["owner of " + key for key in keys]


@rest.type(shop.schema("Part"), key=("row", "key"), one=shop.op("getPart"))
class Part:
    name: rest.auto


@rest.type(shop.schema("Thing"))
class Thing:
    id: rest.auto
    price: rest.auto
    any: strawberry.scalars.JSON
    part: Part | None = rest.link(shop.op("getPart", row=rest.this("row")))

    @strawberry.field
    def owner(self, info: strawberry.Info) -> str | None:
        if not hasattr(info.context, "owners"):
            info.context.owners = DataLoader(owners)
        return info.context.owners.load("all")

    @strawberry.field
    def bad(self) -> str:
        if self.id == "0":
            raise ValueError("no")
        return "well"


@rest.type(shop.schema("Kept"))
class Kept:
    id: rest.auto
    name: str | None
    price: rest.auto
    tags: rest.auto
    home: rest.auto


@strawberry.type
class Query:
    things: list[Thing | None] | None = rest.query(shop.op("listThings"))
    likes: list[Kept] | None = rest.query(shop.op("listLikes"))
    longer: list[Thing] | None = rest.query(shop.op("listThings"), extensions=[Longer()])
    price: rest.auto = rest.query(shop.op("getPrice", pick="v"))


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """Things of every kind, some of which only look like things."""
    folder: Path = tmp_path_factory.mktemp("findings")
    return project(folder, MODULE, shop=CONTRACT)


def thing(number: int, **more: object) -> dict[str, object]:
    """A thing."""
    return {"id": str(number), "row": 1, "price": 1.5, "any": {"a": "x"}, **more}


def giving(operation_id: str, body: object) -> Any:
    """Services that answer one operation so, and parts for any key."""

    def services() -> Services:
        made = Services()
        made.answer("shop", operation_id, json=body)
        made.on("shop", "getPart", lambda request: answer({"row": 1, "key": "x", "name": request.target}))
        return made

    return services


@pytest.mark.parametrize("field", ["price", "any"])
async def test_null_is_refused_where_decoding_cannot_see_it(schema, field):
    """A required decimal or free-form value that is null breaks its contract, though its In type holds anything."""
    rows = [thing(0), thing(1) | {field: None}]
    came = await agreed(
        schema, f"{{ things {{ id {field} }} }}", giving("listThings", rows), lanes=("plan: fault",)
    )
    assert (came.data["things"][1], len(came.errors)) == (None, 1)


async def test_null_is_refused_where_an_answer_is_one_decimal(schema):
    """What `pick` names must be there, whatever may be decoded in its place."""
    await agreed(schema, "{ price }", giving("getPrice", {"v": None}), lanes=("plan: free_form",))


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("{ likes { id name } }", {}),
        ("{ likes { id tags } }", {"tags": [1]}),
        ("{ likes { id home { city } } }", {"home": {"city": "x", "street": "y"}}),
    ],
)
async def test_what_fits_a_type_is_read_as_the_type_s_own_schema_says(schema, query, row):
    """Objects of another schema that a type is given are held to the schema that it was bound to."""
    body = [{"id": "a", "price": 1.5} | row]
    await agreed(schema, query, giving("listLikes", body), lanes=("plan: free_form",))


async def test_keys_that_python_takes_for_equal_are_told_apart(schema):
    """1, true and 1.0 are three values of a key, of which only the first is one."""
    rows = [thing(0, row=1), thing(1, row=True), thing(2, row=1.0)]
    came = await agreed(
        schema, '{ things { part(key: "x") { name } } }', giving("listThings", rows), lanes=("plan: fault",)
    )
    assert [one["part"] is None for one in came.data["things"]] == [False, True, True]


async def test_an_error_takes_no_future_that_others_wait_for(schema):
    """Where an error takes a field's neighbours away, what a project's DataLoader gives others goes on."""
    rows = [thing(number) for number in range(3)]
    came = await agreed(
        schema, "{ things { id owner bad } }", giving("listThings", rows), lanes=("plan: resolver",)
    )
    assert came.data["things"] == [
        None,
        {"id": "1", "owner": "owner of all", "bad": "well"},
        {"id": "2", "owner": "owner of all", "bad": "well"},
    ]


async def test_an_extension_gets_a_list_however_long_it_is(schema):
    """What a field's extension is handed is Python's own list."""
    rows = [thing(number) for number in range(150)]
    came = await agreed(schema, "{ longer { id } }", giving("listThings", rows), lanes=("plan: resolver",))
    assert [one["id"] for one in came.data["longer"]] == [str(number) for number in range(150)]


@pytest.mark.parametrize("lane", LANES)
async def test_a_defect_below_is_an_error_of_its_field(schema, lane):
    """What no policy may raise is an internal error at the field that needed the call, on every lane."""
    services = Services()

    def defect(_: object) -> Any:
        raise KeyError("defect")

    services.on("shop", "listThings", defect)
    came = await on_lane(lane, schema, "{ things { id } }", services)
    assert (came.data, list(came.told)) == (
        {"things": None},
        [(("things",), "INTERNAL_SERVER_ERROR", "Internal error.")],
    )
