"""Decoding to types and reading value by value are one meaning: over drawn contracts and drawn bodies, good and bad,
the fast lane gives what the checked lane and the reference lane give.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from graph.declaring.schema import Schema
from stolon.testing import Response, Services
from tests.graph.projects import BIG, INT, MONEY, TEXT, Doc, an, contract, listed, nullable, operation, ref
from tests.resolvers.graphs import project
from tests.resolvers.three_lanes import LANES, on_lane

LEAVES: Final[dict[str, tuple[Doc, tuple[str, ...]]]] = {
    "text": (TEXT, ('"a"', '""', '"\\u0000\\ud83d\\ude00ñ"', '"12"')),
    "int": (INT, ("0", "-2147483648", "2147483647", "-0")),
    "big": (BIG, ("1", "9223372036854775807", "-9223372036854775809")),
    "number": ({"type": "number"}, ("1.5", "1", "-0.0", "1e3", "123456789012345678901")),
    "boolean": ({"type": "boolean"}, ("true", "false")),
    "date": ({"type": "string", "format": "date"}, ('"2024-02-29"', '"0001-01-01"')),
    "moment": (
        {"type": "string", "format": "date-time"}, ('"2024-02-29T23:59:60Z"', '"2020-01-01t00:00:00.5-01:00"')
    ),
    "uuid": ({"type": "string", "format": "uuid"}, ('"00000000-0000-0000-0000-0000000000aB"',)),
    "money": (MONEY, ('"1.50"', '"-1e3"')),
    "exact": ({"type": "number", "format": "decimal"}, ("1.50", "7", "0.1000000000000000000000001")),
    "enum": ({"type": "string", "enum": ["a", "b-c"]}, ('"a"', '"b-c"')),
    "any": ({}, ('{"a":[1,null,1.5]}', "[]", '"x"', "7")),
}  # fmt: skip
"""Of each kind its schema, and JSON that is right for it at first sight."""
NASTY: Final = (
    "null", "true", "0", "1.0", "1.5", "2147483648", '"12"', '"x"', '"2023-02-29"', '"NaN"', "[]", "[null]", "{}",
    '{"p0":1}', '"\\ud800"',
)  # fmt: skip
"""What else may stand there. (Numbers that no double can hold are not among it: where nobody asked for such a one, it
passes on the fast lane, and on the others no body that holds one is JSON.)
"""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf of a kind."""

    kind: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list; its items may be null or not."""

    of: Kind
    nullable: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A property of an object."""

    of: Kind
    required: bool
    nullable: bool


@dataclass(frozen=True, slots=True)
class Thing:
    """An object."""

    parts: tuple[Part, ...]


Kind: TypeAlias = Leaf | Items | Thing


def things(of: st.SearchStrategy[Kind], most: int = 3) -> st.SearchStrategy[Thing]:
    """Objects of a few properties."""
    part = st.builds(Part, of, st.booleans(), st.booleans())
    return st.lists(part, min_size=1, max_size=most).map(tuple).map(Thing)


LEAF: Final = st.sampled_from(sorted(LEAVES)).map(Leaf)
KINDS: Final[st.SearchStrategy[Kind]] = st.recursive(
    LEAF, lambda of: st.one_of(st.builds(Items, of, st.booleans()), things(of)), max_leaves=4
)


def schema_of(kind: Kind) -> Doc:
    """The JSON schema of a kind."""
    if isinstance(kind, Leaf):
        return LEAVES[kind.kind][0]
    if isinstance(kind, Items):
        return listed(_maybe(schema_of(kind.of), kind.nullable))
    named = {f"p{index}": part for index, part in enumerate(kind.parts)}
    optional = " ".join(name for name, part in named.items() if not part.required)
    return an(
        {name: _maybe(schema_of(part.of), part.nullable) for name, part in named.items()}, optional=optional
    )


def _maybe(schema: Doc, null: bool) -> Doc:
    return nullable(schema) if null and "type" in schema and "enum" not in schema else schema


