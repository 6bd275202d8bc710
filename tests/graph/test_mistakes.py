# ruff: noqa: E501 - what is told of a line stands beside it
"""All mistakes of a project's declarations at once: file and line, what was expected, the nearest name."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from tests.graph.projects import (
    INT,
    TEXT,
    an,
    contract,
    listed,
    operation,
    parameter,
    ref,
    refused,
)

USERS = contract(
    operation("GET /users/{id}", "getUser", ref("User")),
    operation(
        "GET /users", "listUsers", listed(ref("User")), parameter("ids", listed(TEXT)), parameter("org")
    ),
    operation(
        "GET /plain",
        "plainUsers",
        listed(ref("User")),
        parameter("state", {"type": "string", "enum": ["on"]}),
    ),
    operation("GET /two", "twoLists", an({"old": listed(ref("User")), "new": listed(ref("User"))})),
    operation("GET /deep", "deepUser", an({"data": an({"user": ref("User")}), "total": INT})),
    operation("GET /none", "noBody"),
    operation("GET /paged", "pagedUsers", listed(ref("User")), parameter("cursor")),
    operation("GET /numbers", "numbers", listed(INT), parameter("page", INT), parameter("per_page", INT)),
    operation("POST /users", "createUser", ref("User"), body=an({"name": TEXT, "age": INT})),
    operation("PUT /users/{id}", "putUser", ref("User"), body=ref("User")),
    operation("GET /both/{id}", "both", ref("User"), parameter("id")),
    {
        "/upload": {
            "post": {
                "operationId": "upload",
                "requestBody": {"required": True, "content": {"text/csv": {"schema": TEXT}}},
                "responses": {"200": {"description": "fine"}},
            }
        }
    },
    User=an({"id": TEXT, "name": TEXT, "tags": listed(TEXT), "ratio": {"type": "number"}, "orgId": TEXT}),
    Color={"type": "string", "enum": ["red"]},
)
ORDERS = contract(
    operation("GET /orders/{id}", "getOrder", ref("Order")),
    Order=an({"id": TEXT, "userId": TEXT}),
)

# Each line with a mistake says what is told of it, after `#!`; a place that is not the line's start is named.
MODULE = """
import strawberry
from stolon import rest

users = rest.contract("users")
api = rest.contract("orders")
nobody = rest.contract("user")  #! rest.contract('user'): no contract 'user' (the project has orders, users); did you mean 'users'?


@rest.type(users.schema("User"), key="id", one=users.op("getUser"), many=users.op("listUsers", ids=rest.keys))
class User:
    id: rest.auto
    nam: rest.auto  #! User.nam: schema 'User' of contract 'users' has no property 'nam'; did you mean 'name'?
    orders: "list[Ordr] | None" = rest.link(api.op("getOrder"))  #! User.orders: can't resolve its annotation: the annotation 'list[Ordr] | None' names what is not defined
    a: "Order | None" = rest.link(key="orgid")  #! User.a: key='orgid': schema 'User' has no property 'orgid'; did you mean 'orgId'?
    b: "Order | None" = rest.link(key=("id", "orgId"))  #! User.b: Order has the key 'id': key= must name as many properties
    c: "Keyless | None" = rest.link(key="id")  #! User.c: Keyless has no key= with one= or many= to be found by
    d: "list[Order] | None" = rest.link(key="id")  #! User.d: a link by key= needs the annotation of one bound type, as `User | None`
    e: "Order | None" = rest.link(api.op("getOrder", id=rest.this("id")), key="id")  #! User.e: a link is by key= or by an operation, not both
    f: "Order | None" = rest.link()  #! User.f: rest.link needs key= or an operation
    g: "Order | None" = rest.link(api.op("getOrder", id=rest.this("orgid")))  #! User.g: id=rest.this('orgid'): schema 'User' has no property 'orgid'; did you mean 'orgId'?
    h: "list[User] | None" = rest.link(users.op("listUsers", ids=rest.each("id")))  #! User.h: rest.each(...) needs group_by=, the property that repeats its value
    i: "list[User] | None" = rest.link(users.op("listUsers", ids=rest.each("id")), group_by="orgid")  #! User.i: group_by='orgid': schema 'User' has no property 'orgid'; did you mean 'orgId'?
    j: "list[User] | None" = rest.link(users.op("listUsers"), group_by="id")  #! User.j: group_by= goes with rest.each(...) in the operation
    k: "list[User] | None" = rest.link(users.op("listUsers", ids=rest.keys))  #! User.k: ids=rest.keys is for many=
    name: rest.auto
    other: rest.auto = rest.field(path="name", name="name")  #! User.other: 'name' is 'name' in GraphQL already: give one a name=


