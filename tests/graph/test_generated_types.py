"""Types that nobody wrote: named by stated rules, never merged, and printed with where they come from."""

from __future__ import annotations

from pathlib import Path

from graphql import build_schema

from stolon import testing
from tests.graph.projects import (
    INT,
    TEXT,
    an,
    contract,
    data,
    fields_of,
    listed,
    load,
    nullable,
    operation,
    ref,
    signature,
    type_names,
    type_text,
)

ADDRESS = an({"street": TEXT})
A = contract(
    operation("GET /a", "getA", ref("A")),
    operation("POST /a", "makeA", ref("A"), body=ref("A")),
    A=an(
        {
            "address": ref("Address"),
            "state": {"type": "string", "enum": ["on"]},
            "date": ref("Date"),
            "sub": ref("Subscription"),
        }
    ),
    Address=ADDRESS,
    Date=an({"year": INT}),
    Subscription=an({"plan": TEXT}),
)
B = contract(
    operation("GET /b", "getB", ref("B")),
    B=an(
        {
            "address": ref("Address"),
            "inner": an({"x": an({"y": INT}), "xs": listed(an({"z": INT}))}),
            "kind": ref("Kind"),
        }
    ),
    Address=an({"street": TEXT, "city": TEXT}),
    Kind={"type": "string", "enum": ["k"]},
)
ROOT = """
    import enum
    import strawberry
    from stolon import rest

    a = rest.contract("a")
    b = rest.contract("b")
    {more}

    @strawberry.type
    class Query:
        a: rest.auto = rest.query(a.op("getA"))
        b: rest.auto = rest.query(b.op("getB"))
        {fields}

    @strawberry.type
    class Mutation:
        make: rest.auto = rest.mutation(a.op("makeA"))

    schema = rest.Schema(query=Query, mutation=Mutation)
"""


def test_equal_names_of_two_contracts_are_both_prefixed(tmp_path: Path) -> None:
    """So are names that GraphQL or Stolon need themselves; nested ones are named after parent and property."""
    schema = load(tmp_path, ROOT.format(more="", fields=""), {"a": A, "b": B})
    assert type_names(schema) == [
        *("A", "AAddress", "ADate", "AInput", "AState", "ASubscription", "AddressInput"),
        *("B", "BAddress", "BInner", "BInnerX", "BInnerXs", "DateInput", "Kind"),
        *("Mutation", "Query", "SubscriptionInput"),
    ]
    assert fields_of(schema, "A") == [
        "address: AAddress!",
        "state: AState!",
        "date: ADate!",
        "sub: ASubscription!",
    ]
    assert fields_of(schema, "BAddress") == ["street: String!", "city: String!"]
    build_schema(schema.as_str())


def test_a_generated_type_says_where_its_values_come_from(tmp_path: Path) -> None:
    """Its service and, where it has a name there, its schema: with the links' own, every field has a provenance."""
    schema = load(tmp_path, ROOT.format(more="", fields=""), {"a": A, "b": B})
    heads = {name: type_text(schema, name).splitlines()[0] for name in ("AAddress", "BAddress", "BInnerX")}
    assert heads == {
        "AAddress": 'type AAddress @source(service: "a", schema: "Address") {',
        "BAddress": 'type BAddress @source(service: "b", schema: "Address") {',
        "BInnerX": 'type BInnerX @source(service: "b") {',
    }


async def test_names_of_the_projects_own_types_are_left_to_them(tmp_path: Path) -> None:
    """Objects, inputs, enums, unions, interfaces, also those that only arguments or generics name."""
    more = """
    @strawberry.type
    class Address:
        mine: int = 1

    @strawberry.enum
    class Kind(enum.Enum):
        MINE = "mine"

    @strawberry.input
    class AddressInput:
        mine: Kind

    @strawberry.interface
    class BInner:
        mine: int

    @strawberry.type
    class Impl(BInner):
        pass

    @strawberry.type
    class Sub:
        s: int = 1
"""
    fields = """address: Address | None = None
        impl: Impl | None = None
        many: "rest.Connection[Sub] | None" = None

        @strawberry.field
        def take(self, address: AddressInput) -> int:
            return 1
"""
    schema = load(tmp_path, ROOT.format(more=more, fields=fields), {"a": A, "b": B})
    names = type_names(schema)
    assert {
        "Address",
        "AAddress",
        "BAddress",
        "Kind",
        "BKind",
        "AddressInput",
        "AAddressInput",
        "BInner",
        "BBInner",
    } <= set(names)
    assert fields_of(schema, "Address") == ["mine: Int!"]
    scripted = testing.Services()
    address = {"street": "s"}
    scripted.answer(
        "a", "makeA", json={"address": address, "state": "on", "date": {"year": 1}, "sub": {"plan": "p"}}
    )
    query = """mutation {
        make(input: {address: {street: "s"}, state: ON, date: {year: 1}, sub: {plan: "p"}}) { address { street } }
    }"""
    assert await data(schema, query, scripted) == {"make": {"address": address}}


