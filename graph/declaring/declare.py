"""What a project's module declares, as frozen facts with their places. Made by `graph/declaring/rest.py` while
modules are imported, checked and bound by `graph/binding/binding.py` when the schema is built. Nothing here reads
a file or raises for a mistake.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Position:
    """Where in the project's code something was declared. `line` counts from 1."""

    file: Path
    line: int


def caller_position(depth: int = 2) -> Position:
    """The place of the code that called the function which calls this (`depth` frames up)."""
    frame = sys._getframe(depth)
    return Position(Path(frame.f_code.co_filename), frame.f_lineno)


# --- markers: where a value of a call comes from


@dataclass(frozen=True, slots=True)
class ThisMark:
    """The parent's attribute."""

    path: str


@dataclass(frozen=True, slots=True)
class EachMark:
    """All parents' attributes in one list."""

    path: str


@dataclass(frozen=True, slots=True)
class CallerMark:
    """A claim of the caller's token."""

    claim: str


@dataclass(frozen=True, slots=True)
class KeyMark:
    """The key asked for; a part of a composite one when it is called with the part's name."""

    part: str | None = None

    def __call__(self, part: str) -> KeyMark:
        return KeyMark(part)


@dataclass(frozen=True, slots=True)
class KeysMark:
    """The keys asked for; one part of each when it is called with the part's name."""

    part: str | None = None

    def __call__(self, part: str) -> KeysMark:
        return KeysMark(part)


Mark: TypeAlias = ThisMark | EachMark | CallerMark | KeyMark | KeysMark


# --- what is named of a contract


@dataclass(frozen=True, slots=True)
class SchemaName:
    """A component schema of a contract, by name."""

    contract: str
    name: str
    position: Position


@dataclass(frozen=True, slots=True)
class PagingNames:
    """How an operation pages, as the project states it. `names` are parameters' names and dotted paths in the
    answer.
    """

    style: Literal["page", "offset", "cursor", "link"]
    names: Mapping[str, str | None]
    position: Position
    first_page: int | None = None


@dataclass(frozen=True, slots=True)
class StaleMark:
    """A kept answer will do where the service gives none, for so long past its freshness: `30s`, `10m`."""

    within: str
    position: Position


@dataclass(frozen=True, slots=True)
class ConstantMark:
    """A value that stands for what is picked from an answer where the service gives none."""

    value: Any
    position: Position


FallbackMark: TypeAlias = StaleMark | ConstantMark


@dataclass(frozen=True, slots=True, eq=False)
class OperationName:
    """An operation of a contract with its bindings, as `contract.op(...)` states them.

    `bindings` map parameters and body properties to marks or constants. `safe` is None where the method
    decides. `fallback` is tried in its order where the service gives no answer. `changes` is None where path and
    answer tell.
    """

    contract: str
    operation: str
    bindings: Mapping[str, Any]
    pick: str | None
    paging: PagingNames | None
    safe: bool | None
    position: Position
    fallback: tuple[FallbackMark, ...] = ()
    changes: Sequence[str] | None = None


# --- what a field or a type declares


@dataclass(frozen=True, slots=True)
class Access:
    """Who may see something: scopes that are all needed, or any authenticated caller. `lent`: it is called with the
    gateway's own credentials, which the project's settings say and no schema shows.
    """

    scopes: frozenset[str] = frozenset()
    authenticated: bool = False
    lent: bool = False

    def __or__(self, other: Access) -> Access:
        return Access(
            self.scopes | other.scopes, self.authenticated or other.authenticated, self.lent or other.lent
        )

    def __bool__(self) -> bool:
        return bool(self.scopes) or self.authenticated or self.lent


OPEN = Access()

FieldKind = Literal["property", "link", "query", "connection", "mutation"]


@dataclass(frozen=True, slots=True, eq=False)
class FieldDeclaration:
    """How a bound field was declared. `kind` is the function of `rest` that made it."""

    kind: FieldKind
    position: Position
    operation: OperationName | None = None
    path: str | tuple[str, ...] | None = None
    key: tuple[str, ...] | None = None
    group_by: str | None = None
    needs: tuple[str, ...] | None = None
    access: Access = OPEN
    public: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class TypeDeclaration:
    """How a bound type was declared."""

    schema: SchemaName
    key: tuple[str, ...]
    one: OperationName | None
    many: OperationName | None
    access: Access
    position: Position
    description: str | None


@dataclass(frozen=True, slots=True)
class Extension:
    """A class whose fields are added to another type."""

    cls: type
    position: Position


DECLARATION = "__stolon__"
"""Where a bound type carries its declaration."""
EXTENSIONS = "__stolon_extensions__"
"""Where a type carries the extensions that other modules gave it."""


class AutoMark:
    """The metadata that tells `rest.auto` from any other annotation."""

    def __repr__(self) -> str:
        return "rest.auto"


AUTO = Annotated[Any, AutoMark()]
"""The annotation of a field whose type the contract knows."""
