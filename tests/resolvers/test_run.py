"""Running plans: what starts when, what is pruned, and what runs on which lane."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import msgspec
import pytest

from graph.declaring.schema import Schema
from graph.executing.executor import GraphQLRequest
from graph.executing.lanes import Lanes
from graph.project.project import load_schema
from resolvers.caller import Caller
from resolvers.fast.uncompiled import Unhurried
from resolvers.plan.coverage import Reason
from stolon.testing import Answer, Services, answer, caller, execute
from tests.graph.projects import INT, TEXT, an, contract, listed, nullable, operation, parameter, ref
from tests.resolvers.graphs import Gate, asked, project

PEOPLE = contract(
    operation(
        "GET /people/{id}", "getPerson", ref("Person"), parameter("id", place="path"), statuses=("404",)
    ),
    operation(
        "GET /people", "listPeople", listed(ref("Person")), parameter("ids", listed(TEXT), explode=False)
    ),
    operation("GET /all", "allPeople", listed(ref("Person"))),
    operation("POST /people", "addPerson", ref("Person"), body=an({"name": TEXT})),
    Person=an({"id": TEXT, "name": TEXT, "boss": nullable(TEXT), "house": nullable(TEXT)}),
)
HOUSES = contract(
    operation("GET /houses", "listHouses", listed(ref("House")), parameter("ids", listed(TEXT), explode=False)),
    operation(
        "GET /notes", "listNotes", an({"items": listed(ref("Note")), "total": INT}),
        parameter("house"), parameter("offset", INT), parameter("limit", {**INT, "maximum": 50, "default": 10}),
    ),
    House=an({"id": TEXT, "street": TEXT}),
    Note=an({"id": TEXT, "by": TEXT}),
)  # fmt: skip

MODULE = """
@rest.type(houses.schema("Note"))
class Note:
    id: rest.auto
    by: "Person | None" = rest.link(key="by")


@rest.type(houses.schema("House"), key="id", many=houses.op("listHouses", ids=rest.keys))
class House:
    id: rest.auto
    street: rest.auto = rest.field(scopes=["streets"])
    notes: rest.Connection[Note] | None = rest.connection(houses.op("listNotes", house=rest.this("id")))


@rest.type(people.schema("Person"), key="id", one=people.op("getPerson"), many=people.op("listPeople", ids=rest.keys))
class Person:
    id: rest.auto
    name: rest.auto
    boss: "Person | None" = rest.link(key="boss")
    sure_boss: "Person" = rest.link(key="boss")
    house: House | None = rest.link(key="house")
    secret: House | None = rest.link(key="house", scopes=["secrets"])

    @rest.field(needs=["name"])
    async def greeting(self, info: rest.Info) -> str:
        meeting = info.context.caller.claims["meeting"]
        return await meeting(self.name)


class Holder:
    def __init__(self, held):
        self.held = held


@strawberry.type
class Plain:
    word: str


async def later(value):
    await asyncio.sleep(0)
    return value


async def one_by_one():
    for word in ("a", "b"):
        yield Plain(word=word)


@strawberry.type
class Query:
    every: list[Person] | None = rest.query(people.op("allPeople"))
    person: Person | None = rest.query(people.op("getPerson"))
    house: House | None = rest.query(key="id") if False else None

    @strawberry.field
    def words(self) -> list[Plain]:
        return [later(Plain(word="a")), Plain(word=later("b")), Plain(word="c")]

    @strawberry.field
    def stream(self) -> list[Plain]:
        return one_by_one()

    @strawberry.field
    def number(self) -> list[int]:
        return 7

    @strawberry.field
    def broken(self) -> list[Plain | None]:
        return [Plain(word=None), Plain(word="b")]

    @strawberry.field
    async def sure(self, info: rest.Info) -> str:
        return await info.context.caller.claims["meeting"]("sure")


@strawberry.type
class Mutation:
    add_person: Person | None = rest.mutation(people.op("addPerson"))
    sure_person: Person = rest.mutation(people.op("addPerson"))


