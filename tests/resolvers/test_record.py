"""Records: what `self` is in a resolver on a bound type (design, section 3)."""

from __future__ import annotations

import copy
from collections.abc import Hashable
from decimal import Decimal
from typing import Any

import pytest

from adapters.contract.contract import Contract, Kind, Property, Schema, Use
from resolvers.fault import Violation
from resolvers.reading.reader import ObjectReader, Readers, plain, steps_at
from resolvers.reading.record import Limited, Record, limited, raw, record, record_class
from resolvers.reading.where import down, json_path

TEXT = Schema("#/text", Kind.STRING, "string")
INNER = Schema(
    "#/inner", Kind.OBJECT, "object", name="Inner", properties=(Property("name", Use("#/text"), True),)
)
PERSON = Schema(
    "#/person", Kind.OBJECT, "object", name="Person",
    properties=(Property("name", Use("#/text"), True), Property("homePage", Use("#/text"), False),
                Property("inner", Use("#/inner"), False)),
)  # fmt: skip
SCHEMAS = {one.pointer: one for one in (TEXT, INNER, PERSON)}
NAMES = {"name": "name", "home_page": "homePage", "homePage": "homePage", "inner": "inner"}


def readers() -> Readers:
    """The readers of a contract of these schemas."""

    class Small:
        name = "small"

        def schema(self, of: Use | str) -> Schema:
            return SCHEMAS[of if isinstance(of, str) else of.schema]

    small: Any = Small()
    contract: Contract = small
    return Readers(contract, lambda schema: {**NAMES} if schema is PERSON else {"name": "name"})


def person(**data: Any) -> Any:
    """A record of a person."""
    reader = readers().of_object(PERSON)
    return record(data, ((), "data"), reader)


def test_every_property_is_an_attribute():
    """By its Python name and, where that is a name, by the upstream's; nested objects are records too."""
    made = person(name="Ana", homePage="x", inner={"name": "i"})
    assert (made.name, made.home_page, made.homePage, made.inner.name) == ("Ana", "x", "x", "i")
    assert person(name="Ana").home_page is None


def test_a_wrong_name_is_told_with_the_nearest():
    """No property of that name: an AttributeError that names the schema and the nearest one."""
    with pytest.raises(AttributeError, match=r"Person has no property 'nam'.*name"):
        _ = person(name="Ana").nam


def test_an_attribute_is_checked_when_it_is_read():
    """A value that breaks its contract raises where it stands, when it is asked for, and says nothing of itself."""
    made = person(name=7)
    with pytest.raises(Violation, match=r"at \$\.data\.name: expected string, found integer") as caught:
        _ = made.name
    assert "7" not in str(caught.value)
    with pytest.raises(Violation, match="expected a value, found nothing"):
        _ = person().name
    with pytest.raises(KeyError):
        readers().of_object(PERSON).property(made, "nothing")


def test_reprs_hold_no_values():
    """Reprs end in logs: they name the type alone."""
    made = person(name="hunter2")
    assert repr(made) == repr(limited(made, ("name",))) == "<Person record>"


def test_records_are_equal_by_data_and_are_no_keys():
    """Equal data of one reader is equal; a record has no hash, since its data may hold lists."""
    reader = readers().of_object(PERSON)
    one, two = record({"name": "a"}, (), reader), record({"name": "a"}, ((), 1), reader)
    assert one == two
    assert one != record({"name": "b"}, (), reader)
    assert one != {"name": "a"}
    assert not isinstance(one, Hashable)
    assert copy.copy(one) == one


def test_records_of_a_bound_type_have_its_methods():
    """The class of a bound type's records is derived from it, with its name and its docstring."""

    class Person:
        """A person."""

        def shout(self) -> str:
            return str(self.name).upper()  # type: ignore[attr-defined]

    made: Any = record({"name": "ana"}, (), readers().of_object(PERSON, Person))
    assert isinstance(made, Person)
    assert isinstance(made, Record)
    assert (made.shout(), type(made).__name__, type(made).__doc__) == ("ANA", "Person", "A person.")
    assert record_class(None) is Record


def test_needs_limit_what_can_be_seen():
    """With `needs`, other attributes are an AttributeError; what is no record stays as it is."""
    seen = limited(person(name="Ana", homePage="x"), ("name",))
    assert isinstance(seen, Limited)
    assert seen.name == "Ana"
    with pytest.raises(AttributeError, match="'home_page' is not among the needs of this resolver"):
        _ = seen.home_page
    assert limited(7, ("name",)) == 7


@pytest.mark.parametrize(
    ("value", "path", "found"),
    [
        ({"a": {"b": 1}}, ("a", "b"), 1),
        ({"a": None}, ("a", "b"), None),
        ({}, ("a",), None),
        ([1], ("a",), None),
        (1, (), 1),
    ],
)
def test_raw_looks_without_checking(value, path, found):
    """What stands at a path, None where a step is null, absent or no object."""
    assert raw(value, path) == found
    if isinstance(value, dict):
        assert raw(record(value, (), readers().of_object(PERSON)), path) == found


def test_places_are_told_as_json_paths():
    """Places render as RFC 9535 paths; names that are no identifiers are quoted."""
    assert json_path(()) == "$"
    assert json_path((down(((), "data"), ("a b", "it's", "\\")), 3)) == r"$.data['a b']['it\'s']['\\'][3]"


def test_steps_are_those_of_the_schema():
    """A path leads over declared properties; a step that is none is a defect of who asks."""
    contract: Any = type("Small", (), {"schema": lambda _, of: SCHEMAS[of.schema]})()
    assert [one.name for one in steps_at(contract, PERSON, ("inner", "name"))] == ["inner", "name"]
    with pytest.raises(KeyError):
        steps_at(contract, PERSON, ("inner", "nothing"))


def test_free_form_json_is_plain():
    """Decimals in free-form JSON become numbers again."""
    assert plain({"a": [Decimal("1.5"), 1, "x", None]}) == {"a": [1.5, 1, "x", None]}
    assert isinstance(readers().of_object(PERSON), ObjectReader)
