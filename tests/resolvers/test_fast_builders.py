"""Builders: what leaves of what was decoded, many objects at a time."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from resolvers.fast.builders import (
    Hanging,
    Hung,
    ObjectBuilder,
    as_decoded,
    constant,
    converted,
    getter,
    leaves,
    lists,
    out_type,
    property_column,
    read_column,
    sparse,
)
from resolvers.fast.in_types import InObject, InValue
from resolvers.fast.uncompiled import Troubled


def twice(values: list[Any], hung: Hung) -> list[Any]:
    """A builder of a test's own, which takes no null."""
    return [value * 2 for value in values]


@pytest.mark.parametrize(
    ("build", "values", "built"),
    [
        (as_decoded, [1, None], [1, None]),
        (leaves((str,)), [1, None, 2], ["1", None, "2"]),
        (sparse(twice), [1, None, 2], [2, None, 4]),
        (sparse(twice), [None], [None]),
        (lists(twice), [[1, 2]], [[2, 4]]),
        (lists(twice), [None], [None]),
        (lists(twice), [[1], [], None, [2, 3]], [[2], [], None, [4, 6]]),
        (lists(twice), [], []),
        (lists(lists(twice)), [[[1], [2]], [], [[]]], [[[2], [4]], [], [[]]]),
        (lists(sparse(twice)), [[1, None], [None]], [[2, None], [None]]),
    ],
)
def test_builders_put_what_they_make_in_the_places_of_what_they_took(build, values, built):
    """Nulls and lists keep their places, however many values there are."""
    assert build(values, {}) == built


def test_a_getter_ends_at_a_null():
    """What stands below a null is null."""
    inner = msgspec.defstruct("Inner", [("b", int)])
    outer = msgspec.defstruct("Outer", [("a", Any)])
    get = getter(("a", "b"))
    assert [get(outer(inner(1))), get(outer(None)), getter(("a",))(outer(2))] == [1, None, 2]


def test_columns_are_as_long_as_the_objects_are_many():
    """A constant, properties as they came, and properties that are built."""
    thing = msgspec.defstruct("Thing", [("a", int)])
    things = [thing(1), thing(2)]
    made = [constant(None), property_column(("a",), as_decoded), property_column(("a",), leaves((str,)))]
    assert [list(column(things, {})) for column in made] == [[None, None], [1, 2], ["1", "2"]]


def test_a_null_that_may_not_be_is_trouble():
    """Of Python objects nobody has checked before what is null."""
    column = read_column(lambda one: one, as_decoded, nullable=False)
    assert list(column([1, 2], {})) == [1, 2]
    with pytest.raises(Troubled):
        column([1, None], {})
    assert list(read_column(lambda one: one, as_decoded, nullable=True)([None], {})) == [None]


def test_what_was_decoded_without_types_is_held_to_its_own():
    """A batch's items come as JSON; they are checked like what is decoded at once."""
    place = InValue(may_lack=False, nullable=False)
    item = place.as_object()
    item.value("a", may_lack=False, nullable=False).as_leaf(int)
    build = converted(place, lambda values, hung: [one.f0 for one in values])
    assert build([{"a": 1, "b": 2}, {"a": 3}], {}) == [1, 3]
    with pytest.raises(msgspec.ValidationError):
        build([{"a": "1"}], {})


def of_persons(*upstream: str) -> InObject:
    """The In type of persons with these properties, all text."""
    made = InObject()
    for name in upstream:
        made.value(name, may_lack=False, nullable=False).as_leaf(str)
    return made


def test_objects_that_leave_as_they_came_are_not_built_anew():
    """Where names, order and values are those of the answer, the decoded Structs leave themselves."""
    person = of_persons("id", "name")
    build = ObjectBuilder(("id", "name"), person, same=["id", "name"])
    values = [person.made()(f0="1", f1="Ana")]
    assert build(values, {}) is values
    assert msgspec.json.encode(values) == b'[{"id":"1","name":"Ana"}]'


@pytest.mark.parametrize(("keys", "names"), [(("name", "id"), ["name", "id"]), (("id",), ["id"])])
def test_other_orders_and_properties_that_nobody_shows_are_built(keys, names):
    """Hidden keys do not leave, and what leaves has the order of the selection."""
    person = of_persons("id", "name")
    columns = [property_column((person.values[name].attribute,), as_decoded) for name in names]
    build = ObjectBuilder(keys, person, columns, same=names)
    built = build([person.made()(f0="1", f1="Ana")], {})
    assert msgspec.json.encode(built) == (b'[{"name":"Ana","id":"1"}]' if len(keys) > 1 else b'[{"id":"1"}]')


def test_objects_without_fields_are_as_many_as_before():
    """Where everything was skipped, an empty object stands for each."""
    build = ObjectBuilder((), of_persons("id"))
    person = of_persons("id").made()
    assert msgspec.json.encode(build([person(f0="1"), person(f0="2")], {})) == b"[{},{}]"


def test_a_step_is_given_the_objects_it_hangs_on():
    """What was decoded of each, with the Struct whose field it will fill; of several lists, all together."""
    person = of_persons("id")
    build = ObjectBuilder(("boss",), person, [constant(None)], as_is=False, steps=[4])
    ana, ben = person.made()(f0="1"), person.made()(f0="2")
    hung: Hung = {}
    outs = [*build([ana], hung), *build([ben], hung)]
    assert hung == {4: Hanging([ana, ben], outs)}
    outs[1].f0_ = "filled"
    assert msgspec.json.encode(outs) == b'[{"boss":null},{"boss":"filled"}]'


def test_an_out_type_has_the_response_keys_in_their_order():
    """Aliases are any names of GraphQL's."""
    keys = ("b", "class", "_a", "f0")
    assert msgspec.json.encode(out_type(keys)(1, 2, 3, 4)) == b'{"b":1,"class":2,"_a":3,"f0":4}'