schema = rest.Schema(query=Query, mutation=Mutation)
""".replace('    house: House | None = rest.query(key="id") if False else None\n', "")

LANES = pytest.mark.parametrize("lane", ["plan", "reference"])


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """People with bosses and houses; houses with notes by people."""
    return project(tmp_path_factory.mktemp("run"), MODULE, people=PEOPLE, houses=HOUSES)


def person(key: str, boss: str | None = None, house: str | None = None) -> dict[str, Any]:
    """A row of people."""
    return {"id": key, "name": f"name of {key}", "boss": boss, "house": house}


def services_of(*rows: dict[str, Any]) -> Services:
    """These people, whatever house is asked for, and two notes in each."""
    services = Services()
    services.answer("people", "allPeople", json=list(rows))
    services.on("people", "getPerson", lambda one: answer(person(one.target.rpartition("/")[2])))
    services.on("people", "listPeople", lambda one: answer([person(key) for key in asked(one, "ids")]))
    services.on(
        "houses",
        "listHouses",
        lambda one: answer([{"id": key, "street": f"at {key}"} for key in asked(one, "ids")]),
    )
    services.answer(
        "houses", "listNotes", json={"items": [{"id": "n", "by": "w"}, {"id": "m", "by": "w"}], "total": 9}
    )
    return services


async def turns(count: int = 80) -> None:
    """Let the loop turn, so that whatever can go on has gone on."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_step_waits_for_nothing_but_its_own_parents(schema):
    """While one branch's answer is held back, the other branch goes on to its end."""
    services = services_of(person("a", boss="b", house="h"))
    bosses = Gate(lambda one: answer(person(one.target.rpartition("/")[2])))
    services.on("people", "getPerson", bosses)
    query = "{ every { boss { name } house { notes(first: 2) { nodes { id } pageInfo { hasNextPage } } } } }"
    running = asyncio.ensure_future(execute(schema, query, services))
    await turns()
    assert services.calls == {
        "people.allPeople": 1, "people.getPerson": 1, "houses.listHouses": 1, "houses.listNotes": 1
    }  # fmt: skip
    bosses.open()
    assert (await running).errors == []


async def test_whether_more_follows_holds_up_nothing_else(schema):
    """The call that only tells hasNextPage is under way while links of the page's items are asked for."""
    services = services_of(person("a", house="h"))
    looks = Gate(lambda _: answer({"items": [{"id": "z", "by": "w"}], "total": None}))
    first = answer({"items": [{"id": "n", "by": "w"}], "total": None})
    services.on("houses", "listNotes", lambda one: first if "offset=0" in one.target else looks(one))
    query = "{ every { house { notes(first: 1) { pageInfo { hasNextPage } nodes { by { name } } } } } }"
    running = asyncio.ensure_future(execute(schema, query, services))
    await turns(160)
    assert (services.calls["houses.listNotes"], services.calls.get("people.getPerson")) == (2, 1)
    looks.open()
    found = await running
    assert found.errors == []
    notes = {"pageInfo": {"hasNextPage": True}, "nodes": [{"by": {"name": "name of w"}}]}
    assert found.data == {"every": [{"house": {"notes": notes}}]}


async def test_a_resolver_runs_for_all_parents_together(schema):
    """No parent's resolver waits for another's: all have begun before any may end."""
    meeting = asyncio.Barrier(3)

    async def meet(name: str) -> str:
        await meeting.wait()
        return f"hello {name}"

    services = services_of(person("a"), person("b"), person("c"))
    found = await execute(schema, "{ every { greeting } }", services, caller=caller("me", meeting=meet))
    assert found.data == {"every": [{"greeting": f"hello name of {key}"} for key in "abc"]}


@LANES
async def test_root_fields_of_a_mutation_come_one_after_another(schema, lane):
    """What hangs on the first change is fetched before the second change is made, on either lane."""
    services = services_of()
    services.answer("people", "addPerson", json=person("new", boss="b", house="h"))
    query = """mutation { one: addPerson(input: {name: "x"}) { boss { name } }
        two: addPerson(input: {name: "y"}) { id } }"""
    found = await execute(schema, query, services, lane=lane)
    assert found.data == {"one": {"boss": {"name": "name of b"}}, "two": {"id": "new"}}
    assert [one.operation for one in services.requests] == ["addPerson", "getPerson", "addPerson"]


