"""What the panel "Plan" decides without a page: its words, and the paths of the field under the cursor."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from graphql import Node, parse

from resolvers.plan.coverage import Reason
from tests.playground.page_modules import called, needs_node
from tests.playground.plans import PLAN, did, operation, step

pytestmark = needs_node


def camel(name: str) -> str:
    """graphql-core's name of a member of a document, as graphql-js has it."""
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def as_page_has_it(node: object) -> Any:
    """A parsed document as graphql-js gives it."""
    if isinstance(node, Node):
        found = {camel(key): as_page_has_it(getattr(node, key)) for key in node.keys if key != "loc"}
        kind = camel(f"_{node.kind}")
        assert node.loc is not None
        return found | {"kind": kind, "loc": {"start": node.loc.start, "end": node.loc.end}}
    if isinstance(node, list | tuple):
        return [as_page_has_it(one) for one in node]
    return getattr(node, "value", node)


def found_at(text: str, name: str | None = None) -> tuple[str | None, list[str]]:
    """Name and paths of the field at the mark `|` in an operation."""
    offset = text.index("|")
    document = as_page_has_it(parse(text.replace("|", "", 1)))
    field, paths = called(
        "paths.js",
        "(() => { const field = page.fieldAt(given.document, given.offset, null);"
        " return [field?.name ?? null,"
        " field ? page.pathsOf(given.document, given.operation, field.node) : []]; })()",
        {"document": document, "offset": offset, "operation": name},
    )
    return field, paths


def test_every_reason_is_told_in_words():
    """No reason for the reference lane is shown by its bare name, and an unknown one is shown as it is."""
    reasons = [reason.value for reason in Reason]
    told = called(
        "words.js",
        "given.map((reason) => page.withoutSteps({ lane: 'reference', reason }))",
        [*reasons, "toString"],
    )
    start = "It ran on the reference lane, without a plan: "
    assert [one for one in told if not one.startswith(start)] == []
    unworded = [one for one in told if one.removeprefix(start).removesuffix(".") in {*reasons, "toString"}]
    assert unworded == [f"{start}toString."]


@pytest.mark.parametrize(
    ("happened", "told"),
    [
        (None, None),
        (did(0, 1, 1, 1, upstream=1), None),
        (did(None, None, 0, 0), "no call: there are no parents"),
        (did(0, 1, 5, 5, 5), "no call: served from the request's store"),
        (did(0, 1, 5, 5, 4), "no call was made for what it asked"),
        (did(0, 1, 5, 0), "no call: its parents hold nothing to ask for"),
    ],
)
def test_a_step_without_a_call_says_why(happened, told):
    """From what it was asked and found; nothing is said where nobody watched or a call was made."""
    one = step(2, 1, "a.b", "A.b", "lookup", operations=[operation("s", "get", "/b")], did=happened)
    assert called("words.js", "page.withoutCall(given, [])", one) == told


def test_a_denial_is_known_by_its_error():
    """A step that asked nothing is denied where the answer says so at its path, whatever the position in lists."""
    one = step(2, 1, "a.b", "A.b", "lookup", operations=[operation("s", "get", "/b")], did=did(0, 1, 5, 0))
    root = step(
        1, None, "a", "Query.a", "fetch", operations=[operation("s", "get", "/a")], did=did(None, None, 0, 0)
    )
    errors = [
        {"path": ["a", 3, "b"], "extensions": {"code": code}, "message": ""}
        for code in ("UNAUTHENTICATED", "UPSTREAM_ERROR")
    ]
    told = called(
        "words.js",
        "[page.withoutCall(given.one, given.errors), page.withoutCall(given.one, given.errors.slice(1)),"
        " page.withoutCall({ ...given.one, path: 'a' }, given.errors), page.withoutCall(given.root, [{}])]",
        {"one": one, "root": root, "errors": errors},
    )
    assert told == [
        "no call: denied to this caller",
        "no call: its parents hold nothing to ask for",
        "no call: its parents hold nothing to ask for",
        "no call: it never began",
    ]


def test_prices_sizes_and_times_read_well():
    """Formulas are left out where they say no more than the number; bytes and milliseconds are short."""
    told = called(
        "words.js",
        "[given.map(page.priceOf), given.map(page.sizesOf), [0, 999, 1000, 2.5e6].map(page.size),"
        " [0.1234, 9.99, 10.04].map(page.milliseconds)]",
        [
            {"atMost": 0, "formula": "0"},
            {"atMost": 1, "formula": "1"},
            {"atMost": 3, "formula": "1 + ceil($first / 50)", "where": {"$first": 100}},
            {"atMost": None, "formula": "|a| + $n", "where": {"|a|": None, "$n": 5, "$m": 2}},
        ],
    )
    assert told == [
        ["no call", "at most 1 call", "at most 3 calls (1 + ceil($first / 50))", "at most |a| + $n calls"],
        ["", "", ", where $first is at most 100", ", where $n is at most 5 and $m is at most 2"],
        ["0 B", "999 B", "1.0 kB", "2.5 MB"],
        ["0.12 ms", "9.99 ms", "10.0 ms"],
    ]


def test_a_field_that_the_plan_left_out_is_told():
    """Of a field without a place in the plan it is said that a directive left it out."""
    told = called("words.js", "page.whoServes(given, 'User.email', 'me.email')", PLAN)
    assert told == "User.email at me.email is not in the plan: @skip or @include left it out."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{ m|e { name } }", ("me", ["me"])),
        ("{ me { |name } }", ("name", ["me.name"])),
        ("{ me { name| } }", ("name", ["me.name"])),
        ("{ me {| name } }", ("me", ["me"])),
        ("{ me(id: |1) { name } }", ("me", ["me"])),
        ("{ you: m|e { name } me { id } }", ("me", ["you"])),
        ("{ a: me { ...F } b: me { ...F } } fragment F on User { n|ame }", ("name", ["a.name", "b.name"])),
        ("{ me { ... on User { ... { friend { |id } } } } }", ("id", ["me.friend.id"])),
        ("query A { a } query B { |b }", ("b", [])),
        ("{ a } fragment F on User { |unused }", ("unused", [])),
        ("query |A { a }", (None, [])),
        ("{ a } |", (None, [])),
        ("{ a { ...F } } fragment F on A { b { ...F |c } }", ("c", ["a.b.c"])),
    ],
)
def test_the_field_at_a_place_and_its_paths(text, found):
    """The innermost field whose text holds the cursor, at each place where its fragment is spread."""
    assert found_at(text, "A" if "query A" in text else None) == found


@pytest.mark.parametrize(("spread", "paths"), [("...Last", 10), ("d", 0)])
def test_documents_that_unfold_without_end_are_given_up(spread, paths):
    """A document whose fragments multiply is walked for a bounded number of steps, and paths."""
    fragments = " ".join(
        f"fragment F{n} on A {{ a {{ ...F{n + 1} }} b {{ ...F{n + 1} }} }}" for n in range(40)
    )
    text = f"{{ a {{ ...F0 }} }} {fragments} fragment F40 on A {{ {spread} }} fragment Last on A {{ |c }}"
    begun = time.monotonic()
    name, found = found_at(text)
    assert time.monotonic() - begun < 20
    assert (name, len(found)) == ("c", paths)
