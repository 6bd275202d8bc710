"""Valid operations over the world's schema, drawn one choice after another: fragments of every kind, aliases, one
field under different arguments, `@skip` and `@include`, variables (`values.py`), deep links.

Written here rather than taken from hypothesis-graphql, which (as of 0.13) draws no named fragments, directives or
variables: most of what plans have to get right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)
from graphql.type import is_list_type, is_non_null_type

from tests.lanes.scopes import Entry, Scope, Served
from tests.lanes.values import Pick, Values

MOST_FIELDS: Final = 72
MOST_ROOTS: Final = 5
MOST_LEVELS: Final = 7
MOST_LISTS: Final = 3
# Drawn less often: what fails always would leave little else to compare, and what calls nothing says little.
_RARE: Final = frozenset(
    {
        "nothing",
        "refused",
        "failing",
        "fussy",
        "hole",
        "fact",
        "echo",
        "count",
        "dismiss",
        "card",
        "grid",
        "twins",
    }
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A request: document, variables, and the name of the operation where there are several."""

    document: str
    variables: Mapping[str, Any]
    operation_name: str | None
    mutates: bool


@dataclass(frozen=True, slots=True)
class _Fragment:
    name: str
    on: GraphQLNamedType
    scope: Scope
    levels: int
    lists: int
    fields: int


_Parent = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