def project_of(thing: Thing) -> Schema:
    """The graph of a contract that lists such objects, by one path and as one."""
    made = contract(
        operation("GET /things", "listThings", listed(ref("Thing"))),
        operation("GET /thing", "getThing", an({"data": ref("Thing")}, optional="data")),
        Thing=schema_of(thing),
    )
    fields = "".join(f"    p{index}: rest.auto\n" for index in range(len(thing.parts)))
    module = f"""@rest.type(api.schema("Thing"))
class Thing:
{fields}

@strawberry.type
class Query:
    all: list[Thing] | None = rest.query(api.op("listThings"))
    one: Thing | None = rest.query(api.op("getThing", pick="data"))


schema = rest.Schema(query=Query)
"""
    with tempfile.TemporaryDirectory() as folder:
        return project(Path(folder), module, api=made)


@st.composite
def selections(draw: st.DrawFn, thing: Thing) -> str:
    """Some of its properties, in some order, with aliases."""
    chosen = draw(st.lists(st.sampled_from(range(len(thing.parts))), min_size=1, unique=True))
    fields = []
    for index in chosen:
        alias = draw(st.sampled_from(["", "", "x: ".replace("x", f"a{index}")]))
        of = thing.parts[index].of
        while isinstance(of, Items):
            of = of.of
        fields.append(f"{alias}p{index}" + (f" {draw(selections(of))}" if isinstance(of, Thing) else ""))
    return "{ " + " ".join(fields) + " }"


@st.composite
def bodies(draw: st.DrawFn, kind: Kind, wrong: int) -> str:
    """JSON of a kind, of which one value in so many is something else; none where `wrong` is 0."""
    if wrong and draw(st.integers(1, wrong)) == 1:
        return draw(st.sampled_from(NASTY))
    if isinstance(kind, Leaf):
        return draw(st.sampled_from(LEAVES[kind.kind][1]))
    if isinstance(kind, Items):
        stated = schema_of(kind.of)
        may = _maybe(stated, kind.nullable) is not stated
        items = [
            "null" if may and draw(st.booleans()) else draw(bodies(kind.of, wrong))
            for _ in range(draw(st.integers(0, 3)))
        ]
        return f"[{','.join(items)}]"
    shown = []
    for index, part in enumerate(kind.parts):
        stated = schema_of(part.of)
        how = draw(st.integers(0, 5))
        if how == 0 and (wrong or not part.required):
            continue
        # An optional property may be null whatever its contract says.
        if how == 1 and (not part.required or _maybe(stated, part.nullable) is not stated):
            shown.append(f'"p{index}":null')
        else:
            shown.append(f'"p{index}":{draw(bodies(part.of, wrong))}')
    return "{" + ",".join([*shown, '"more":[{}]']) + "}"


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop for all examples; nobody reads what they log."""
    made = asyncio.new_event_loop()
    logging.disable(logging.CRITICAL)
    yield made
    logging.disable(logging.NOTSET)
    made.close()


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@settings(
    max_examples=25,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],  # each example builds a schema: looking for a smaller one takes minutes
    suppress_health_check=list(HealthCheck),
)
@given(st.data())
def test_typed_reading_is_the_checked_reading(loop, data):
    """The same data byte for byte, the same errors, the same calls; a good body never leaves the fast lane."""
    thing = data.draw(things(KINDS), "contract")
    schema = project_of(thing)
    for wrong in (0, 0, 12, 6):
        rows = data.draw(st.lists(bodies(thing, wrong), max_size=3), "rows")
        one = data.draw(bodies(thing, wrong), "one")
        shown = data.draw(selections(thing), "selection")
        found = [
            loop.run_until_complete(
                on_lane(lane, schema, f"{{ all {shown} one {shown} }}", answering(f"[{','.join(rows)}]", one))
            )
            for lane in LANES
        ]
        reference, plan, fast = found
        for lane in (plan, fast):
            assert (lane.bytes, lane.told, lane.calls) == (reference.bytes, reference.told, reference.calls)
        if not wrong:
            assert (fast.errors, fast.lanes) == ([], ["fast"])


def answering(rows: str, one: str) -> Services:
    """Services that give these bodies."""
    made = Services()
    for name, body in (("listThings", rows), ("getThing", f'{{"data":{one}}}')):
        given = Response(200, {"content-type": "application/json"}, body.encode())
        made.on("api", name, _always(given))
    return made


def _always(given: Response) -> Any:
    return lambda _: given
