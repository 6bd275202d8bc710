"""Rows: the objects of answers as they came, found without decoding any of them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.reading import row
from resolvers.reading.json_text import Unreadable
from resolvers.reading.record import raw
from resolvers.reading.row import FEW, Row, parts, plain
from resolvers.reading.row_reader import RowReader, rows_in

NAMES = st.sampled_from(["id", "name", "a b", "data", "é"])
LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=5)
VALUES = st.recursive(LEAVES, lambda one: st.lists(one, max_size=3) | st.dictionaries(NAMES, one, max_size=3))
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)


def text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def decoded(body: bytes) -> Any:
    return msgspec.json.decode(body)


def objects(value: Any) -> Any:
    """The same, with rows as the objects that they spell."""
    if isinstance(value, list):
        return [objects(item) for item in value]
    if isinstance(value, dict):
        return {name: objects(one) for name, one in value.items()}
    return plain(value)


@given(st.lists(st.none() | VALUES, max_size=4), VALUES, VALUES)
def test_rows_spell_what_decoding_the_whole_gives(items: list[Any], total: Any, other: Any):
    """An answer read for its rows is the answer decoded, of the places that are read; null stays null."""
    body = text({"data": {"items": items, "more": other}, "total": total, "other": other})
    read = RowReader(("data", "items"), [("total",), ("data", "more")], many=True, exact=False)
    whole = decoded(body)
    assert objects(read(body)) == {
        "data": {"items": whole["data"]["items"], "more": whole["data"]["more"]},
        "total": whole["total"],
    }


@given(OBJECTS)
def test_a_single_row(value: dict[str, Any]):
    """Of an operation for one object the whole answer, or what stands at a path, is the row."""
    read = RowReader((), many=False, exact=False)
    below = RowReader(("data",), many=False, exact=False)
    assert objects(read(text(value))) == decoded(text(value))
    assert objects(below(text({"data": value, "meta": 1}))) == {"data": decoded(text(value))}


@given(st.binary(max_size=30) | VALUES.map(text) | VALUES.map(lambda one: text({"data": one})))
def test_whatever_is_not_as_expected_is_left_to_decoding_the_whole(body: bytes):
    """Any body gives rows that spell what is there, or nothing at all; reading never raises."""
    read = RowReader(("data",), [("total",)], many=True, exact=False)
    found = read(body)
    assert found is None or objects(found)["data"] == decoded(body)["data"]


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"data":null}', b'{"data":{}}', b'{"data":[', b'{"data":["\xff"]}'],
)
def test_answers_without_their_rows(body: bytes):
    """Nothing is read where there is no list at the path, and where the body is no JSON in UTF-8."""
    assert RowReader(("data",), many=True, exact=False)(body) is None


@pytest.mark.parametrize("body", [b"null", b"", b"\xff"])
def test_answers_without_their_only_row(body: bytes):
    """Null is no row."""
    assert RowReader((), many=False, exact=False)(body) is None


@pytest.mark.parametrize("other", [("data",), (), ("data", "items", "more")])
def test_places_must_not_lie_in_each_other(other: tuple[str, ...]):
    """What is read beside the rows can neither hold them nor lie in them."""
    with pytest.raises(ValueError, match="stands in their way"):
        RowReader(("data", "items"), [other], many=True, exact=False)


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb"])
def test_names_that_have_to_be_escaped_are_left_to_decoding_the_whole(name: str):
    """No rows are looked for where msgspec has no way to name their place."""
    with pytest.raises(ValueError, match="escaped"):
        RowReader((name,), many=True, exact=False)


def test_a_list_by_itself():
    """Rows are found again in the JSON of a list of them."""
    assert objects(rows_in(b'[{"id":1},null]', exact=False)) == [{"id": 1}, None]
    assert rows_in(b'{"id":1}', exact=False) is None


def test_decimals_keep_their_digits_where_they_must():
    """An exact row's numbers with a fraction are decimals."""
    row = b'{"sum":0.10000000000000000001}'
    assert Row(row, exact=True).object == {"sum": Decimal("0.10000000000000000001")}
    assert Row(row, exact=False).object == {"sum": 0.1}


def test_a_row_that_is_no_json():
    """It is unreadable for who insists, and nothing for who only looks."""
    row = Row(b'{"id":', exact=False)
    with pytest.raises(Unreadable):
        _ = row.object
    assert plain(row) is None


def test_a_row_shows_no_values():
    """Reprs end in logs: a row's tells its length."""
    assert repr(Row(b'{"iban":"DE00"}', exact=False)) == "Row(15 bytes)"


@given(st.lists(OBJECTS, max_size=4))
def test_parts_of_many_rows_at_once(values: list[dict[str, Any]]):
    """The parts of rows are what each of them has at the paths, None where it has nothing."""
    rows = [Row(text(value), exact=False) for value in values]
    read = parts(rows, (("id",), ("a b",)))
    assert read == [(one.get("id"), one.get("a b")) for one in map(decoded, map(text, values))]


PATHS = st.lists(st.lists(NAMES, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3).map(tuple)


@given(st.lists(OBJECTS | VALUES, max_size=4), PATHS)
def test_parts_are_what_stands_at_paths_however_long(values: list[Any], paths: tuple[tuple[str, ...], ...]):
    """Of any rows at any paths, which may lie in each other: what looking into each decoded row gives."""
    rows = [Row(text(value), exact=False) for value in values]
    wanted = [tuple(raw(one, path) for path in paths) for one in map(decoded, map(text, values))]
    assert parts(rows, paths) == wanted


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    """Rows that were decoded as a whole."""
    rows: list[Row] = []

    def noted(one: Row) -> Any:
        rows.append(one)
        return plain(one)

    monkeypatch.setattr(row, "plain", noted)
    return rows


def test_parts_below_objects_are_read_at_once(looked_at):
    """A longer path costs no row's decoding, nor does a null on the way."""
    rows = [Row(one, exact=False) for one in (b'{"of":{"id":1,"x":[]}}', b'{"of":null}', b"{}", b'{"of":{}}')]
    assert parts(rows, (("of", "id"), ("more",))) == [(1, None), (None, None), (None, None), (None, None)]
    assert looked_at == []


@pytest.mark.parametrize(
    ("odd", "path"), [(b"5", ("id",)), (b'{"id":5}', ("id", "of")), (b'{"sum":1e999,"id":1}', ("sum",))]
)
def test_one_odd_row_costs_only_those_around_it(looked_at, odd, path):
    """Rows that are not as the paths have them are looked at one by one, with a few beside them; all others not."""
    good = text({"id": {"of": 1}, "sum": 1})
    rows = [Row(odd if index == FEW + 1 else good, exact=False) for index in range(3 * FEW)]
    there = raw(decoded(good), path)
    assert parts(rows, (path,)) == [(there,)] * (FEW + 1) + [(raw(rows[FEW + 1].object, path),)] + [
        (there,)
    ] * (2 * FEW - 2)
    assert looked_at == rows[FEW : 2 * FEW]


def test_parts_with_names_that_no_decoder_takes(looked_at):
    """Where a property's name has a quotation mark in it each row is looked at."""
    rows = [Row(b'{"a\\"b":1}', exact=False)]
    assert parts(rows, (('a"b',),)) == [(1,)]
    assert looked_at == rows
