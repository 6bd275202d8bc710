"""No key is asked twice in one request, and what can be asked together is (design, section 6)."""

from __future__ import annotations

import pytest

from adapters.service import Service
from graph.declaring.schema import Schema
from stolon import testing
from stolon.testing import answer, caller, execute
from tests.graph.projects import INT, TEXT, an, contract, data, listed, operation, parameter, ref
from tests.resolvers.graphs import PEOPLE, POSTS, SOCIAL, asked, codes, person, post, project, rows_of, social


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """People, posts and comments."""
    return project(tmp_path_factory.mktemp("social"), SOCIAL, people=PEOPLE, posts=POSTS)


def keys_asked(
    services: testing.Services, operation: str = "listPeople", name: str = "ids"
) -> list[list[str]]:
    """The keys of each call of a `many`, sorted."""
    return [sorted(asked(one, name)) for one in services.requests if one.operation == operation]


async def test_the_links_of_a_list_are_one_call(schema):
    """Links of many parents to one type are one `many`; a key that two parents name is asked once."""
    services = social([person("a"), person("b")], [post("1", "a"), post("2", "b"), post("3", "a")])
    found = await data(schema, "{ posts { author { id } } }", services)
    assert found == {"posts": [{"author": {"id": "a"}}, {"author": {"id": "b"}}, {"author": {"id": "a"}}]}
    assert services.calls == {"posts.listPosts": 1, "people.listPeople": 1}
    assert keys_asked(services) == [["a", "b"]]


async def test_branches_and_aliases_share_a_batch(schema):
    """Different fields, aliases and branches that ask for keys of one type at one time are one call."""
    services = social([person(one) for one in "abc"], [post("1", "a", "b"), post("2", "c", "a")])
    query = "{ posts { author { id } again: author { name } reviewer { id } } other: posts { reviewer { name } } }"
    found = await data(schema, query, services)
    assert found["posts"][0] == {
        "author": {"id": "a"},
        "again": {"name": "name of a"},
        "reviewer": {"id": "b"},
    }
    assert found["other"] == [{"reviewer": {"name": "name of b"}}, {"reviewer": {"name": "name of a"}}]
    assert services.calls == {"posts.listPosts": 1, "people.listPeople": 1}


async def test_one_key_goes_through_one_and_several_through_many(schema):
    """A single key is fetched by `one`; two are fetched by `many`."""
    services = social([person("a"), person("b")], [post("1", "a")])
    await data(schema, "{ posts { author { id } } }", services)
    assert services.calls == {"posts.listPosts": 1, "people.getPerson": 1}
    services = social([person("a"), person("b")])
    await data(schema, '{ a: person(id: "a") { id } b: person(id: "b") { id } }', services)
    assert services.calls == {"people.listPeople": 1}


async def test_a_query_through_one_fills_the_slot(schema):
    """`me` and the links to the same person are one call, whichever asks first."""
    services = social([person("a")], [post("1", "a"), post("2", "a")])
    found = await data(schema, "{ me { name } posts { author { name } } }", services, caller=caller("a"))
    assert found == {"me": {"name": "name of a"}, "posts": [{"author": {"name": "name of a"}}] * 2}
    assert services.calls == {"people.getPerson": 1, "posts.listPosts": 1}


async def test_links_below_links_reuse_what_is_known(schema):
    """A key met again on a deeper level is not asked again, and each level is one call."""
    rows = [person("a", "c"), person("b", "c"), person("c", "d"), person("d", "a")]
    services = social(rows, [post("1", "a"), post("2", "b")])
    query = "{ posts { author { boss { boss { boss { id boss { id } } } } } } }"
    found = await data(schema, query, services)
    deep = {"boss": {"boss": {"boss": {"id": "a", "boss": {"id": "c"}}}}}
    assert found == {"posts": [{"author": deep}] * 2}
    assert keys_asked(services) == [["a", "b"]]
    assert services.calls == {"posts.listPosts": 1, "people.listPeople": 1, "people.getPerson": 2}