class Drawing:
    """One document in the making. `left` is how many fields it may still get."""

    def __init__(self, schema: GraphQLSchema, pick: Pick, cursors: Mapping[str, Sequence[str]]) -> None:
        self._schema = schema
        self._pick = pick
        self._values = Values(pick, cursors)
        self._fragments: list[_Fragment] = []
        self._texts: list[str] = []
        self._aliases = 0
        self._left = MOST_FIELDS

    def draw(self) -> Drawn:
        """A whole request."""
        mutates = self._chance(5)
        root = self._schema.mutation_type if mutates else self._schema.query_type
        assert root is not None
        body = self._roots(root)
        kind = "mutation" if mutates else "query"
        parts = [f"{kind} Main{self._values.definitions} {{ {body} }}", *self._texts]
        name = None
        if self._chance(10):
            parts.insert(0, "query Other { fact }")
            name = "Main"
        return Drawn("\n".join(parts), self._values.given, name, mutates)

    def _chance(self, one_in: int) -> bool:
        return self._pick(one_in) == one_in - 1

    def _roots(self, root: GraphQLObjectType) -> str:
        scope = (Scope(),)
        count = 1 + self._pick(MOST_ROOTS)

        def one(number: int) -> str:
            draw = self._inline if number and self._chance(8) else self._field
            return draw(root, scope, MOST_LEVELS, MOST_LISTS)

        return self._shared(count, one)

    def _shared(self, count: int, draw: Callable[[int], str]) -> str:
        """So many selections, each with its share of the fields that are left: else the first would take all."""
        texts: list[str] = []
        for number in range(count):
            later = self._left - self._left // (count - number)
            self._left -= later
            texts.append(draw(number))
            self._left += later
        return " ".join(texts)

    def _selections(self, of: _Parent, scopes: tuple[Scope, ...], levels: int, lists: int) -> str:
        count = 1 if self._left <= 0 else 1 + self._pick(4)
        return self._shared(count, lambda _: self._selection(of, scopes, levels, lists))

    def _selection(self, of: _Parent, scopes: tuple[Scope, ...], levels: int, lists: int) -> str:
        abstract = not isinstance(of, GraphQLObjectType)
        drawn = self._pick(12) if self._left > 2 else 0
        if drawn >= 10 or (abstract and drawn >= 5):
            self._left -= 1
            if drawn % 2 == 0:
                return self._inline(of, scopes, levels, lists)
            return self._named(of, scopes, levels, lists)
        return self._field(of, scopes, levels, lists)

    # --- fields

    def _field(self, parent: _Parent, scopes: tuple[Scope, ...], levels: int, lists: int) -> str:
        fields = {} if isinstance(parent, GraphQLUnionType) else parent.fields
        leaves = [name for name, one in fields.items() if is_leaf_type(get_named_type(one.type))]
        deeper = [
            name
            for name, one in fields.items()
            if not is_leaf_type(get_named_type(one.type)) and _lists(one) <= lists
        ]
        self._left -= 1
        if not self._chance(6):
            deeper = [name for name in deeper if name not in _RARE] or deeper
            leaves = [name for name in leaves if name not in _RARE] or ([] if deeper else leaves)
        if deeper and levels > 1 and self._left > 2 and (not leaves or self._pick(5) >= 1):
            calling = [name for name in deeper if _calls(fields[name])]
            if calling and self._pick(3):
                deeper = calling
            name = deeper[self._pick(len(deeper))]
        elif leaves and not self._chance(10):
            name = leaves[self._pick(len(leaves))]
        else:
            return self._typename(parent, scopes)
        text = self._served(parent, scopes, name, fields[name], levels, lists)
        if name in deeper and self._left > 4 and self._chance(7):
            # The same again, mostly under other arguments, which makes it another field of the answer.
            text += f" {self._served(parent, scopes, name, fields[name], levels, lists)}"
        return text

    def _served(
        self,
        parent: _Parent,
        scopes: tuple[Scope, ...],
        name: str,
        one: GraphQLField,
        levels: int,
        lists: int,
    ) -> str:
        """One field with arguments, directives and what is selected of it, under a name that it may have here."""
        arguments = self._values.arguments(name, one.args)
        leaf = is_leaf_type(get_named_type(one.type))
        shown, entries = self._place(parent, scopes, name, arguments, one, leaf=leaf)
        text = f"{'' if shown == name else f'{shown}: '}{name}{arguments}{self._directives()}"
        if leaf:
            return text
        below = tuple(entry.below for entry in entries)
        of = get_named_type(one.type)
        assert isinstance(of, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
        return f"{text} {{ {self._selections(of, below, levels - 1, lists - _lists(one))} }}"

    def _typename(self, parent: _Parent, scopes: tuple[Scope, ...]) -> str:
        shown, _ = self._place(parent, scopes, "__typename", "", None, leaf=True)
        return "__typename" if shown == "__typename" else f"{shown}: __typename"

    def _place(
        self,
        parent: _Parent,
        scopes: tuple[Scope, ...],
        name: str,
        arguments: str,
        one: GraphQLField | None,
        *,
        leaf: bool,
    ) -> tuple[str, list[Entry]]:
        """The response name of a field here, with an alias where it needs one, and its entries in all scopes."""
        of = "String!" if one is None else str(one.type)
        shown = name
        if self._chance(8) and self._aliases < 60:
            known = sorted({each for scope in scopes for each in scope.names})
            # An alias may be the name of another field, or one that stands here already.
            shown = (known[self._pick(len(known))] if known and self._pick(2) else None) or self._alias()
        served = Served(parent, name, arguments)
        while not all(scope.fits(shown, served, of, leaf=leaf) for scope in scopes):
            shown = self._alias()
        return shown, [scope.add(shown, served, of, leaf=leaf) for scope in scopes]

    def _alias(self) -> str:
        self._aliases += 1
        return f"a{self._aliases}"

    def _directives(self) -> str:
        text = ""
        if self._chance(9):
            text += f" @include(if: {self._values.condition(True)})"
        if self._chance(12):
            text += f" @skip(if: {self._values.condition(False)})"
        return text

    # --- fragments

    def _condition(self, of: _Parent) -> _Parent:
        """A type on which a fragment may stand where `of` does."""
        mine = {of} if isinstance(of, GraphQLObjectType) else set(self._schema.get_possible_types(of))
        found: list[_Parent] = [of]
        for one in self._schema.type_map.values():
            if one is of or not isinstance(one, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
                continue
            theirs = (
                {one} if isinstance(one, GraphQLObjectType) else set(self._schema.get_possible_types(one))
            )
            if mine & theirs:
                found.append(one)
        if isinstance(of, GraphQLObjectType):
            return found[self._pick(len(found))]
        return found[(1 + self._pick(len(found))) % len(found)]

    def _inline(self, of: _Parent, scopes: tuple[Scope, ...], levels: int, lists: int) -> str:
        on = self._condition(of)
        bare = on is of and self._pick(2)
        text = "..." if bare else f"... on {on.name}"
        return f"{text}{self._directives()} {{ {self._selections(on, scopes, levels, lists)} }}"

    def _named(self, of: _Parent, scopes: tuple[Scope, ...], levels: int, lists: int) -> str:
        known = [one for one in self._fragments if self._may_spread(one, of, scopes, levels, lists)]
        if known and self._pick(3):
            fragment = known[self._pick(len(known))]
            for scope in scopes:
                scope.take_in(fragment.scope)
            self._left -= fragment.fields
        else:
            on = self._condition(of)
            own = Scope()
            before = self._left
            body = self._selections(on, (*scopes, own), levels, lists)
            fragment = _Fragment(f"F{len(self._texts)}", on, own, levels, lists, before - self._left)
            self._texts.append(f"fragment {fragment.name} on {on.name} {{ {body} }}")
            self._fragments.append(fragment)
        return f"...{fragment.name}{self._directives()}"

    def _may_spread(
        self, fragment: _Fragment, of: _Parent, scopes: tuple[Scope, ...], levels: int, lists: int
    ) -> bool:
        if fragment.levels > levels or fragment.lists > lists or fragment.fields > self._left:
            return False
        mine = {of} if isinstance(of, GraphQLObjectType) else set(self._schema.get_possible_types(of))
        on: Any = fragment.on
        theirs = {on} if isinstance(on, GraphQLObjectType) else set(self._schema.get_possible_types(on))
        return bool(mine & theirs) and all(scope.takes_in(fragment.scope) for scope in scopes)


def _calls(one: GraphQLField) -> bool:
    """Whether a field is served by operations of its own."""
    return getattr(one.extensions.get("strawberry-definition"), "source", None) is not None


def _lists(one: GraphQLField) -> int:
    """How much a field multiplies what stands below it: its levels of lists; a connection lists below itself."""
    of: Any = one.type
    found = 0
    while is_non_null_type(of) or is_list_type(of):
        found += isinstance(of, GraphQLList)
        of = of.of_type
    return found