@LANES
async def test_no_change_is_made_after_one_whose_null_takes_the_answer(schema, lane):
    """Where a change that must not be null failed, data is null and the changes after it are not made."""
    services = services_of()
    services.answer("people", "addPerson", status=503)
    query = 'mutation { surePerson(input: {name: "x"}) { id } addPerson(input: {name: "y"}) { id } }'
    found = await execute(schema, query, services, lane=lane)
    assert (found.data, len(found.errors), services.calls) == (None, 1, {"people.addPerson": 1})


async def test_what_hangs_on_a_null_is_not_asked_for(schema):
    """An object that an error took away calls nothing more."""
    services = services_of(person("a", house="h"))  # a has no boss, and must have one
    query = "{ every { sureBoss { name } house { notes(first: 1) { nodes { id } } } } }"
    found = await execute(schema, query, services)
    assert found.data == {"every": None}
    assert services.calls.get("houses.listNotes") is None


@LANES
@pytest.mark.parametrize(
    "query", ["{ every { id } number }", "{ number every { id } }", "{ every { id } sure }"]
)
async def test_an_answer_of_nothing_waits_for_nobody(schema, lane, query):
    """Where an error took all of the data, what was still under way is ended, and the answer goes out at once."""
    services = services_of()
    held = Gate(lambda _: answer([person("a")]))
    services.on("people", "allPeople", held)

    async def fail(_: str) -> str:
        await turns()
        assert held.waiting
        raise ValueError("no")

    found = await asyncio.wait_for(
        execute(schema, query, services, caller=caller("me", meeting=fail), lane=lane), 20
    )
    assert (found.data, len(found.errors), held.waiting) == (None, 1, [])


async def test_what_a_change_set_going_runs_to_its_end(schema):
    """A resolver below a change is not cut off by an error beside it that takes all of the data."""
    services = services_of()
    services.answer("people", "addPerson", json=person("a"))
    ended = []

    async def meet(name: str) -> str:
        await turns()
        ended.append(name)
        return name

    query = 'mutation { surePerson(input: {name: "x"}) { greeting sureBoss { name } } }'
    found = await execute(schema, query, services, caller=caller("me", meeting=meet))
    assert (found.data, [one["path"] for one in found.errors]) == (None, [["surePerson", "sureBoss"]])
    assert ended == ["name of a"]


async def test_an_error_on_the_reference_lane_stands_for_itself(schema):
    """What a resolver raises there is not told as raised while something else was handled."""
    context = Lanes(schema, {}, plans=False).context(Caller(), {}, "r-1")
    found = await schema.execute("{ broken { word } }", context_value=context)
    [error] = found.errors
    assert (type(error.original_error), error.original_error.__context__) == (TypeError, None)


@LANES
async def test_what_the_caller_may_not_see_costs_no_call(schema, lane):
    """A forbidden link is null with its error and asks for nothing; the plan is the one that others use."""
    services = services_of(person("a", house="h"), person("b", house="i"))
    query = "{ every { secret { id } house { street } } }"
    found = await execute(schema, query, services, caller=caller("me"), lane=lane)
    assert found.data == {"every": [{"secret": None, "house": {"street": None}}] * 2}
    assert Counter((one["path"][2], one["extensions"]["code"]) for one in found.errors) == {
        ("secret", "FORBIDDEN"): 2, ("house", "FORBIDDEN"): 2
    }  # fmt: skip
    services = services_of(person("a", house="h"))
    found = await execute(
        schema, query, services, caller=caller("you", scopes=("secrets", "streets")), lane=lane
    )
    assert found.data == {"every": [{"secret": {"id": "h"}, "house": {"street": "at h"}}]}


@LANES
async def test_values_that_come_later_are_waited_for(schema, lane):
    """Awaitable items, awaitable attributes and asynchronous generators are values like others."""
    found = await execute(schema, "{ words { word } stream { word } }", Services(), lane=lane)
    words = [{"word": "a"}, {"word": "b"}, {"word": "c"}]
    assert (found.data, found.errors) == ({"words": words, "stream": words[:2]}, [])