async def test_levels_of_different_depth_leave_together(schema):
    """Keys that one landed answer leads to over paths of different length are one call: known objects on the way cost
    turns of the loop, never another batch.
    """
    rows = [person("a", "b"), person("b", "c"), person("c", "d"), person("d", "e"), person("e")]
    services = social(rows, [post("1", "a"), post("2", "b"), post("3", "d")])
    query = """{ posts { author { id boss { id boss { id } } } } me { boss { boss { id } } } }"""
    await data(schema, query, services, caller=caller("a"))
    every = sorted(key for keys in keys_asked(services) for key in keys)
    singles = sorted(
        one.target.rpartition("/")[2] for one in services.requests if one.operation == "getPerson"
    )
    assert sorted(every + singles) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("between", range(4))
async def test_resolvers_of_python_join_the_batch(schema, between):
    """A hand-written resolver that awaits something short before it loads still shares the batch of bound fields."""
    services = social([person("a"), person("b")], [post("1", "a", "b")])
    query = "query ($turns: Int!) { post(id: 1) { slowAuthor(turns: $turns) { id } reviewer { id } } }"
    found = await data(schema, query, services, variables={"turns": between})
    assert found == {"post": {"slowAuthor": {"id": "a"}, "reviewer": {"id": "b"}}}
    assert services.calls == {"posts.getPost": 1, "people.listPeople": 1}


async def test_load_shares_the_slot_with_fields(schema):
    """`context.load` and links ask for one key once between them."""
    services = social([person("a")], [post("1", "a"), post("2", "a")])
    await data(schema, "{ posts { author { id } slowAuthor(turns: 0) { name } } }", services)
    assert services.calls == {"posts.listPosts": 1, "people.getPerson": 1}


async def test_a_batch_is_split_evenly_at_max_items(schema):
    """No call carries more keys than the contract's `maxItems`, and the calls are as even as they can be."""
    letters = "abcdefghi"
    services = social([person(one) for one in letters], [post(one, one) for one in letters])
    found = await data(schema, "{ posts { author { id } } }", services)
    assert [one["author"]["id"] for one in found["posts"]] == list(letters)
    assert sorted(map(len, keys_asked(services))) == [3, 3, 3]
    assert sorted(key for keys in keys_asked(services) for key in keys) == list(letters)


async def test_the_services_limit_holds_where_the_contract_states_none(schema):
    """Without `maxItems` a call carries at most the service's `batch_limit` of keys."""
    limited = testing.Services(posts=Service("posts", "http://localhost", batch_limit=2))
    limited.answer("posts", "listPosts", json=[post(str(one), "a") for one in range(5)])
    limited.on("posts", "listComments", rows_of([], "post_ids", "post_id"))
    found = await data(schema, "{ posts { comments { id } } }", limited)
    assert found == {"posts": [{"comments": []}] * 5}
    assert sorted(map(len, keys_asked(limited, "listComments", "post_ids"))) == [1, 2, 2]


TYPED = contract(
    operation(
        "GET /tenants/{tenant}/things/{id}",
        "getThing",
        ref("Thing"),
        parameter("id", INT, "path"),
        statuses=("404",),
    ),
    operation(
        "GET /tenants/{tenant}/things",
        "listThings",
        listed(ref("Thing")),
        parameter("ids", listed(INT, maxItems=2), required=True, explode=False),
    ),
    operation(
        "GET /tags/{id}", "getTag", ref("Tag"), parameter("id", {"type": "string", "format": "uuid"}, "path")
    ),
    operation(
        "POST /thing-lookup",
        "lookUp",
        listed(ref("Thing")),
        body=an({"keys": listed(an({"tenant": TEXT, "id": INT}))}),
    ),
    operation("GET /uses", "listUses", listed(ref("Use"))),
    Thing=an({"tenant": TEXT, "id": INT, "name": TEXT}),
    Tag=an({"id": {"type": "string", "format": "uuid"}, "name": TEXT}),
    Use=an({"tenant": TEXT, "thing": TEXT, "tag": TEXT}),
)

