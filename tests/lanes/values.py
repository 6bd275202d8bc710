"""Values of arguments and variables, drawn by their types: literals, variables with and without defaults, absent and
null ones, and a few that are refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
)

from tests.lanes.contracts_hoard import FORMS
from tests.lanes.rows import ARTICLES, ASSETS, CLAIMS, PEOPLE, PRODUCTS

Pick: TypeAlias = Callable[[int], int]
"""Gives a number from 0 to below its argument; 0 is the simplest."""

# One person is met more often than others: by keys, by links and by resolvers that load.
_PEOPLE: Final = (*PEOPLE, *("p1",) * 4, "p9", *PEOPLE, "p9", "P1", "")
_POOLS: Final[Mapping[str, Sequence[Any]]] = {
    "id": _PEOPLE,
    "team.id": ("1", "2", "3", 1, "9", "x", "002"),
    "product.id": (*PRODUCTS, "d9"),
    "article.id": (*ARTICLES, "a9"),
    "asset.id": (*ASSETS, "x9"),
    "bond.id": (*ASSETS, "x9"),
    "claim.id": (*CLAIMS, "c9"),
    "form": (*FORMS, "unheard-of"),
    "by": ("p1", ""),
    "ids": _PEOPLE,
    "person": _PEOPLE,
    "customer": ("p1", "p9"),
    "about": ("p1", "p2"),
    "tenant": ("t1", "t2", "t9"),
    "number": ("1", 2, "3", "99", "06", "x"),
    "order": (1, "2", 3),
    "first": (2, 1, 3, 5, 0, 4, 6, -1),
    "last": (2, 1, 3, 5, 0),
    "level": (1, 0, 9, 10),
    "kind": ("article", "video", "note", "none"),
    "of": (*ARTICLES[:3], "v0", "v1", "a9"),
    "levels": (1, 0),
    "count": (2, 1, 0),
    "size": (1, 2),
    "productId": ("d1", "d9"),
}
_LEAVES: Final[Mapping[str, Sequence[Any]]] = {
    "Int": (1, 0, -3),
    "Float": (0.5, 2),
    "String": ("text", "", "é\n"),
    "Boolean": (True, False),
    "ID": ("p1", "p2"),
    "BigInt": ("7", 7, "12345678901234567890"),
    "Decimal": ("1.10", 2),
    "DateTime": ("2026-01-02T03:04:05Z",),
    "JSON": ({"a": 1}, [1, "x"], None),
}
_WINDOW: Final = frozenset({"first", "after", "last", "before"})
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    definition: str
    of: str


@dataclass(slots=True)
class Values:
    """Draws the values of one document. `given` are the variables that the request supplies."""

    pick: Pick
    cursors: Mapping[str, Sequence[str]]
    given: dict[str, Any] = field(default_factory=dict)
    _variables: list[_Variable] = field(default_factory=list)

    @property
    def definitions(self) -> str:
        """The operation's definitions of all variables that were used, in parentheses; nothing without any."""
        return f"({', '.join(one.definition for one in self._variables)})" if self._variables else ""

    def chance(self, one_in: int) -> bool:
        """True one time in so many."""
        return self.pick(one_in) == one_in - 1

    def condition(self, likely: bool) -> str:
        """The value of an `if`: mostly a variable, and mostly of this value."""
        if self.chance(4):
            return json.dumps(likely is not self.chance(4))
        known = [one.name for one in self._variables if one.of == "Boolean!"]
        known = [one for one in known if self.given.get(one, likely) is likely or self.chance(4)]
        if known and self.pick(3):
            return f"${known[self.pick(len(known))]}"
        name, value = self._name(), likely is not self.chance(4)
        if self.chance(3):
            default = bool(self.pick(2))
            self._define(name, "Boolean!", f"Boolean! = {json.dumps(default)}")
            if default is not value:
                self.given[name] = value
        else:
            self._define(name, "Boolean!", "Boolean!")
            self.given[name] = value
        return f"${name}"

    def arguments(self, field_name: str, arguments: Mapping[str, GraphQLArgument]) -> str:
        """A field's arguments in parentheses; nothing without any."""
        texts = []
        for name, argument in arguments.items():
            required = isinstance(argument.type, GraphQLNonNull) and argument.default_value is Undefined
            if required or self.chance(9 if name in _WINDOW else 4):
                texts.append(f"{name}: {self._text(argument, argument.type, field_name, name)}")
        return f"({', '.join(texts)})" if texts else ""

    def _text(
        self,
        place: GraphQLArgument | GraphQLInputField | None,
        of: GraphQLInputType,
        field_name: str,
        name: str,
    ) -> str:
        if self.chance(3):
            variable = self._variable(place, of, field_name, name)
            if variable is not None:
                return f"${variable}"
        inner = of.of_type if isinstance(of, GraphQLNonNull) else of
        if inner is of and self.chance(6):
            return "null"
        if isinstance(inner, GraphQLList):
            items = [
                self._text(None, inner.of_type, field_name, name) for _ in range((2, 1, 3, 0)[self.pick(4)])
            ]
            return f"[{', '.join(items)}]"
        if isinstance(inner, GraphQLInputObjectType):
            members = []
            for member, one in inner.fields.items():
                required = isinstance(one.type, GraphQLNonNull) and one.default_value is Undefined
                if required or self.chance(2):
                    members.append(f"{member}: {self._text(one, one.type, field_name, member)}")
            return f"{{{', '.join(members)}}}"
        return _literal(inner, self._leaf(inner, field_name, name))

    def _variable(
        self,
        place: GraphQLArgument | GraphQLInputField | None,
        of: GraphQLInputType,
        field_name: str,
        name: str,
    ) -> str | None:
        """A variable that may stand here (GraphQL, section 5.8.5)."""
        insists = isinstance(of, GraphQLNonNull)
        inner = of.of_type if isinstance(of, GraphQLNonNull) else of
        fitting = [one.name for one in self._variables if one.of in (str(of), f"{inner}!")]
        if fitting and self.chance(2):
            return fitting[self.pick(len(fitting))]
        has_default = place is not None and place.default_value not in (Undefined, None)
        made = self._name()
        if not insists or has_default or self.chance(4):
            default = self._json(inner, field_name, name)
            stated = insists and not has_default  # then the variable's own default must fill the place
            if stated or self.chance(2):
                if stated and default is None:
                    return None
                text = f"{inner} = {_literal(inner, default)}"
            else:
                text = str(inner)
            self._define(made, str(inner), text)
            drawn = self.pick(6)
            supplied = (_NOTHING, None)[drawn - 4] if drawn >= 4 else self._json(inner, field_name, name)
        else:
            self._define(made, str(of), str(of))
            supplied = self._json(inner, field_name, name)
        if self.chance(120):
            supplied = ({}, None, "wrong", [[]])[self.pick(4)]
        if supplied is not _NOTHING:
            self.given[made] = supplied
        return made

    def _name(self) -> str:
        return f"v{len(self._variables)}"

    def _define(self, name: str, of: str, text: str) -> None:
        self._variables.append(_Variable(name, f"${name}: {text}", of))

    def _json(self, of: GraphQLInputType, field_name: str, name: str) -> Any:
        inner = of.of_type if isinstance(of, GraphQLNonNull) else of
        if isinstance(inner, GraphQLList):
            return [self._json(inner.of_type, field_name, name) for _ in range((2, 1, 3, 0)[self.pick(4)])]
        if isinstance(inner, GraphQLInputObjectType):
            return {
                member: self._json(one.type, field_name, member)
                for member, one in inner.fields.items()
                if (isinstance(one.type, GraphQLNonNull) and one.default_value is Undefined) or self.chance(2)
            }
        return self._leaf(inner, field_name, name)

    def _leaf(self, of: Any, field_name: str, name: str) -> Any:
        if isinstance(of, GraphQLEnumType):
            names = list(of.values)
            return names[self.pick(len(names))]
        pool: Sequence[Any]
        if name in ("after", "before"):
            pool = (*self.cursors.get(field_name, ()), *self.cursors.get(field_name, ()), "bogus")
        else:
            pool = _POOLS.get(f"{field_name}.{name}") or _POOLS.get(name) or _LEAVES[of.name]
        if of.name == "Int":
            pool = [one for one in pool if isinstance(one, int)] or _LEAVES["Int"]
        if of.name == "String":
            pool = [one for one in pool if isinstance(one, str)] or _LEAVES["String"]
        return pool[self.pick(len(pool))]


def _literal(of: Any, value: Any) -> str:
    inner = of.of_type if isinstance(of, GraphQLNonNull) else of
    if value is None:
        return "null"
    if isinstance(inner, GraphQLList):
        return f"[{', '.join(_literal(inner.of_type, one) for one in value)}]"
    if isinstance(inner, GraphQLInputObjectType):
        members = (f"{name}: {_literal(inner.fields[name].type, one)}" for name, one in value.items())
        return f"{{{', '.join(members)}}}"
    if isinstance(inner, GraphQLEnumType):
        return str(value)
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_plain(one)}' for name, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_plain, value))}]"
    return json.dumps(value)