def test_of_two_places_of_one_contract_the_schema_of_that_name_keeps_it(tmp_path: Path) -> None:
    """An inline one that would be called the same is numbered."""
    order = contract(
        operation("GET /order", "getOrder", ref("Order")),
        Order=an(
            {
                "status": {"type": "string", "enum": ["a"]},
                "other": ref("OrderStatus"),
                "line-item": an({"x": INT}),
                "lineItem": an({"y": INT}),
            }
        ),
        OrderStatus={"type": "string", "enum": ["b"]},
    )
    text = """
        import strawberry
        from stolon import rest

        orders = rest.contract("orders")

        @strawberry.type
        class Query:
            order: rest.auto = rest.query(orders.op("getOrder"))

        schema = rest.Schema(query=Query)
    """
    schema = load(tmp_path, text, {"orders": order})
    assert fields_of(schema, "Order") == [
        "status: OrderStatus2!",
        "other: OrderStatus!",
        "lineItem: OrderLineItem!",
        "lineItem2: OrderLineItem2!",
    ]
    assert type_text(schema, "OrderStatus2") == "enum OrderStatus2 {\n  A\n}"


async def test_recursive_schemas_are_recursive_types(tmp_path: Path) -> None:
    """Outputs and inputs may hold themselves, directly, in lists and through each other."""
    tree = contract(
        operation("POST /tree", "grow", ref("Node"), body=ref("Node")),
        operation("GET /tree", "get", ref("Node")),
        Node=an(
            {"name": TEXT, "next": nullable(ref("Node")), "kids": listed(ref("Node")), "leaf": ref("Leaf")},
            optional="next kids leaf",
        ),
        Leaf=an({"on": nullable(ref("Node")), "size": INT}, optional="on"),
    )
    text = """
        import strawberry
        from stolon import rest

        tree = rest.contract("tree")

        @strawberry.type
        class Query:
            node: rest.auto = rest.query(tree.op("get"))

        @strawberry.type
        class Mutation:
            grow: rest.auto = rest.mutation(tree.op("grow"))

        schema = rest.Schema(query=Query, mutation=Mutation)
    """
    schema = load(tmp_path, text, {"tree": tree})
    assert fields_of(schema, "Node") == ["name: String!", "next: Node", "kids: [Node!]", "leaf: Leaf"]
    assert fields_of(schema, "NodeInput") == [
        "name: String!",
        "next: NodeInput",
        "kids: [NodeInput!]",
        "leaf: LeafInput",
    ]
    whole = {"name": "a", "next": None, "kids": [{"name": "b", "leaf": {"on": {"name": "c"}, "size": 1}}]}
    scripted = testing.Services()
    scripted.answer("tree", "grow", json=whole)
    query = """mutation($in: NodeInput!) { grow(input: $in) {
        name next { name } kids { name leaf { size on { name } } } } }"""
    assert await data(schema, query, scripted, variables={"in": whole}) == {"grow": whole}


def test_the_projects_own_config_and_scalars_are_kept(tmp_path: Path) -> None:
    """A project that writes DateTime or JSON its own way, or names its own scalars, keeps them."""
    things = contract(
        operation(
            "GET /thing", "getThing", an({"placedAt": {"type": "string", "format": "date-time"}, "free": {}})
        )
    )
    text = """
        from datetime import datetime

        import strawberry
        from strawberry.schema.config import StrawberryConfig
        from stolon import rest

        things = rest.contract("things")
        Stamp = strawberry.scalar(name="Stamp", serialize=lambda value: "s" + str(value), parse_value=str)

        @strawberry.type
        class Query:
            thing: rest.auto = rest.query(things.op("getThing"))

        config = StrawberryConfig(auto_camel_case=False, scalar_map={datetime: Stamp})
        schema = rest.Schema(query=Query, config=config)
    """
    schema = load(tmp_path, text, {"things": things})
    assert fields_of(schema, "GetThing") == ["placed_at: Stamp!", "free: JSON"]
    assert signature(schema, "Query", "thing") == "thing: GetThing"
