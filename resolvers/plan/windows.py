"""Windows: how many items a connection yields, and how many calls one of its windows takes, read off the
arguments and the paging.

What `resolvers/paging/connection.py` does, foreseen, where the service keeps to its paging: pages of the length asked
for, each cursor one that it gave. `price.py` asks here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graphql import IntValueNode, NullValueNode, ValueNode, VariableNode

from adapters.contract.contract import Use
from resolvers.paging.paging import ByCursor, ByLink, ByPage, Paging
from resolvers.paging.walk import MAX_CALLS
from resolvers.plan.formula import Formula, Size, value
from resolvers.plan.meaning import Attribute
from resolvers.plan.plan import Field
from resolvers.plan.walking import held
from resolvers.source import BoundOperation

_CLOSED: Final = object()
"""An argument that is certainly left out, or null."""


def items(one: Field, paging: Paging, variables: Mapping[str, object]) -> Formula:
    """The most items of one window. Variables that are not among those given are sizes."""
    said = [name for name in ("first", "last") if _argument(one, name, variables) is not _CLOSED]
    if not said:
        return min(paging.default_size, paging.max_size)
    if len(said) > 1:
        return paging.max_size  # whichever of them it will be
    found = _argument(one, said[0], variables)
    if isinstance(found, Size):
        return Size(found.name, paging.max_size)
    return max(0, min(found, paging.max_size)) if type(found) is int else paging.max_size


def calls(one: Field, call: BoundOperation, variables: Mapping[str, object]) -> int:
    """The most calls of one window: one where it starts with the list; more as said below."""
    paging = call.paging
    assert paging is not None  # binding refuses a connection over an operation that does not page
    after, last, before = (
        _argument(one, name, variables) is not _CLOSED for name in ("after", "last", "before")
    )
    count = items(one, paging, variables)
    looks = _has_next(one)
    learns = last and not before  # where the list ends, by a call, even for none of its items
    if count == 0 and not looks:
        return int(learns)
    if isinstance(paging, ByCursor | ByLink):
        if paging.size is None or (isinstance(paging, ByLink) and after):
            return MAX_CALLS  # pages have a length of their own, or that of the URL which names them
        # A cursor names a place in a page, whose rest may be too short.
        return 1 + after
    if paging.size is None:
        return MAX_CALLS + looks
    unsaid = not says_more(call, paging)
    # Where no single page covers a window in the middle, two adjacent ones do.
    pages = 2 if isinstance(paging, ByPage) and (after or before or last) else 1
    # A page that is shorter than asked for, but of the default length, may be one of a service that heeds no size.
    longest = value(count)
    short = longest is None or longest > paging.default_size
    return pages + learns + (unsaid and short) + (unsaid and looks)


def _argument(one: Field, name: str, variables: Mapping[str, object]) -> Any:
    """The value of an argument of the field: a number, a `Size`, something else, or `_CLOSED`."""
    node: ValueNode | None = next(
        (given.value for given in one.nodes[0].arguments or () if given.name.value == name), None
    )
    if isinstance(node, VariableNode):
        variable = node.name.value
        if variable not in variables:
            return Size(f"${variable}")
        found = variables[variable]
        return _CLOSED if found is None else found
    if node is None or isinstance(node, NullValueNode):
        return _CLOSED
    return int(node.value) if isinstance(node, IntValueNode) else node


def _has_next(one: Field) -> bool:
    """Whether `hasNextPage` is selected, under whatever name."""
    return any(
        isinstance(below.meaning, Attribute) and (below.meaning.part == "hasNextPage" or _has_next(below))
        for below in held(one.shape)
    )


def says_more(call: BoundOperation, paging: Paging) -> bool:
    """Whether every answer says, by the contract, whether there is more: by what comes next, by a flag, or by
    counting all items.
    """
    if isinstance(paging, ByCursor | ByLink) or _is_there(call, paging.more) is not None:
        return True
    total = None if paging.doubtful_total else _is_there(call, paging.total)
    if total is None:
        return False
    least = call.contract.schema(total).bounds.minimum
    return least is not None and least >= 0  # less than nothing is how services say that they did not count


def _is_there(call: BoundOperation, path: tuple[str, ...] | None) -> Use | None:
    """The use at a path of the answer, where the contract promises a value there."""
    success = call.operation.success
    use = None if success is None or path is None else success.use
    for name in path or ():
        declared = None if use is None else call.contract.schema(use).property(name)
        use = None if declared is None or not declared.required or declared.use.nullable else declared.use
    return use
