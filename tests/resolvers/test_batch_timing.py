"""When a batch leaves: not by a clock, but when the loop has nothing else to add to it (design, section 6)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graph.declaring.schema import Schema
from resolvers.fault import Fault
from resolvers.loading.batch import MOST_TURNS, QUIET_TURNS, Batch, Turns
from resolvers.loading.settled import Settled
from stolon.testing import Services, answer, execute
from tests.graph.projects import INT, TEXT, an, contract, data, listed, nullable, operation, parameter, ref
from tests.resolvers.graphs import PEOPLE, Gate, asked, person, project, turns

NESTED = contract(
    operation("GET /boards", "listBoards", listed(ref("Board"))),
    operation(
        "GET /cards", "listCards", an({"items": listed(ref("Card")), "total": INT}),
        parameter("board"), parameter("offset", INT), parameter("limit", {**INT, "maximum": 50, "default": 10}),
    ),
    Board=an({"id": TEXT, "owner": TEXT, "columns": listed(listed(ref("Cell"))), "best": nullable(ref("Cell"))}),
    Cell=an({"who": TEXT}),
    Card=an({"id": TEXT, "who": TEXT}),
)  # fmt: skip

NESTED_MODULE = """
@rest.type(people.schema("Person"), key="id", one=people.op("getPerson"), many=people.op("listPeople", ids=rest.keys))
class Person:
    id: rest.auto
    boss: "Person | None" = rest.link(key="boss_id")


@rest.type(boards.schema("Cell"))
class Cell:
    who: Person | None = rest.link(key="who")


@rest.type(boards.schema("Card"))
class Card:
    id: rest.auto
    who: Person | None = rest.link(key="who")


@rest.type(boards.schema("Board"))
class Board:
    owner: Person | None = rest.link(key="owner")
    columns: list[list[Cell]]
    best: Cell | None
    cards: rest.Connection[Card] | None = rest.connection(boards.op("listCards", board=rest.this("id")))

    @rest.field(needs=["owner"])
    async def later(self, info: rest.Info) -> list["Later"]:
        await asyncio.sleep(0)
        return [Later(id=self.owner)]


@strawberry.type
class Later:
    id: strawberry.ID

    @strawberry.field
    async def again(self) -> "list[Later]":
        await asyncio.sleep(0)
        return [self]

    @strawberry.field
    async def person(self, info: rest.Info) -> Person | None:
        await asyncio.sleep(0)
        return await info.context.load(Person, self.id + "9")


@strawberry.type
class Query:
    boards: list[Board] | None = rest.query(boards.op("listBoards"))
    person: Person | None = rest.query(people.op("getPerson"))


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """Boards with people in lists of lists, connections and hand-written resolvers."""
    folder = tmp_path_factory.mktemp("nested")
    people = {**PEOPLE, "paths": {**PEOPLE["paths"]}}
    return project(folder, NESTED_MODULE, people=_with_many(people), boards=NESTED)


def _with_many(people: dict[str, Any]) -> dict[str, Any]:
    many = operation(
        "GET /people", "listPeople", listed(ref("Person")), parameter("ids", listed(TEXT), explode=False)
    )
    return {**people, "paths": {**people["paths"], **many}}


def board(owner: str, cells: list[list[str]], best: str | None = None) -> dict[str, Any]:
    """One row of boards."""
    columns = [[{"who": one} for one in column] for column in cells]
    return {"id": f"board of {owner}", "owner": owner, "columns": columns, "best": best and {"who": best}}


def services_of(boards: list[dict[str, Any]], cards: list[str] | None = None) -> Services:
    """People of any id, these boards, these cards on each board."""
    services = Services()
    services.on("people", "getPerson", lambda one: answer(person(one.target.rpartition("/")[2])))
    services.on("people", "listPeople", lambda one: answer([person(key) for key in asked(one, "ids")]))
    services.answer("boards", "listBoards", json=boards)
    items = [{"id": str(at), "who": who} for at, who in enumerate(cards or ())]
    services.answer("boards", "listCards", json={"items": items, "total": len(items)})
    return services


async def test_lists_in_lists_are_one_batch(schema):
    """Links at unlike depths of one answer leave together: below lists of lists, an object, and the parent itself."""
    services = services_of([board("a", [["b", "c"], [], ["d"]], "e"), board("f", [["b"]])])
    await data(schema, "{ boards { owner { id } columns { who { id } } best { who { id } } } }", services)
    assert services.calls == {"boards.listBoards": 1, "people.listPeople": 1}
    assert sorted(asked(services.requests[1], "ids")) == list("abcdef")


async def test_python_resolvers_between_are_waited_for(schema):
    """Hand-written resolvers several levels above a `load`, each awaiting one turn, do not split the batch."""
    services = services_of([board("a", [["b"]]), board("c", [["d"]])])
    query = "{ boards { owner { id } columns { who { id } } later { again { person { id } } } } }"
    found = await data(schema, query, services)
    assert found["boards"][1]["later"] == [{"again": [{"person": {"id": "c9"}}]}]
    assert services.calls == {"boards.listBoards": 1, "people.listPeople": 1}


