"""Sources: the frozen description of how each field is served. Binding makes them once; fields and plans read
them.

A source names bound operations: an operation of a contract, where each of its parameters comes from, and what
is picked from its answer. `resolvers/resolve.py` serves a field from its source; `resolvers/call.py` makes
the request.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import msgspec

from adapters.contract.constraints import Constraints
from adapters.contract.contract import Answer, Contract, Kind, Operation, Parameter, Use
from adapters.policies.fallback_rule import Fallback
from adapters.problem import FieldProblem
from resolvers.change_keys import ChangeKey
from resolvers.paging.paging import Paging
from resolvers.reading.reader import ObjectReader, Reader
from resolvers.reading.row_reader import RowReader, row_reader
from resolvers.reading.where import Root

# --- where a value comes from


@dataclass(frozen=True, slots=True)
class This:
    """The parent's property at a path of upstream names."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Each:
    """All parents' properties at a path, in one list: the operation answers for many parents at once."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """One part of the key asked for. A `many` that takes it is called once for each value of that part."""

    part: int


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys asked for, in one list: one part of each, or whole composite keys as objects of these names."""

    part: int | None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim of the caller's verified token."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A value of the declaration."""

    value: object = field(hash=False)


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of the GraphQL field, by its Python name; `shown` is its GraphQL name."""

    name: str
    shown: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Header:
    """A header that the project passes on from the caller's request, by its lower-case name."""

    name: str


Supplier: TypeAlias = This | Each | Key | Keys | Claim | Constant | Argument | Header


# --- where it goes


@dataclass(frozen=True, slots=True)
class Target:
    """A parameter, or a place in the request body (() is the whole body)."""

    parameter: Parameter | None
    body: tuple[str, ...] | None
    use: Use
    constraints: Constraints | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Binding:
    """One target and its supplier."""

    target: Target
    supplier: Supplier


Locate: TypeAlias = Callable[[FieldProblem], tuple[str | int, ...] | None]
"""From what a service complains about to the path of the GraphQL argument that supplied it; None where none
did.
"""


def _nowhere(_: FieldProblem) -> None:
    return None


TagsOf: TypeAlias = Callable[["Supplied", Mapping[Parameter, object], object], tuple[str, ...]]
"""From what one call is made of, its parameters and its body to the tags of its request."""


@dataclass(frozen=True, slots=True, eq=False)
class BoundOperation:
    """An operation with its bindings. `pick` is the path of the value in its answer, `result` that value's
    use.

    `safe`: it may be shared, repeated and batched (GET, HEAD, or declared so). `exact`: decimals of its
    answer are JSON numbers and must keep their digits. `batch` is the most keys that one call may carry.
    `locate` finds the argument a field error of the service is about. `public`: its field is for everybody, so that
    even for an anonymous caller the gateway lends it credentials of its own. `change_key` is the header that names
    a change, so that it is made once however often it is sent. `fallback` is given where the service gives no answer.
    `tags` say what its answers tell of, or what it changes.
    """

    service: str
    contract: Contract
    operation: Operation
    bindings: tuple[Binding, ...]
    pick: tuple[str, ...]
    result: Use | None
    safe: bool
    exact: bool
    paging: Paging | None = None
    batch: int | None = None
    locate: Locate = _nowhere
    public: bool = False
    change_key: Parameter | None = None
    fallback: Fallback | None = None
    tags: TagsOf | None = None
    root: Root = field(init=False, repr=False)
    """The place of a whole answer of this operation."""
    success: Answer | None = field(init=False, repr=False)
    """The answer that its result is read from."""
    rows: RowReader | None = field(init=False, repr=False)
    """Finds the objects of its answers without decoding them, where those are of one schema."""

    def __post_init__(self) -> None:
        # Asked with every call.
        object.__setattr__(self, "root", Root(self.service, self.operation.id))
        object.__setattr__(self, "success", self.operation.success)
        rows = row_reader(self.contract, self.result, self.pick, self.paging, exact=self.exact)
        object.__setattr__(self, "rows", rows)

    @property
    def declares_404(self) -> bool:
        """Whether the contract says that 404 is an answer of this operation."""
        return any(one.status == "404" for one in self.operation.answers)

    @property
    def from_client(self) -> bool:
        """Whether the client supplied any of its values."""
        return any(isinstance(one.supplier, Argument) for one in self.bindings)


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """What is fetched by key: a bound type's `one` and `many`. `key` are the paths of its parts, in upstream
    names.

    `kinds` are the kinds of the parts: they say which texts are one key. `shares`: the entity that this one is, for
    everybody; both have the same objects.
    """

    name: str
    key: tuple[tuple[str, ...], ...]
    kinds: tuple[Kind, ...]
    one: BoundOperation | None
    many: BoundOperation | None
    reader: ObjectReader
    shares: Entity | None = None

    @property
    def operations(self) -> tuple[BoundOperation, ...]:
        """`one` and `many`, as far as there are."""
        return tuple(each for each in (self.one, self.many) if each is not None)

    @property
    def slot(self) -> int:
        """What its objects are found under in a store: one for all that share them."""
        return id(self if self.shares is None else self.shares)

    def public(self) -> Entity:
        """The same for a field that is for everybody."""
        one, many = (None if call is None else replace(call, public=True) for call in (self.one, self.many))
        return replace(self, one=one, many=many, shares=self.shares or self)


