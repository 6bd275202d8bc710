"""One walk through a document that calls validation rules: what graphql-core's own walk does, in a third of its time.

`graph/documents/validation.py` brings the rules. graphql-core asks each rule for its functions of each kind of
node, in every document anew, and calls through two layers of visitors at every node; here a rule's functions are
looked up once per class, and nodes that no rule can look at (names, above all) are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from graphql import BREAK, SKIP, Node, TypeInfo, Visitor
from graphql.language import ast
from graphql.language.ast import QUERY_DOCUMENT_KEYS
from graphql.validation import UniqueDirectivesPerLocationRule

_Function = Callable[..., object]
_Named = tuple[tuple[int, str], ...]

_NAMES: Final = frozenset({"alias", "name"})
"""Keys below which there are only names."""

_NODES: Final = [one for one in vars(ast).values() if isinstance(one, type) and issubclass(one, Node)]
_KINDS: Final = frozenset(one.kind for one in _NODES)
_WITH_DIRECTIVES: Final = frozenset(one.kind for one in _NODES if "directives" in one.keys)


class Edited(Exception):
    """A rule answered with something else than graphql-core's SKIP and BREAK: it wants to change the document."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What some classes of visitors look at: per kind of node, which of them, by index, with the name of the
    method for entering and of the one for leaving. `keys` are the keys below a kind that need a visit.
    """

    entering: dict[str, _Named]
    leaving: dict[str, _Named]
    keys: dict[str, tuple[str, ...]]


@lru_cache(maxsize=32)  # bounded by how many schemas and sets of rules one process serves
def looks_of(classes: tuple[type[Visitor], ...]) -> Looks:
    """The methods of the classes, by kinds of nodes. A method without a kind (`enter`, `leave`) is for the kinds
    that have none of their own, as in graphql-core.
    """
    entering = {kind: _named(classes, "enter", kind) for kind in _KINDS}
    leaving = {kind: _named(classes, "leave", kind) for kind in _KINDS}
    # Descriptions must not affect what is valid (GraphQL, section 2.4), and graphql-core leaves them out.
    unseen = {"description"} if entering["name"] or leaving["name"] else {"description", *_NAMES}
    keys = {
        kind: tuple(key for key in below if key not in unseen) for kind, below in QUERY_DOCUMENT_KEYS.items()
    }
    return Looks(entering, leaving, keys)


def _named(classes: Sequence[type[Visitor]], action: str, kind: str) -> _Named:
    found = []
    for index, one in enumerate(classes):
        if getattr(one, f"{action}_{kind}", None):
            found.append((index, f"{action}_{kind}"))
        # This rule asks every node for its directives, and does nothing where it has none.
        elif getattr(one, action, None) and (
            one is not UniqueDirectivesPerLocationRule or kind in _WITH_DIRECTIVES
        ):
            found.append((index, action))
    return tuple(found)


_Bound = tuple[
    "Callable[[Any], object] | None",
    "tuple[tuple[int, _Function], ...]",
    "tuple[str, ...]",
    "tuple[tuple[int, _Function], ...]",
    "Callable[[], object] | None",
]


@dataclass(slots=True)
class Walk:
    """A walk of visitors, all at once, through a document or a part of it, with the types kept in step.

    The order, the arguments of the methods and what SKIP and BREAK mean are those of `graphql.visit` with
    `TypeInfoVisitor` and `ParallelVisitor`. Raises `Edited`, and whatever the visitors raise.
    """

    type_info: TypeInfo
    visitors: Sequence[Visitor]
    looks: Looks
    _skipped: list[object] = field(init=False)
    _path: list[Any] = field(default_factory=list)
    _ancestors: list[Any] = field(default_factory=list)
    _bound: dict[str, _Bound] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._skipped = [None] * len(self.visitors)

    def visit(self, node: Node, key: str | int | None = None, parent: object = None) -> None:
        """Visit the node and what is below it. The parser bounds how deep documents nest, and so this recursion."""
        kind = node.kind
        bound = self._bound.get(kind) or self._bind(kind)
        enter_type, entering, keys, leaving, leave_type = bound
        path, ancestors, skipped = self._path, self._ancestors, self._skipped
        skipped_here: list[int] | None = None
        if enter_type is not None:
            enter_type(node)
        for index, function in entering:
            if skipped[index] is None:
                result = function(node, key, parent, path, ancestors)
                if result is not None:
                    if _outcome(result) is SKIP:
                        skipped_here = [*(skipped_here or ()), index]
                        skipped[index] = SKIP
                    else:
                        skipped[index] = BREAK
        if keys:
            if parent is not None:
                ancestors.append(parent)
            for name in keys:
                below = getattr(node, name, None)
                if not below:
                    continue
                path.append(name)
                if type(below) is tuple:
                    ancestors.append(node)
                    for place, one in enumerate(below):
                        path.append(place)
                        self.visit(one, place, below)
                        path.pop()
                    ancestors.pop()
                else:
                    self.visit(below, name, node)
                path.pop()
            if parent is not None:
                ancestors.pop()
        for index, function in leaving:
            if skipped[index] is None:
                result = function(node, key, parent, path, ancestors)
                if result is not None and _outcome(result) is BREAK:
                    skipped[index] = BREAK
        for index in skipped_here or ():
            skipped[index] = None
        if leave_type is not None:
            leave_type()

    def _bind(self, kind: str) -> _Bound:
        looks, visitors, type_info = self.looks, self.visitors, self.type_info
        bound = self._bound[kind] = (
            getattr(type_info, f"enter_{kind}", None),
            tuple((index, getattr(visitors[index], name)) for index, name in looks.entering.get(kind, ())),
            looks.keys.get(kind, ()),
            tuple((index, getattr(visitors[index], name)) for index, name in looks.leaving.get(kind, ())),
            getattr(type_info, f"leave_{kind}", None),
        )
        return bound


def _outcome(result: object) -> object:
    if result is SKIP or result is False:
        return SKIP
    if result is BREAK or result is True:
        return BREAK
    raise Edited
