"""The arguments of a connection (Relay Cursor Connections, section 4), with the bounds of the paging behind
it.
"""

from __future__ import annotations

from typing import Final

from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.unset import UNSET

from resolvers.paging.page_styles import ByOffset, ByPage
from resolvers.source import BoundOperation

CONNECTION_ARGUMENTS: Final = ("first", "after", "last", "before")
"""The names of the specification: no parameter of an operation gets one of them."""


def connection_arguments(call: BoundOperation) -> list[StrawberryArgument]:
    """`first`, `after`, `last` and `before`; the latter two only where the upstream can page backwards."""
    paging = call.paging
    assert paging is not None  # binding refuses a connection over an operation that does not page
    most = f"at most {paging.max_size}"
    forward = [
        _argument("first", int, f"How many items, {most}; {paging.default_size} where nothing is said."),
        _argument("after", str, "The cursor after which they start."),
    ]
    if not isinstance(paging, (ByPage, ByOffset)) or paging.total is None:
        return forward
    return [
        *forward,
        _argument("last", int, f"How many items from the end, {most}."),
        _argument("before", str, "The cursor before which they end."),
    ]


def _argument(name: str, of: type, description: str) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(of | None),
        description=description,
        default=UNSET,
    )