# --- how a field is served


@dataclass(frozen=True, slots=True, eq=False)
class Fetch:
    """One call for each parent (or for the root), shared when its parameters are equal. `whole`: a list, to
    its end.
    """

    call: BoundOperation
    read: Reader
    nullable: bool
    whole: bool


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """By key: through the entity's `one` or `many`, shared by everything that asks for the same key.

    `call` is the declared call that the lookup stands for: it says what clients may send, and as what.
    """

    entity: Entity
    key: tuple[Supplier, ...]
    nullable: bool
    call: BoundOperation | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """One call for many parents: `each` names the parent's value, `group_by` the property of the items that
    repeats it.
    """

    call: BoundOperation
    each: tuple[str, ...]
    group_by: tuple[str, ...]
    kind: Kind
    read: Reader
    single: bool
    nullable: bool
    asks: Hashable = field(init=False, repr=False)
    """What two groupings have in common that ask for the same things, in whatever type they show them."""

    def __post_init__(self) -> None:
        call = self.call
        bound = tuple((one.target.parameter, one.target.body, one.supplier) for one in call.bindings)
        asks = (call.service, call.operation.id, call.pick, call.paging, self.group_by, self.kind, bound)
        object.__setattr__(self, "asks", _Asks(asks))


class _Asks:
    """A value whose hash is worked out once: it is looked up for every parent."""

    __slots__ = ("_hash", "_of")

    def __init__(self, of: Hashable) -> None:
        self._of = of
        self._hash = hash(of)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, _Asks) and self._of == other._of)


@dataclass(frozen=True, slots=True, eq=False)
class Pages:
    """A connection: a window of a paged operation for each parent."""

    call: BoundOperation
    read: Reader
    nullable: bool


Source: TypeAlias = Fetch | Lookup | Grouped | Pages


def opened(source: Source) -> Source:
    """The source of a field that is for everybody: its calls may be lent the gateway's own credentials."""
    if isinstance(source, Lookup):
        return replace(source, entity=source.entity.public())
    return replace(source, call=replace(source.call, public=True))


class Supplied(msgspec.Struct, frozen=True):
    """What one field's call is made from: the parent record's data, the arguments, the keys of a batch; and what
    names a change. (A Struct, since each call makes some.)
    """

    parent: object = None
    arguments: Mapping[str, object] = {}
    key: tuple[object, ...] = ()
    keys: tuple[tuple[object, ...], ...] = ()
    each: tuple[object, ...] = ()
    change: ChangeKey | None = None
