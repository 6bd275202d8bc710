"""Where in an answer a field's value lies: what `pick` says, or what the contract shows plainly."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.binding.results import Result, Wanted, find_result, property_at
from stolon import testing
from tests.adapters.contract_documents import read
from tests.graph.projects import (
    INT,
    TEXT,
    Doc,
    an,
    contract,
    data,
    error,
    listed,
    load,
    nullable,
    operation,
    ref,
    signature,
)

USER = an({"id": TEXT, "name": TEXT})
SUMMARY = an({"id": TEXT, "name": TEXT, "more": INT}, optional="name")


def found(
    answer: Doc | None, pick: str | None = None, *, many: bool = False, as_list: str = ""
) -> tuple[str, bool] | str:
    """The pick and the nullability of a user (or of many) in an answer; or what is wrong."""
    read_in = read(
        contract(
            operation("GET /x", "x", answer),
            User=USER,
            Other=an({"id": TEXT}),
            Holder=an({"user": ref("User")}),
        )
    )
    user = read_in.schema("#/components/schemas/User")
    wanted = Wanted(lambda schema: schema.pointer == user.pointer, many, "User", as_list)
    result = find_result(read_in, read_in.operations["x"], pick, wanted)
    if isinstance(result, str):
        return result
    assert result.use is not None
    return ".".join(result.pick), result.use.nullable


@pytest.mark.parametrize(
    ("answer", "many", "expected"),
    [
        (ref("User"), False, ("", False)),
        (listed(ref("User")), True, ("", False)),
        (an({"data": ref("User"), "meta": an({"n": INT})}), False, ("data", False)),
        (an({"data": ref("User")}, optional="data"), False, ("data", True)),
        (an({"data": nullable(ref("User"))}), False, ("data", True)),
        (an({"result": an({"user": ref("User")}, optional="user")}), False, ("result.user", True)),
        (an({"result": an({"user": ref("User")})}, optional="result"), False, ("result.user", True)),
        (an({"data": listed(ref("User")), "first": ref("User")}), True, ("data", False)),
        (an({"data": listed(ref("User")), "first": ref("User")}), False, ("first", False)),
        (an({"user": ref("User"), "deep": an({"user": ref("User")})}), False, ("user", False)),
    ],
)
def test_an_envelope_that_the_contract_shows_plainly_needs_no_pick(
    answer: Doc, many: bool, expected: tuple[str, bool]
) -> None:
    """The shallowest place that fits; absent or null envelopes make the value nullable."""
    assert found(answer, many=many) == expected


@pytest.mark.parametrize(
    ("answer", "pick", "many", "told"),
    [
        (
            an({"old": ref("User"), "new": ref("User")}),
            None,
            False,
            "the answer of 'x' holds User in several places: say pick= one of 'old', 'new'",
        ),
        (
            an({"a": an({"b": an({"c": ref("User")})})}),
            None,
            False,
            "the answer of 'x' holds no User: say where it lies with pick= (it holds properties 'a')",
        ),
        (
            TEXT,
            None,
            False,
            "the answer of 'x' holds no User: say where it lies with pick= (it holds string)",
        ),
        (
            ref("Other"),
            None,
            True,
            "the answer of 'x' holds no list of User: say where it lies with pick= (it holds properties 'id')",
        ),
        (None, None, False, "the answer of 'x' has no JSON body"),
        (None, "a", False, "the answer of 'x' has no JSON body to pick 'a' from"),
        (
            an({"data": ref("User")}),
            "dat",
            False,
            "pick='dat': there is no 'dat' (the answer has 'data' there); did you mean 'data'?",
        ),
        (
            an({"data": ref("User")}),
            "data.id.x",
            False,
            "pick='data.id.x': there is no 'x' (the answer is string there)",
        ),
        (
            an({"data": ref("User")}),
            "data",
            True,
            "pick='data' is no list of User, but properties 'id', 'name'",
        ),
    ],
)
def test_what_is_not_plain_is_a_mistake_that_says_what_there_is(
    answer: Doc | None, pick: str | None, many: bool, told: str
) -> None:
    """Nothing is guessed."""
    assert found(answer, pick, many=many) == told


@pytest.mark.parametrize(
    ("answer", "pick", "told"),
    [
        (listed(ref("User")), None, "the answer of 'x' holds a list of User: annotate `list[User] | None`"),
        (
            an({"items": listed(ref("User"))}),
            None,
            "the answer of 'x' holds a list of User: annotate `list[User] | None`",
        ),
        (
            an({"items": listed(ref("User"))}),
            "items",
            "pick='items' is a list of User: annotate `list[User] | None`",
        ),
        (
            listed(ref("Other")),
            None,
            "the answer of 'x' holds no User: say where it lies with pick= (it holds array)",
        ),
    ],
)
def test_a_list_where_one_alone_was_annotated_says_how_to_annotate_it(
    answer: Doc, pick: str | None, told: str
) -> None:
    """A `pick` would not help; a list of something else is no list of it."""
    assert found(answer, pick, as_list="list[User]") == told


def test_pick_reaches_as_deep_as_it_says() -> None:
    """Null or absence on the way makes the value nullable."""
    deep = an({"a": an({"b": an({"c": ref("User")})}, optional="b")})
    assert found(deep, "a.b.c") == ("a.b.c", True)
    assert found(an({"a": an({"b": ref("User")})}), "a.b") == ("a.b", False)


def test_an_operation_without_a_successful_answer_has_no_result() -> None:
    """It can't be bound."""
    document = contract(operation("GET /x", "x"))
    document["paths"]["/x"]["get"]["responses"] = {"400": {"description": "no"}}
    read_in = read(document)
    wanted = Wanted(None, False, "a value")
    assert (
        find_result(read_in, read_in.operations["x"], None, wanted)
        == "operation 'x' declares no successful answer"
    )