@rest.type(api.schema("Order"), key="id", one=api.op("getOrder", id=rest.key))
class Order:
    id: rest.auto
    user: User | None = rest.link(key="userId")


@rest.type(users.schema("User"))
class Keyless:
    id: rest.auto


@rest.type(users.schema("Usr"))  #! NoSchema: contract 'users' has no schema 'Usr'; did you mean 'User'?
class NoSchema:
    id: rest.auto


@rest.type(users.schema("Color"))  #! NoObject: schema 'Color' is string, not an object
class NoObject:
    id: rest.auto


@rest.type(users.schema("User"), one=users.op("getUser"))  #! OneWithoutKey: one= and many= need a key=
class OneWithoutKey:
    id: rest.auto


@rest.type(users.schema("User"), key="idd", one=users.op("getUser"))  #! NoKey: key='idd': schema 'User' has no property 'idd'; did you mean 'id'?
class NoKey:
    id: rest.auto


@rest.type(users.schema("User"), key="ratio", one=users.op("getUser", id=rest.key))  #! RatioKey: key='ratio': a key is text or an integer, not number
class RatioKey:
    id: rest.auto


@rest.type(users.schema("User"), key="id", one=users.op("listUsers", org=rest.key))  #! ListOne one=: the answer of 'listUsers' holds no ListOne: say where it lies with pick= (it holds array)
class ListOne:
    id: rest.auto


@rest.type(users.schema("User"), key="id", one=users.op("plainUsers"), many=users.op("listUsers", org=rest.key))  #! KeyedWrongly one=: the answer of 'plainUsers' holds no KeyedWrongly: say where it lies with pick= (it holds array) && KeyedWrongly many=: 'listUsers' takes one key at a time: bind the list of keys with rest.keys
class KeyedWrongly:
    id: rest.auto


@rest.type(users.schema("User"), key=("id", "name"), one=users.op("getUser", id=rest.key("nam")))  #! PartKey one=: id=rest.key: say which part of the key ('id', 'name'); did you mean 'name'? && PartKey one=: nothing of 'getUser' is bound to the key 'name': use rest.key
class PartKey:
    id: rest.auto


@strawberry.type
class Plain:
    x: int = rest.field()  #! Plain.x: rest.field() reads a property of a bound type, or stands above a resolver
    y: User | None = rest.link(key="id")  #! Plain.y: rest.link(key=...) is for fields of bound types
    z: User | None = rest.link(users.op("getUser", id=rest.this("id")))  #! Plain.z: id=rest.this('id'): there is no parent here; it is for fields of bound types


