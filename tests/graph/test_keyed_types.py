"""Whose entities answers show and changes change: schemas that extend others, and lists by other schemas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.caching.entity_tags import read_tags, read_tags_of_types
from graph.binding.inferred_changes import inferred
from graph.declaring.schema import Schema
from resolvers.source import Supplied
from tests.graph.projects import TEXT, an, contract, listed, load, operation, parameter, ref

PET = {
    **an({"id": TEXT, "kind": TEXT}),
    "discriminator": {"propertyName": "kind"},
}
ZOO = contract(
    operation("GET /pets/{id}", "getPet", ref("Pet")),
    operation("PUT /pets/{id}", "putPet", ref("Pet")),
    operation("PUT /cats/{id}", "putCat", ref("Cat")),
    operation("GET /dogs/{id}", "getDog", ref("Dog")),
    operation("PUT /dogs/{id}", "putDog", ref("Dog")),
    operation("GET /cage", "getCage", an({"cat": ref("Cat")})),
    operation("GET /keepers/{id}", "getKeeper", ref("Keeper")),
    operation("GET /keepers", "listKeepers", listed(ref("Line")), parameter("ids", listed(TEXT))),
    operation("GET /keepers/{id}/line", "getLine", ref("Line")),
    operation("POST /keepers/{id}:retire", "retire"),
    operation("POST /keepers:import", "importKeepers"),
    Pet=PET,
    Cat={"allOf": [ref("Pet"), an({"keeper": ref("Keeper")})]},
    Dog={"allOf": [ref("Pet"), an({"bark": TEXT})]},
    Keeper=an({"id": TEXT, "name": TEXT}),
    Line=an({"id": TEXT, "name": TEXT}),
)
MODULE = """
    import strawberry
    from stolon import rest

    zoo = rest.contract("zoo")


    @rest.type(zoo.schema("Pet"), key="id", one=zoo.op("getPet"))
    class Pet:
        id: rest.auto


    @rest.type(zoo.schema("Dog"), key="id", one=zoo.op("getDog"))
    class Dog:
        id: rest.auto


    @rest.type(zoo.schema("Keeper"), key="id", one=zoo.op("getKeeper"))
    class Keeper:
        id: rest.auto


    @rest.type(zoo.schema("Line"), key="id", many=zoo.op("listKeepers", ids=rest.keys))
    class Line:
        id: rest.auto
        name: rest.auto


    @strawberry.type
    class Query:
        pet: Pet | None = rest.query(zoo.op("getPet"))
        dog: Dog | None = rest.query(zoo.op("getDog"))
        keeper: Keeper | None = rest.query(zoo.op("getKeeper"))
        line: Line | None = rest.query(zoo.op("getLine"))


    schema = rest.Schema(query=Query)
"""
Tags = Callable[[str, str], tuple[str, ...]]


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    return load(tmp_path_factory.mktemp("zoo"), MODULE, {"zoo": ZOO})


def shown(schema: Schema, operation_id: str) -> set[str]:
    """The types that an operation's answers show, asked for in another way than by key."""
    read = schema.graph.contracts.all_read["zoo"]
    return set(schema.graph.calls.keyed.shown(read, read.operations[operation_id]))


def changed(schema: Schema, operation_id: str) -> dict[str, bool]:
    """The types that an operation changes, and whether one entity alone."""
    read = schema.graph.contracts.all_read["zoo"]
    found = inferred(schema.graph.calls.keyed, read, read.operations[operation_id])
    return {one.name: one.key is not None for one in found}


@pytest.fixture(scope="module")
def by_key(zoo: Schema) -> Tags:
    """The tags of the answer of a type's `one` or `many` to a call for the key 7."""

    def tags(name: str, role: str) -> tuple[str, ...]:
        [cls] = [one.cls for one in zoo.graph.types.bound.values() if one.definition.name == name]
        entity = zoo.graph.entity_of(cls)
        call = entity.one if role == "one" else entity.many
        assert call is not None
        assert call.tags is not None
        return call.tags(Supplied(key=("7",), keys=(("7",),)), {}, None)

    return tags


def test_what_extends_a_schema_is_shown_as_its_type_too(zoo: Schema) -> None:
    """An answer that holds a cat tells of a pet, though no type is bound to cats."""
    assert shown(zoo, "getCage") == {"Pet", "Keeper"}


def test_a_base_is_shown_as_the_types_of_what_extends_it(zoo: Schema) -> None:
    """An answer with a pet may be a dog, or a cat with its keeper."""
    assert shown(zoo, "getPet") == {"Pet", "Dog", "Keeper"}


def test_a_change_of_what_extends_a_schema_changes_its_type(zoo: Schema) -> None:
    """A cat that is changed is a pet that is; which one, the path of pets would tell."""
    assert changed(zoo, "putCat") == {"Pet": False}
    assert changed(zoo, "putDog") == {"Dog": True, "Pet": False}


def test_a_change_of_a_base_changes_the_types_of_what_extends_it(zoo: Schema) -> None:
    """A pet that is changed may be a dog; a cat's keeper stands inside it, and is not changed."""
    assert changed(zoo, "putPet") == {"Pet": True, "Dog": False}


def test_an_entity_asked_for_by_key_tells_of_its_other_types(by_key: Tags) -> None:
    """Of the type that was asked for the key is known, of others that its schema is shown as it is not."""
    assert set(by_key("Pet", "one")) == {"Pet:*", "Pet:7", *read_tags_of_types(["Dog", "Keeper"])}
    assert set(by_key("Dog", "one")) == {"Dog:*", "Dog:7", *read_tags("Pet")}


def test_a_list_tells_of_what_it_lists_by_whatever_schema(zoo: Schema, by_key: Tags) -> None:
    """GET where only the key is missing to the path of a type's `one` tells of any of that type; below does not."""
    assert shown(zoo, "listKeepers") == {"Line", "Keeper"}
    assert set(by_key("Line", "many")) == {"Line:*", "Line:7", *read_tags("Keeper")}
    assert shown(zoo, "getLine") == {"Line"}


def test_a_verb_behind_a_colon_changes_what_stands_before_it(zoo: Schema) -> None:
    """Custom verbs of an entity change that one, those of a list any."""
    assert changed(zoo, "retire") == {"Keeper": True}
    assert changed(zoo, "importKeepers") == {"Keeper": False, "Line": False}


def test_a_base_that_nobody_extends_is_a_type_like_any_other(tmp_path: Path) -> None:
    """Without variants a schema is shown as its own type alone."""
    plain = ZOO | {"components": {"schemas": ZOO["components"]["schemas"] | {"Pet": an({"id": TEXT})}}}
    assert shown(load(tmp_path, MODULE, {"zoo": plain}), "getCage") == {"Keeper"}