@LANES
async def test_a_value_of_another_shape_is_an_error_at_its_place(schema, lane):
    """No list where one is due, null where none may be: each nulls what it must, and its neighbours stay."""
    found = await execute(schema, "{ broken { word } }", Services(), lane=lane)
    assert found.data == {"broken": [None, {"word": "b"}]}
    assert [(one["path"], one["extensions"]["code"]) for one in found.errors] == [
        (["broken", 0, "word"], "INTERNAL_SERVER_ERROR")
    ]
    found = await execute(schema, "{ number }", Services(), lane=lane)
    assert (found.data, [one["path"] for one in found.errors]) == (None, [["number"]])


class Telling:
    """A lane that tells which lane was taken."""

    def __init__(self, schema: Schema, services: Services, **options: Any) -> None:
        self.told: list[tuple[str, Reason | Unhurried | None]] = []
        self._lane = Lanes(
            schema, services.upstreams(schema), told=lambda *told: self.told.append(told), **options
        )

    async def __call__(self, query: str, **variables: object) -> Answer:
        """Execute a document."""
        found = await self._lane.execute(GraphQLRequest(query, variables), Caller(), {}, "r-1")
        return Answer(msgspec.to_builtins(found.data), found.errors)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("{ __schema { queryType { name } } }", Reason.INTROSPECTION),
        ('{ __type(name: "Person") { name } every { id } }', Reason.INTROSPECTION),
        (
            "query ($a: Boolean!) { every { ...A } } fragment A on Person { id @skip(if: $a) }",
            Unhurried.FIRST,
        ),
        ("{ __typename every { id } }", Unhurried.FIRST),
    ],
)
async def test_what_plans_do_not_cover_runs_on_the_reference_lane_and_is_told(schema, query, reason):
    """Each operation is told with its lane, and with the reason where that is not the fastest."""
    lanes = Telling(schema, services_of(person("a")))
    variables = {"a": False} if "$a" in query else {}
    found = await lanes(query, **variables)
    assert (found.errors, lanes.told) == (
        [],
        [("plan" if reason is Unhurried.FIRST else "reference", reason)],
    )


async def test_a_project_may_choose_the_reference_lane(schema):
    """With plans switched off every operation runs on the reference lane, and says so."""
    lanes = Telling(schema, services_of(person("a")), plans=False)
    found = await lanes("{ every { id } }")
    assert found.data == {"every": [{"id": "a"}]}
    assert lanes.told == [("reference", Reason.SWITCHED_OFF)]


async def test_a_plan_is_made_once_for_the_booleans_that_decide(schema):
    """The same text is planned once for each set of values of its conditions, whatever its other variables are."""
    services = services_of(person("a"))
    lanes = Telling(schema, services)
    before = len(schema.plans.kept)
    query = "query ($id: ID!, $no: Boolean!) { person(id: $id) { id name @skip(if: $no) } }"
    found = [await lanes(query, id=key, no=no) for key in "abc" for no in (True, False)]
    assert [one.data for one in found] == [
        {"person": {"id": key} | ({} if no else {"name": f"name of {key}"})}
        for key in "abc"
        for no in (True, False)
    ]
    assert len(schema.plans.kept) == before + 2


OWN = MODULE.replace(
    "schema = rest.Schema(query=Query, mutation=Mutation)",
    """
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class Own(StrawberryGraphQLCoreExecutionContext):
    pass


class Hooks(SchemaExtension):
    def resolve(self, next_, root, info, **arguments):
        return next_(root, info, **arguments)


schema = rest.Schema(query=Query, mutation=Mutation, execution_context_class=Own)
hooked = rest.Schema(query=Query, mutation=Mutation, extensions=[Hooks])
""",
)


async def test_what_a_project_puts_into_execution_is_not_passed_over(tmp_path):
    """A project's own executor, or an extension that wraps resolvers, executes on the reference lane, and is told."""
    own = project(tmp_path, OWN, people=PEOPLE, houses=HOUSES)
    hooked = load_schema(tmp_path, "schema:hooked")
    for schema, reason in ((own, Reason.OWN_EXECUTOR), (hooked, Reason.RESOLVER_HOOKS)):
        lanes = Telling(schema, services_of(person("a")))
        assert (await lanes("{ every { id } }")).data == {"every": [{"id": "a"}]}
        assert lanes.told == [("reference", reason)]
