"""What compiled plans are made of: In types, leaves, builders. Each rule over a few values of its own."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from graphql import GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLString, Undefined

from adapters.contract.contract import Kind, Schema
from resolvers.fast.builders import leaves
from resolvers.fast.in_types import KEY, InObject, InValue, leaf_type
from resolvers.fast.leaves import conversion
from resolvers.fast.uncompiled import NotCompiled, Troubled, Unhurried
from resolvers.reading.leaf import WrongLeaf


def schema(kind: Kind, **more: Any) -> Schema:
    """A schema of one kind."""
    return Schema(f"#/{kind}", kind, json_type="string", **more)


def decoded(of: InObject, body: bytes) -> Any:
    """A body as an In type has it, as a tuple."""
    return msgspec.structs.astuple(msgspec.json.decode(body, type=of.made()))


# --- In types


def test_only_the_properties_that_are_read_are_decoded():
    """An In type has a field for each property that somebody reads, whatever its upstream name, and no other."""
    person = InObject()
    for name in ("id", "class", "first name", "f0"):
        person.value(name, may_lack=False, nullable=False).as_leaf(str)
    body = b'{"f0": "d", "first name": "c", "class": "b", "id": "a", "more": [1]}'
    assert decoded(person, body) == ("a", "b", "c", "d")
    assert person.made() is person.made()


@pytest.mark.parametrize(
    ("may_lack", "nullable", "body", "found"),
    [
        (False, False, b'{"a": 1}', (1,)),
        (False, False, b"{}", None),
        (False, False, b'{"a": null}', None),
        (False, False, b'{"a": "1"}', None),
        (False, False, b'{"a": true}', None),
        (True, False, b"{}", (None,)),
        (True, False, b'{"a": null}', None),
        (False, True, b'{"a": null}', (None,)),
        (False, True, b"{}", None),
        (True, True, b"{}", (None,)),
    ],
)
def test_what_may_stand_in_a_place_is_what_its_reader_allows(may_lack, nullable, body, found):
    """Nothing, null and values of other types pass only where they are right at first sight."""
    thing = InObject()
    thing.value("a", may_lack=may_lack, nullable=nullable).as_leaf(int)
    if found is None:
        with pytest.raises(msgspec.ValidationError):
            decoded(thing, body)
    else:
        assert decoded(thing, body) == found


def test_of_several_readers_of_a_place_the_one_who_insists_wins():
    """A property that one reader may miss and another may not has to be there."""
    thing = InObject()
    for lax in (True, False, True):
        thing.value("a", may_lack=lax, nullable=lax).as_leaf(str)
    items = thing.value("b", may_lack=True, nullable=True)
    assert items.as_list(nullable=True) is items.as_list(nullable=False)
    items.as_list(nullable=True).as_leaf(str)
    assert decoded(thing, b'{"a": "x", "b": ["y"]}') == ("x", ["y"])
    for body in (b"{}", b'{"a": null}', b'{"a": "x", "b": [null]}'):
        with pytest.raises(msgspec.ValidationError):
            decoded(thing, body)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (lambda one: one.as_leaf(str), lambda one: one.as_leaf(int)),
        (lambda one: one.as_leaf(str), lambda one: one.as_object()),
        (lambda one: one.as_leaf(str), lambda one: one.as_list(nullable=True)),
        (lambda one: one.as_object(), lambda one: one.as_leaf(str)),
        (lambda one: one.as_object(), lambda one: one.as_list(nullable=True)),
        (lambda one: one.as_object(), lambda one: one.as_key(is_key=True)),
        (lambda one: one.as_list(nullable=True), lambda one: one.as_object()),
        (lambda one: one.as_list(nullable=True), lambda one: one.as_leaf(str)),
        (lambda one: one.as_list(nullable=True), lambda one: one.as_key(is_key=False)),
        (lambda one: one.as_leaf(float), lambda one: one.as_key(is_key=True)),
    ],
)
def test_a_place_that_is_read_in_two_ways_has_no_type(first, second):
    """What one reader takes for a leaf and another for an object is the checked lane's; as is a key of floats."""
    place = InValue(may_lack=True, nullable=True)
    first(place)
    with pytest.raises(NotCompiled) as refused:
        second(place)
    assert refused.value.reason is Unhurried.FREE_FORM