async def test_connections_of_many_parents_are_one_batch_below(schema):
    """Pages of different parents that land together lead to one batch, edges and nodes alike."""
    services = services_of([board("a", []), board("b", [])], ["c", "d"])
    query = "{ boards { cards(first: 2) { edges { node { who { id } } } nodes { who { id } } } } }"
    await data(schema, query, services)
    assert services.calls == {"boards.listBoards": 1, "boards.listCards": 2, "people.listPeople": 1}


async def test_links_below_links_of_unlike_depth_are_one_batch(schema):
    """A landed batch leads to the next one from every place that waited for it, however deep in the query."""
    services = services_of([board("a", [["b", "c"]], "d")])
    services.on(
        "people", "listPeople", lambda one: answer([person(key, f"{key}+") for key in asked(one, "ids")])
    )
    query = """{ boards { owner { boss { boss { id } } } columns { who { boss { boss { id } } } }
        best { who { boss { boss { id } } } } } one: person(id: "e") { boss { boss { id } } }
        two: person(id: "a") { boss { id } } }"""
    await data(schema, query, services)
    many = [sorted(asked(one, "ids")) for one in services.requests if one.operation == "listPeople"]
    assert many == [[f"{key}{level}" for key in "abcde"] for level in ("", "+", "++")]


async def test_there_is_no_timer(schema, monkeypatch):
    """Nothing of a request is scheduled by the clock: batches leave by turns of the loop alone."""
    loop = asyncio.get_running_loop()
    timers: list[object] = []
    for name in ("call_later", "call_at"):
        monkeypatch.setattr(loop, name, lambda *args: timers.append(args))
    services = services_of([board("a", [["b"]]), board("c", [["d"]])], ["c", "d"])
    query = "{ boards { owner { id } columns { who { id } } cards { nodes { who { id } } } } }"
    answered = await execute(schema, query, services)
    assert (answered.errors, timers) == ([], [])


async def test_branches_do_not_wait_for_each_other(schema):
    """Keys of an answer that landed leave while another branch still waits for its own answer."""
    services = services_of([])
    held = Gate(lambda one: answer([board("a", [["b"]])]))
    services.on("boards", "listBoards", held)
    query = '{ boards { owner { boss { id } } } one: person(id: "x") { id } two: person(id: "y") { id } }'
    running = asyncio.ensure_future(execute(schema, query, services))
    await turns()
    assert services.calls == {"boards.listBoards": 1, "people.listPeople": 1}
    held.open()
    assert (await running).errors == []


def broken(raised: BaseException) -> Fault:
    """No load here raises what it must not."""
    raise raised


class Keys:
    """A batch that is told when its keys leave."""

    def __init__(self) -> None:
        self.loads: list[list[object]] = []
        self.loop = asyncio.get_running_loop()
        self.turns = Turns(self.loop, self.loop.create_task)
        self.batch = Batch(self.load, self.turns.added, broken, self.loop)

    async def load(self, keys: list[object]) -> list[Settled]:
        """Note the keys; each is its own value."""
        self.loads.append(keys)
        return [Settled(key) for key in keys]


async def test_keys_of_late_turns_join_while_fewer_than_the_quiet_turns_pass():
    """A key added within the quiet turns of the one before joins its batch; one added after them starts another."""
    keys = Keys()
    first = keys.batch.load("a")
    await turns(QUIET_TURNS - 1)
    second = keys.batch.load("b")
    assert [one.value for one in await asyncio.gather(first, second)] == ["a", "b"]
    third = keys.batch.load("c")
    assert (await third).value == "c"
    assert keys.loads == [["a", "b"], ["c"]]


async def test_batches_of_one_request_leave_together():
    """The quiet turns are counted over all batches: one that still fills holds the others."""
    keys = Keys()
    other = Batch(keys.load, keys.turns.added, broken, keys.loop)
    first = keys.batch.load("a")
    await turns(QUIET_TURNS - 1)
    second = other.load("b")
    await turns(QUIET_TURNS - 1)
    assert keys.loads == []
    await asyncio.gather(first, second)
    assert keys.loads == [["a"], ["b"]]


async def test_no_stream_of_keys_holds_a_batch_for_ever():
    """A batch leaves after a stated number of turns even where every turn adds a key to it."""
    keys = Keys()
    waiting = []
    for at in range(2 * MOST_TURNS):
        waiting.append(keys.batch.load(at))
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert 2 <= len(keys.loads) <= 4
    assert max(map(len, keys.loads)) <= MOST_TURNS + 1
    assert [key for load in keys.loads for key in load] == list(range(2 * MOST_TURNS))


async def test_an_abandoned_batch_cancels_who_waits():
    """At the end of a request keys that did not leave are cancelled, and no load starts."""
    keys = Keys()
    waiting = keys.batch.load("a")
    keys.turns.abandon()
    await turns(2 * QUIET_TURNS)
    assert (waiting.cancelled(), keys.loads) == (True, [])


async def test_a_cancelled_load_cancels_who_waits():
    """A load whose task is cancelled, begun or not, leaves nobody waiting for ever."""
    keys = Keys()
    started: list[asyncio.Task[None]] = []

    def start(work: Any) -> asyncio.Task[None]:
        started.append(keys.loop.create_task(work))
        started[0].cancel()
        return started[0]

    waiting = keys.batch.load("a")
    keys.batch.leave(start)
    await turns()
    assert (waiting.cancelled(), keys.loads, started[0].cancelled()) == (True, [], True)