@strawberry.type
class Query:
    a: User | None = rest.query(users.op("getUsr"))  #! Query.a: contract 'users' has no operation 'getUsr'; did you mean 'getUser'?
    a_far: User | None = rest.query(users.op("everything"))  #! Query.a_far: contract 'users' has no operation 'everything'; there are 'both', 'createUser', 'deepUser', 'getUser', 'listUsers', 'noBody', 'numbers', 'pagedUsers', 'plainUsers', 'putUser', 'twoLists', 'upload'
    b: User | None = rest.query(users.op("getUser", idd="1"))  #! Query.b: operation 'getUser' has no 'idd' (it has id); did you mean 'id'?
    c: User | None = rest.query(users.op("upload"))  #! Query.c: operation 'upload' can't be used: its body is text/csv, not JSON
    d: User | None = rest.query(users.op("createUser"))  #! Query.d: operation 'createUser' is POST: use rest.mutation; say safe=True if it is a lookup
    e: User | None = rest.query(users.op("putUser", safe=True))  #! Query.e: safe=True is for lookups by POST, but 'putUser' is PUT
    f: User | None = rest.query(users.op("noBody"))  #! Query.f: the answer of 'noBody' has no JSON body
    g: User | None = rest.query(users.op("deepUser", pick="data.usr"))  #! Query.g: pick='data.usr': there is no 'usr' (the answer has 'user' there); did you mean 'user'?
    h: User | None = rest.query(users.op("deepUser", pick="total"))  #! Query.h: pick='total' is no User, but integer
    h_list: User | None = rest.query(users.op("twoLists", pick="new"))  #! Query.h_list: pick='new' is a list of User: annotate `list[User] | None`
    h_whole: User | None = rest.query(users.op("plainUsers"))  #! Query.h_whole: the answer of 'plainUsers' holds a list of User: annotate `list[User] | None`
    i: list[User] | None = rest.query(users.op("twoLists"))  #! Query.i: the answer of 'twoLists' holds a list of User in several places: say pick= one of 'old', 'new'
    j: Order | None = rest.query(users.op("getUser"))  #! Query.j: the answer of 'getUser' holds no Order (of contract 'orders'): say where it lies with pick= (it holds properties 'id', 'name', 'tags', 'ratio', 'orgId')
    k: list[User] | None = rest.query(users.op("plainUsers", state="onn"))  #! Query.k: state='onn': must be one of: on
    l: User | None = rest.query(users.op("both", id="1"))  #! Query.l: 'id' stands in several places of 'both': write 'path:id' or 'query:id'
    m: list[User] | None = rest.query(users.op("pagedUsers"))  #! Query.m: 'pagedUsers' seems to page, and a list must be whole: its parameter 'cursor' takes a cursor, and the answer names no next one; state it with paging=, or make the field a connection
    n: rest.Connection[User] | None = rest.connection(users.op("pagedUsers"))  #! Query.n: can't tell how 'pagedUsers' pages: its parameter 'cursor' takes a cursor, and the answer names no next one; state it with paging=
    o: rest.Connection[User] | None = rest.connection(users.op("plainUsers"))  #! Query.o: operation 'plainUsers' does not page: make the field a list
    p: list[User] | None = rest.connection(users.op("listUsers"))  #! Query.p: annotate a connection `rest.Connection[Node] | None`
    q: rest.Connection[User] | None = rest.query(users.op("listUsers"))  #! Query.q: use rest.connection for a Connection
    r: str | None = rest.query(users.op("getUser"))  #! Query.r: the contract says object, which is no str: write rest.auto
    s: list[str] | None = rest.query(users.op("numbers", page=1))  #! Query.s: the contract says integer, which is no str: write rest.auto, or one of int, BigInt, float, ID
    t: rest.Connection[str] | None = rest.connection(users.op("numbers"))  #! Query.t: the contract says integer, which is no str: write rest.auto, or one of int, BigInt, float, ID
    u: rest.Connection[User] | None = rest.connection(users.op("listUsers", paging=rest.by_page(page="pge", size="org")))  #! Query.u: by_page: page='pge': listUsers has no query parameter 'pge' && Query.u: by_page: size='org': expected an integer, found string
    v: User = rest.query(users.op("getUser"), scopes=["s"])  #! Query.v: a field that not everyone may see must be nullable: write `… | None`
    w: User | None = rest.mutation(users.op("createUser"))  #! Query.w: rest.mutation is for the fields of the mutation type, where changes run in order
    x: User | None = rest.query(users.op("getUser", id=rest.each("id")))  #! Query.x: rest.each(...) needs group_by=, the property that repeats its value
    y: User | None = rest.query(users.op("getUser", id=rest.key))  #! Query.y: id=rest.key is for one= and many=
    no_schema: NoSchema | None = rest.query(users.op("getUser"))  #!
    no_object: NoObject | None = rest.query(users.op("getUser"))  #!
    more: "list[OneWithoutKey | None] | None" = rest.query(users.op("plainUsers"))
    others: "NoKey | None" = rest.query(users.op("getUser"))
    plain: Plain | None = None
    ratio: RatioKey | None = rest.query(users.op("getUser"))
    list_one: ListOne | None = rest.query(users.op("getUser"))
    keyed: KeyedWrongly | None = rest.query(users.op("getUser"))
    part: PartKey | None = rest.query(users.op("getUser"))
    z: User | None = rest.query(nobody.op("x"))