def test_what_steps_are_asked_with_takes_the_type_of_what_is_shown():
    """A shown leaf stays what it is; what only keys are made of is text or a number; else it is anything."""
    shown, key, plain, both = (InValue(may_lack=True, nullable=True) for _ in range(4))
    shown.as_leaf(str)
    shown.as_key(is_key=True)
    key.as_key(is_key=True)
    plain.as_key(is_key=False)
    both.as_key(is_key=False)
    both.as_key(is_key=True)
    assert [one.made() for one in (shown, key, plain, both)] == [str | None, KEY, Any, KEY]


def test_a_boolean_is_no_key():
    """As a key it would pass for 1."""
    assert [msgspec.convert(one, KEY) for one in (1, "1", None)] == [1, "1", None]
    for wrong in (True, 1.5, [1]):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, KEY)


# --- leaves


@pytest.mark.parametrize(
    ("kind", "body", "found"),
    [
        (Kind.INTEGER, b"2147483647", 2147483647),
        (Kind.INTEGER, b"2147483648", None),
        (Kind.INTEGER, b"-2147483649", None),
        (Kind.INTEGER, b"true", None),
        (Kind.INT64, b"9223372036854775808", 9223372036854775808),
        (Kind.INT64, b'"1"', None),
        (Kind.NUMBER, b"1", 1.0),
        (Kind.NUMBER, b"1e400", None),
        (Kind.NUMBER, b'"1"', None),
        (Kind.BOOLEAN, b"true", True),
        (Kind.BOOLEAN, b"1", None),
        (Kind.STRING, b'"a"', "a"),
        (Kind.STRING, b"1", None),
        (Kind.ANY, b'{"a": [1]}', {"a": [1]}),
    ],
)
def test_a_leaf_is_held_to_its_kind_while_it_is_decoded(kind, body, found):
    """GraphQL's own coercion would pass some of what is refused here."""
    of: Any = leaf_type(schema(kind))
    if found is None:
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(body, type=of)
    else:
        value = msgspec.json.decode(body, type=of)
        assert (value, type(value)) == (found, type(found))


def test_what_is_no_leaf_has_no_leaf_type():
    """Objects and lists are decoded property by property."""
    for kind in (Kind.OBJECT, Kind.ARRAY):
        with pytest.raises(NotCompiled) as refused:
            leaf_type(schema(kind))
        assert refused.value.reason is Unhurried.FREE_FORM


@pytest.mark.parametrize(
    ("kind", "of"),
    [
        (Kind.BOOLEAN, GraphQLBoolean),
        (Kind.INTEGER, GraphQLInt),
        (Kind.NUMBER, GraphQLFloat),
        (Kind.STRING, GraphQLString),
        (Kind.STRING, GraphQLID),
    ],
)
def test_where_decoding_has_done_all_nothing_is_converted(kind, of):
    """These leave as they came."""
    assert conversion(schema(kind), of) == ()


def test_an_id_that_is_a_number_leaves_as_text():
    """GraphQL's ID is always serialised as a string (GraphQL, section 3.5.5)."""
    assert leaves(conversion(schema(Kind.INTEGER), GraphQLID))([7, None], {}) == ["7", None]


def test_everything_else_is_checked_as_on_the_checked_lane():
    """Enums admit their members, dates are days, and free-form values leave as they are."""
    enum = leaves(conversion(schema(Kind.STRING, enum=("a", "b")), GraphQLString))
    day = leaves(conversion(schema(Kind.DATE), GraphQLString))
    free = leaves(conversion(schema(Kind.ANY), GraphQLString))
    assert enum(["a", "b", "a"], {}) == ["a", "b", "a"]
    assert (day(["2024-02-29"], {}), free(["x"], {})) == (["2024-02-29"], ["x"])
    for build, wrong, raised in ((enum, "c", KeyError), (day, "2023-02-29", WrongLeaf)):
        with pytest.raises(raised):
            build(["a", wrong], {})


def test_a_member_that_its_own_type_does_not_admit_is_none_of_an_enum():
    """No answer can hold it: as on the checked lane, true is no 1, and text no number."""
    enum = leaves(conversion(schema(Kind.INTEGER, enum=(1, True, "2", 3)), GraphQLInt))
    assert enum([1, 3], {}) == [1, 3]
    with pytest.raises(KeyError):
        enum([2], {})


def test_a_scalar_that_gives_nothing_for_a_value_is_troubling():
    """GraphQL has no null for a value that is there (GraphQL, section 6.4.3)."""
    for nothing in (None, Undefined):
        gives: list[Any] = [nothing]
        with pytest.raises(Troubled):
            leaves((gives.__getitem__,))([0], {})