TYPED_MODULE = """
@rest.type(shop.schema("Thing"), key=("tenant", "id"), one=shop.op("getThing"), many=MANY)
class Thing:
    id: rest.auto
    name: rest.auto


@rest.type(shop.schema("Tag"), key="id", one=shop.op("getTag"))
class Tag:
    id: rest.auto
    name: rest.auto


@rest.type(shop.schema("Use"))
class Use:
    thing: Thing | None = rest.link(key=("tenant", "thing"))
    tag: Tag | None = rest.link(key="tag")


@strawberry.type
class Query:
    thing: Thing | None = rest.query(shop.op("getThing"))
    tag: Tag | None = rest.query(shop.op("getTag"))
    uses: list[Use] | None = rest.query(shop.op("listUses"))

    @strawberry.field
    async def loaded(self, info: rest.Info, id: strawberry.ID) -> Thing | None:
        return await info.context.load(Thing, ("t", id))


schema = rest.Schema(query=Query)
"""
BY_PART = 'shop.op("listThings", tenant=rest.key("tenant"), ids=rest.keys("id"))'
BY_OBJECT = 'shop.op("lookUp", keys=rest.keys, safe=True)'
TAG = "0123ABCD-0000-4000-8000-00000000000A"


def use(tenant: str, thing: str, tag: str = TAG) -> dict[str, str]:
    """One row of uses."""
    return {"tenant": tenant, "thing": thing, "tag": tag}


def things(request: testing.Request) -> testing.Response:
    """The things that were asked for, last first."""
    tenant = request.target.split("/")[2]
    keys = [int(one) for one in asked(request, "ids")]
    return answer([{"tenant": tenant, "id": one, "name": f"{tenant}{one}"} for one in reversed(keys)])


@pytest.fixture(scope="module")
def by_part(tmp_path_factory) -> Schema:
    """Things of tenants: a `many` for one tenant at a time."""
    return project(tmp_path_factory.mktemp("part"), TYPED_MODULE.replace("MANY", BY_PART), shop=TYPED)


async def test_a_number_has_one_key_however_it_is_written(by_part):
    """`12`, `"12"` and `"012"` are one integer key: one slot, one call."""
    services = testing.Services()
    services.answer("shop", "listUses", json=[use("t", "12"), use("t", "012")])
    services.answer("shop", "getThing", json={"tenant": "t", "id": 12, "name": "twelve"})
    query = """{ uses { thing { name } } thing(tenant: "t", id: 12) { id } zero: thing(tenant: "t", id: "0012") { id }
        loaded(id: "12") { name } }"""
    found = await data(by_part, query, services)
    assert found == {
        "uses": [{"thing": {"name": "twelve"}}] * 2,
        "thing": {"id": "12"},
        "zero": {"id": "12"},
        "loaded": {"name": "twelve"},
    }
    assert services.calls == {"shop.listUses": 1, "shop.getThing": 1}


async def test_a_uuid_has_one_key_in_any_case(by_part):
    """UUIDs that differ in case are one key; values are given as the upstream writes them."""
    services = testing.Services()
    services.answer("shop", "listUses", json=[use("t", "1"), use("t", "1", TAG.lower())])
    services.answer("shop", "getTag", json={"id": TAG, "name": "red"})
    query = "query ($id: ID!) { uses { tag { id } } tag(id: $id) { name } }"
    found = await data(by_part, query, services, variables={"id": TAG.swapcase()})
    assert found == {"uses": [{"tag": {"id": TAG}}] * 2, "tag": {"name": "red"}}
    assert services.calls == {"shop.listUses": 1, "shop.getTag": 1}