@strawberry.type
class Mutation:
    read: User | None = rest.mutation(users.op("getUser"))  #! Mutation.read: operation 'getUser' changes nothing: use rest.query
    body: User | None = rest.mutation(users.op("createUser", nme="x"))  #! Mutation.body: operation 'createUser' has no 'nme' (it has name, age); did you mean 'name'?
    age: User | None = rest.mutation(users.op("createUser", age="x"))  #! Mutation.age: age='x': expected the digits of an integer


schema = rest.Schema(query=Query, mutation=Mutation)
"""


def test_every_kind_of_mistake_is_told_at_once_at_its_line(tmp_path: Path) -> None:
    """One build tells all of them, in the order of the lines, and nothing of what is right."""
    expected = []
    for number, line in enumerate(MODULE.lstrip("\n").splitlines(), 1):
        _, _, told = line.partition("#!")
        expected += [f"schema.py:{number}: {one.strip()}" for one in told.split("&&") if one.strip()]
    found = refused(tmp_path, re.sub(r"  #!.*", "", MODULE), {"users": USERS, "orders": ORDERS})
    assert found == sorted(expected, key=lambda one: (int(one.split(":")[1]), one))


def test_mistakes_of_contracts_stand_beside_those_of_declarations(tmp_path: Path) -> None:
    """A contract that can't be read is told with its own file and line; what would be bound to it is not."""
    broken = contract(
        operation("GET /orders/{id}", "getOrder", {"$ref": "#/components/schemas/Ordr"}),
        Order=an({"id": TEXT}),
    )
    module = """
        import strawberry
        from stolon import rest

        users = rest.contract("users")
        orders = rest.contract("orders")

        @rest.type(orders.schema("Order"))
        class Order:
            id: rest.auto

        @strawberry.type
        class Query:
            user: rest.auto = rest.query(users.op("getUsr"))
            order: Order | None = rest.query(orders.op("getOrder"))

        schema = rest.Schema(query=Query)
    """
    assert refused(tmp_path, module, {"users": USERS, "orders": broken}) == [
        "contracts/orders.json:16: $.paths['/orders/{id}'].get.responses['200'].content['application/json'].schema"
        "['$ref']: '#/components/schemas/Ordr' names nothing: $.components.schemas has no 'Ordr'; "
        "did you mean 'Order'?",
        "schema.py:13: Query.user: contract 'users' has no operation 'getUsr'; did you mean 'getUser'?",
    ]


def test_names_that_collide_still_are_told_where_the_schema_is_built(tmp_path: Path) -> None:
    """A prefixed name that is taken, too, is not merged with its owner."""
    thing = contract(operation("GET /thing", "getThing", ref("Thing")), Thing=an({"id": TEXT}))
    module = textwrap.dedent("""
        import strawberry
        from stolon import rest

        things = rest.contract("things")

        @strawberry.type
        class Thing:
            x: int = 1

        @strawberry.type
        class ThingsThing:
            x: int = 1

        @strawberry.type
        class Query:
            thing: rest.auto = rest.query(things.op("getThing"))
            mine: Thing | None = None
            other: ThingsThing | None = None

        schema = rest.Schema(query=Query)
    """)
    assert refused(tmp_path, module, {"things": thing}) == [
        "schema.py:20: schema: two types want the name 'ThingsThing': rename one, or declare it with @rest.type"
    ]