def test_whatever_is_wanted_is_the_whole_answer() -> None:
    """Without a type to look for, nothing is unpacked; without a body there is no use."""
    read_in = read(contract(operation("GET /x", "x", an({"data": TEXT})), operation("GET /y", "y")))
    wanted = Wanted(None, False, "a value")
    result = find_result(read_in, read_in.operations["x"], None, wanted)
    assert isinstance(result, Result)
    assert result.pick == ()
    assert find_result(read_in, read_in.operations["y"], None, wanted) == Result((), None)


def test_a_property_is_always_there_if_every_step_to_it_is() -> None:
    """A null or optional step before it lets it be absent."""
    inner = an({"c": TEXT})
    schema_of = an({"a": an({"b": inner}), "n": nullable(inner), "o": inner}, optional="o")
    read_in = read(contract(T=schema_of))
    schema = read_in.schema("#/components/schemas/T")

    def required(*path: str) -> bool:
        at = property_at(read_in, schema, path)
        assert not isinstance(at, str)
        return at[1]

    assert [required("a", "b", "c"), required("n", "c"), required("o", "c")] == [True, False, False]
    assert property_at(read_in, schema, ()) == "an empty path"


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
        found: User | None = rest.query(users.op("find"))
        names: list[str] | None = rest.query(users.op("names", pick="data"))
        total: int | None = rest.query(users.op("names", pick="meta.total"))

    schema = rest.Schema(query=Query)
"""
USERS = contract(
    operation(
        "GET /users/{id}", "getUser", an({"data": nullable(ref("User"))}, optional="data"), statuses=("404",)
    ),
    operation("GET /find", "find", an({"hit": ref("Hit")})),
    operation(
        "GET /names", "names", an({"data": listed(TEXT), "meta": an({"total": INT}, optional="total")})
    ),
    User=USER,
    Hit=an({"id": TEXT, "name": TEXT, "score": INT}),
)


async def test_objects_of_another_schema_with_the_same_properties_serve_as_a_type(tmp_path: Path) -> None:
    """A structural fit counts the properties that the type shows; scalars can be picked, too."""
    schema = load(tmp_path, MODULE, {"users": USERS})
    assert signature(schema, "Query", "found") == "found: User"
    scripted = testing.Services()
    scripted.answer("users", "getUser", json={"data": {"id": "1", "name": "a"}})
    scripted.answer("users", "find", json={"hit": {"id": "2", "name": "b", "score": 3}})
    scripted.answer("users", "names", json={"data": ["x"], "meta": {"total": 7}})
    query = '{ user(id: "1") { name } found { id name } names total }'
    assert await data(schema, query, scripted) == {
        "user": {"name": "a"},
        "found": {"id": "2", "name": "b"},
        "names": ["x"],
        "total": 7,
    }
    assert scripted.calls == {"users.getUser": 1, "users.find": 1, "users.names": 1}


@pytest.mark.parametrize("body", [{}, {"data": None}])
async def test_an_envelope_without_content_is_null(tmp_path: Path, body: dict) -> None:
    """Where the contract allows it."""
    schema = load(tmp_path, MODULE, {"users": USERS})
    scripted = testing.Services()
    scripted.answer("users", "getUser", json=body)
    assert await data(schema, '{ user(id: "1") { name } }', scripted) == {"user": None}


async def test_an_envelope_that_is_not_what_the_contract_says_is_a_violation(tmp_path: Path) -> None:
    """At the path in the answer where it breaks."""
    schema = load(tmp_path, MODULE, {"users": USERS})
    scripted = testing.Services()
    scripted.answer("users", "names", json={"data": ["x"], "meta": []})
    found_error = await error(schema, "{ total }", scripted)
    assert found_error["extensions"]["violation"] == {
        "path": "$.meta",
        "expected": "object",
        "found": "array",
    }