async def test_composite_keys_batch_by_what_one_call_can_take(by_part):
    """A `many` that takes one tenant is called once for each tenant, split at its limit; parts keep their order."""
    services = testing.Services()
    rows = [use("t", "1"), use("u", "1"), use("t", "2"), use("t", "3"), use("u", "2"), use("1", "7")]
    services.answer("shop", "listUses", json=rows)
    services.on("shop", "listThings", things)
    found = await data(by_part, "{ uses { thing { name } } }", services)
    assert [one["thing"]["name"] for one in found["uses"]] == ["t1", "u1", "t2", "t3", "u2", "17"]
    targets = sorted(one.target for one in services.requests if one.operation == "listThings")
    assert targets == [
        "/tenants/1/things?ids=7",
        "/tenants/t/things?ids=1,2",
        "/tenants/t/things?ids=3",
        "/tenants/u/things?ids=1,2",
    ]


async def test_composite_keys_can_be_asked_as_objects_by_a_safe_post(tmp_path):
    """A POST declared safe is a `many` like any other; whole composite keys go as objects of the key's names."""
    schema = project(tmp_path, TYPED_MODULE.replace("MANY", BY_OBJECT), shop=TYPED)
    services = testing.Services()
    services.answer("shop", "listUses", json=[use("t", "1"), use("u", "2"), use("t", "01")])
    rows = [{"tenant": "u", "id": 2, "name": "u2"}, {"tenant": "t", "id": 1, "name": "t1"}]
    services.answer("shop", "lookUp", json=rows)
    found = await data(schema, "{ uses { thing { name } } }", services)
    assert [one["thing"]["name"] for one in found["uses"]] == ["t1", "u2", "t1"]
    assert [(one.operation, one.body, one.safe) for one in services.requests[1:]] == [
        ("lookUp", b'{"keys":[{"tenant":"t","id":1},{"tenant":"u","id":2}]}', True)
    ]


async def test_equal_reads_are_one_call_and_different_ones_are_not(schema):
    """Reads without a key are shared by their whole request: method, target, headers and body."""
    services = social([], [post("1", "a")])
    await data(
        schema,
        '{ posts { id } b: posts { id } c: posts(topic: "x") { id } d: posts(topic: "x") { id } }',
        services,
    )
    assert [one.target for one in services.requests] == ["/posts", "/posts?topic=x"]


async def test_nothing_is_shared_between_requests(schema):
    """The store is made for one request: the next one asks anew."""
    services = social([person("a")])
    await execute(schema, '{ person(id: "a") { id } }', services)
    await execute(schema, '{ person(id: "a") { id } }', services)
    assert services.calls == {"people.getPerson": 2}


async def test_what_can_be_no_key_is_refused_without_a_call(by_part):
    """A parent's property that is no key is a violation at its place; an argument that is none is bad input."""
    services = testing.Services()
    services.answer("shop", "listUses", json=[use("t", "x"), use("t", "1")])
    services.answer("shop", "getThing", json={"tenant": "t", "id": 1, "name": "one"})
    found = await execute(
        by_part, '{ uses { thing { name } } thing(tenant: "t", id: "1.5") { id } }', services
    )
    assert found.data == {"uses": [{"thing": None}, {"thing": {"name": "one"}}], "thing": None}
    assert codes(found) == [(["thing"], "BAD_USER_INPUT"), (["uses", 0, "thing"], "CONTRACT_VIOLATION")]
    assert found.errors[1]["extensions"]["violation"]["path"] == "$[0].thing"
    assert services.calls == {"shop.listUses": 1, "shop.getThing": 1}


async def test_dots_from_an_upstream_are_refused_without_a_call(schema):
    """A key `..` out of an answer would change the path: it is refused, and is not the client's fault."""
    services = social([], [post("1", "..")])
    found = await execute(schema, "{ posts { author { id } } }", services)
    assert found.data == {"posts": [{"author": None}]}
    assert codes(found) == [(["posts", 0, "author"], "UPSTREAM_ERROR")]
    assert services.calls == {"posts.listPosts": 1}
