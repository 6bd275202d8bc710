"""Names: whatever an upstream calls its things, GraphQL and Python get valid and distinct names for them."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, build_schema
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.types.naming import attribute_names, constant, graphql_name, pascal, snake
from tests.graph.projects import INT, TEXT, an, contract, fields_of, load, operation, ref

NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*\Z", re.ASCII)

# Names as they come: any text, and more often what is near to a name, so that they meet.
_NAMES = st.text(max_size=12) | st.text("aAbB1_-.$@ é", max_size=6) | st.sampled_from(keyword.kwlist)


@pytest.mark.parametrize(
    ("upstream", "python", "shown"),
    [
        ("placedAt", "placed_at", "placedAt"),
        ("placed-at", "placed_at", "placedAt"),
        ("PlacedAt", "placed_at", "placedAt"),
        ("placed.at", "placed_at", "placedAt"),
        ("HTTPStatus", "http_status", "httpStatus"),
        ("userID", "user_id", "userId"),
        ("$ref", "ref", "ref"),
        ("@type", "type", "type"),
        ("__v", "v", "v"),
        ("__typename", "typename", "typename"),
        ("class", "class_", "class"),
        ("from", "from_", "from"),
        ("1st", "_1st", "_1st"),
        ("2nd_try", "_2nd_try", "_2ndTry"),
        ("Größe", "gro_e", "groE"),
        ("été", "ete", "ete"),
        ("", "value", "value"),
        ("日本", "value", "value"),
        ("is_type_of", "is_type_of", "isTypeOf"),
    ],
)
def test_an_upstream_name_has_one_python_name_and_one_graphql_name(
    upstream: str, python: str, shown: str
) -> None:
    """Separators and capitals part words; what GraphQL or Python can't have is left out or marked."""
    assert (snake(upstream), graphql_name(snake(upstream))) == (python, shown)


@pytest.mark.parametrize(
    ("upstream", "shown"),
    [("order-line", "OrderLine"), ("user.v2", "UserV2"), ("3DModel", "_3DModel"), ("", "Value")],
)
def test_a_schema_is_named_in_pascal_case(upstream: str, shown: str) -> None:
    """Type names keep the capitals that they have."""
    assert pascal(upstream) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *(("in-progress", "IN_PROGRESS"), ("inProgress", "IN_PROGRESS"), ("A4", "A4"), ("1h", "_1H")),
        *((1, "_1"), (-1, "MINUS_1"), (1.5, "_1_5"), ("true", "TRUE_"), ("null", "NULL_"), (True, "TRUE_")),
        *(("mro", "MRO_"), ("", "EMPTY"), ("class", "CLASS"), ("é", "E"), ("+", "EMPTY")),
    ],
)
def test_an_enums_value_is_named_in_capitals(value: object, shown: str) -> None:
    """Every value gets a name that GraphQL and Python's enums both allow."""
    assert constant(value) == shown


def test_of_two_names_that_become_one_the_later_is_numbered() -> None:
    """Nothing is merged: also not what only GraphQL's camelCase makes one."""
    names = attribute_names(["fooBar", "foo-bar", "foo_bar", "foo_1", "foo1", "class", "class_"])
    assert names == {
        "foo_bar_2": "fooBar",
        "foo_bar_3": "foo-bar",
        "foo_bar": "foo_bar",
        "foo_1": "foo_1",
        "foo1_2": "foo1",
        "class_": "class_",
        "class_2": "class",
    }


@given(st.lists(_NAMES, unique=True, max_size=12))
def test_any_properties_get_valid_and_distinct_names(upstream: list[str]) -> None:
    """Python names are identifiers and no keywords, GraphQL names names that are not reserved; none twice."""
    names = attribute_names(upstream)
    assert list(names.values()) == upstream
    assert all(name.isidentifier() and not keyword.iskeyword(name) for name in names)
    shown = [graphql_name(name) for name in names]
    assert all(NAME.match(name) and not name.startswith("__") for name in shown)
    assert len(set(shown)) == len(upstream)


@given(_NAMES)
def test_any_schema_and_any_enum_value_get_valid_names(upstream: str) -> None:
    """The rules hold for type names and enum values, too."""
    assert NAME.match(pascal(upstream))
    assert not pascal(upstream).startswith("__")
    made = constant(upstream)
    assert NAME.match(made)
    assert made not in ("true", "false", "null", "TRUE", "FALSE", "NULL", "MRO")


@settings(max_examples=25)
@given(
    st.lists(_NAMES, unique=True, min_size=1, max_size=6),
    st.lists(st.text("aAbB1_-.$é", min_size=1, max_size=5), unique=True, min_size=1, max_size=6),
)
def test_a_schema_is_built_whatever_its_contracts_names_are(upstream: list[str], values: list[str]) -> None:
    """Outputs, inputs, arguments and enums of any names make a schema that GraphQL reads again."""
    thing = an(dict.fromkeys(upstream, TEXT))
    choice = {"type": "string", "enum": values}
    things = contract(
        operation("GET /thing", "getThing", an({"thing": thing, "choice": choice})),
        operation("POST /thing", "makeThing", thing, body=thing),
    )
    module = """
        import strawberry
        from stolon import rest

        things = rest.contract("things")

        @strawberry.type
        class Query:
            thing: rest.auto = rest.query(things.op("getThing"))

        @strawberry.type
        class Mutation:
            make: rest.auto = rest.mutation(things.op("makeThing"))

        schema = rest.Schema(query=Query, mutation=Mutation)
    """
    with TemporaryDirectory() as folder:
        schema = load(Path(folder), module, {"things": things})
    read = build_schema(schema.as_str())
    output, given_in, choices = (
        read.type_map[name] for name in ("GetThingThing", "MakeThingInput", "GetThingChoice")
    )
    assert isinstance(output, GraphQLObjectType)
    assert isinstance(given_in, GraphQLInputObjectType)
    assert isinstance(choices, GraphQLEnumType)
    assert len(output.fields) == len(given_in.fields) == len(upstream)
    assert len(choices.values) == len(values)


def test_the_projects_own_fields_are_found_by_either_name(tmp_path: Path) -> None:
    """A field is declared by the upstream's spelling or by the Python form of it."""
    users = contract(
        operation("GET /user", "getUser", ref("User")),
        User=an({"first-name": TEXT, "lastName": TEXT, "class": TEXT, "1st": INT, "zip_code": TEXT}),
    )
    module = """
        import strawberry
        from stolon import rest

        users = rest.contract("users")

        @rest.type(users.schema("User"))
        class User:
            first_name: rest.auto
            lastName: rest.auto
            class_: rest.auto
            _1st: rest.auto
            zip_code: rest.auto
            other: rest.auto = rest.field(path="lastName", name="surname")

        @strawberry.type
        class Query:
            user: User | None = rest.query(users.op("getUser"))

        schema = rest.Schema(query=Query)
    """
    assert fields_of(load(tmp_path, module, {"users": users}), "User") == [
        "firstName: String!",
        "lastName: String!",
        "class: String!",
        "_1st: Int!",
        "zipCode: String!",
        "surname: String!",
    ]
