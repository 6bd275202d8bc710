"""Binding calls: `contract.op(...)` against its contract. Every parameter finds its supplier, or becomes an argument.

The result is a `BoundOperation` (`resolvers/source.py`) and the arguments of the GraphQL field. What is wrong is noted,
all of it, with its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.unset import UNSET

from adapters.constraints import Constraints
from adapters.contract import MISSING, Contract, Kind, Location, Operation, Parameter, Property, Schema, Use
from adapters.mistake import nearest
from graph.contracts import Contracts
from graph.declare import CallerMark, EachMark, KeyMark, KeysMark, OperationName, ThisMark
from graph.input_paths import InputPaths
from graph.mistakes import Mistakes
from graph.naming import attribute_names, field_name, pascal, snake
from graph.recognition import Suspect, recognise, stated
from graph.results import Wanted, find_result, property_at
from graph.type_factory import DEPRECATED, TypeFactory, input_properties
from resolvers.paging import Paging
from resolvers.reader import holds_decimal_numbers
from resolvers.source import (
    Argument,
    Binding,
    BoundOperation,
    Claim,
    Constant,
    Each,
    Header,
    Key,
    Keys,
    Supplier,
    Target,
    This,
)

Role: TypeAlias = Literal["one", "many", "field", "list", "grouped", "connection", "mutation", "call"]
"""What a call is for: an entity's `one` or `many`, a field of one value or a whole list, a grouped link, a connection, a
mutation, or `context.call`."""

_PAGED: Final = frozenset({"many", "list", "grouped", "connection"})
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
# Headers that belong to the gateway's own work with the service: caching, tracing. Nobody's arguments.
_GATEWAY_HEADERS: Final = frozenset(
    {
        "if-none-match",
        "if-modified-since",
        "range",
        "if-range",
        "traceparent",
        "tracestate",
        "baggage",
        "x-request-id",
    }
)


@dataclass(frozen=True, slots=True)
class Parent:
    """The bound type that a call is a field of: its schema, and what its attributes are called upstream."""

    contract: Contract
    schema: Schema
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a call is bound for. `path` is what mistakes are about, `key` the entity's key as (name, use) parts.

    `ids` are parameters that hold a key of the field's type, and are IDs. `only` gives no arguments to anyone: what nobody
    binds is left out.
    """

    role: Role
    path: str
    wanted: Wanted
    parent: Parent | None = None
    key: tuple[str, ...] = ()
    ids: frozenset[str] = frozenset()
    named: str = ""


@dataclass(frozen=True, slots=True)
class Called:
    """A bound call and the arguments that its field gets."""

    call: BoundOperation
    arguments: tuple[StrawberryArgument, ...]


@dataclass(slots=True)
class CallBinder:
    """Binds calls of one graph. `passed_on` are the headers that the project passes on, in lower case."""

    contracts: Contracts
    types: TypeFactory
    mistakes: Mistakes
    passed_on: frozenset[str]
    _constraints: dict[tuple[str, str], Constraints] = field(default_factory=dict)

    def find(self, name: OperationName, path: str) -> tuple[Contract, Operation] | None:
        """The contract and the operation that are named; None with a mistake noted."""
        contract = self.contracts.get(name.contract, name.position, path)
        if contract is None:
            return None
        operation = contract.operations.get(name.operation) or _by_method(contract, name.operation)
        if operation is None:
            hint = nearest(name.operation, contract.operations)
            self._wrong(name, path, f"contract {name.contract!r} has no operation {name.operation!r}{hint}")
            return None
        if operation.unusable is not None:
            self._wrong(name, path, f"operation {name.operation!r} can't be used: {operation.unusable}")
            return None
        return contract, operation

    def bind(self, name: OperationName, ask: Ask) -> Called | None:
        """The bound call; None where a mistake leaves nothing to bind to."""
        found = self.find(name, ask.path)
        if found is None:
            return None
        contract, operation = found
        before = len(self.mistakes.found)
        safe = self._safe(name, ask, operation)
        paging = self._paging(name, ask, contract, operation)
        result = find_result(contract, operation, _pick(name, paging), ask.wanted)
        if isinstance(result, str):
            self._wrong(name, ask.path, result)
            return None
        if paging is not None and paging.items != result.pick:
            shown = ".".join(result.pick) or "the answer itself"
            self._wrong(
                name, ask.path, f"its pages hold their items at {'.'.join(paging.items)!r}, not at {shown!r}"
            )
        bindings = list(self._stated(name, ask, contract, operation))
        arguments = self._unbound(name, ask, contract, operation, bindings, paging)
        if len(self.mistakes.found) > before:
            return None
        call = BoundOperation(
            service=contract.name,
            contract=contract,
            operation=operation,
            bindings=tuple(bindings),
            pick=result.pick,
            result=result.use,
            safe=safe,
            exact=_exact(contract, operation),
            paging=paging,
            batch=_batch_limit(contract, bindings),
            locate=InputPaths.of(bindings, arguments),
        )
        return Called(call, tuple(arguments))

    def _wrong(self, name: OperationName, path: str, message: str) -> None:
        self.mistakes.at(name.position, path, message)

    # --- the operation itself

    def _safe(self, name: OperationName, ask: Ask, operation: Operation) -> bool:
        by_method = operation.method in _SAFE_METHODS
        if name.safe and not by_method and operation.method != "POST":
            self._wrong(
                name,
                ask.path,
                f"safe=True is for lookups by POST, but {operation.id!r} is {operation.method}",
            )
        safe = by_method or bool(name.safe)
        if ask.role == "mutation" and safe:
            self._wrong(name, ask.path, f"operation {operation.id!r} changes nothing: use rest.query")
        elif ask.role not in ("mutation", "call") and not safe:
            hint = "; say safe=True if it is a lookup" if operation.method == "POST" else ""
            self._wrong(
                name, ask.path, f"operation {operation.id!r} is {operation.method}: use rest.mutation{hint}"
            )
        return safe

    def _paging(
        self, name: OperationName, ask: Ask, contract: Contract, operation: Operation
    ) -> Paging | None:
        if name.paging is not None:
            made, wrong = stated(contract, operation, name.paging.style, **name.paging.names)
            for message in wrong:
                self.mistakes.at(name.paging.position, ask.path, message)
            return made if ask.role in _PAGED else None
        if ask.role not in _PAGED:
            return None
        found = recognise(contract, operation)
        if isinstance(found, Suspect):
            if ask.role == "connection":
                message = f"can't tell how {operation.id!r} pages: {found.reason}; state it with paging="
            else:
                message = (
                    f"{operation.id!r} seems to page, and a list must be whole: {found.reason}; state it with paging=, "
                    "or make the field a connection"
                )
            self._wrong(name, ask.path, message)
            return None
        if found is None and ask.role == "connection":
            self._wrong(name, ask.path, f"operation {operation.id!r} does not page: make the field a list")
        return found

    # --- what is bound

    def _stated(
        self, name: OperationName, ask: Ask, contract: Contract, operation: Operation
    ) -> Iterator[Binding]:
        for label, value in name.bindings.items():
            to = self._target(name, ask, contract, operation, label)
            if to is None:
                continue
            supplier = self._supplier(name, ask, label, value)
            if supplier is None:
                continue
            if isinstance(supplier, Constant):
                wrong = self._checks(contract, to.use).check(supplier.value)
                if wrong:
                    self._wrong(name, ask.path, f"{label}={value!r}: {wrong[0].message}")
            yield Binding(to, supplier)

    def _target(
        self, name: OperationName, ask: Ask, contract: Contract, operation: Operation, label: str
    ) -> Target | None:
        location, _, rest = label.partition(":")
        plain = rest if rest and location in ("path", "query", "header", "body") else label
        found: list[Target] = []
        for parameter in operation.parameters:
            if location in ("path", "query", "header") and plain is rest and parameter.location != location:
                continue
            if plain is rest and location == "body":
                break
            if parameter.name == plain or snake(parameter.name) == plain:
                found.append(Target(parameter, None, parameter.use))
        if operation.body is not None and not (plain is rest and location != "body"):
            to = self._body_target(contract, operation.body.use, plain)
            if to is not None:
                found.append(to)
        if len(found) == 1:
            return found[0]
        if found:
            exact = [one for one in found if one.parameter is not None and one.parameter.name == plain]
            if len(exact) == 1 and len([one for one in found if one.parameter is None]) == 0:
                return exact[0]
            places = " or ".join(
                repr(f"{one.parameter.location if one.parameter else 'body'}:{plain}") for one in found
            )
            self._wrong(
                name, ask.path, f"{label!r} stands in several places of {operation.id!r}: write {places}"
            )
            return None
        known = _known_names(contract, operation)
        hint = nearest(plain, known)
        self._wrong(
            name,
            ask.path,
            f"operation {operation.id!r} has no {label!r} (it has {', '.join(known) or 'nothing'}){hint}",
        )
        return None

    def _body_target(self, contract: Contract, use: Use, label: str) -> Target | None:
        here = contract.schema(use)
        path: list[str] = []
        for step in label.split("."):
            names = attribute_names(one.name for one in here.properties)
            found = here.property(step) or here.property(names.get(step, ""))
            if found is None:
                return None
            path.append(found.name)
            use, here = found.use, contract.schema(found.use)
        return Target(None, tuple(path), use)

    def _supplier(self, name: OperationName, ask: Ask, label: str, value: Any) -> Supplier | None:
        match value:
            case ThisMark(path) | EachMark(path):
                return self._of_parent(name, ask, label, value, path)
            case CallerMark(claim):
                return Claim(claim)
            case KeyMark(part) | KeysMark(part):
                return self._of_key(name, ask, label, value, part)
            case _:
                return Constant(value)

    def _of_parent(
        self, name: OperationName, ask: Ask, label: str, mark: ThisMark | EachMark, path: str
    ) -> Supplier | None:
        what = "rest.this" if isinstance(mark, ThisMark) else "rest.each"
        if ask.parent is None:
            self._wrong(
                name,
                ask.path,
                f"{label}={what}({path!r}): there is no parent here; it is for fields of bound types",
            )
            return None
        if isinstance(mark, EachMark) and ask.role != "grouped":
            self._wrong(name, ask.path, f"{label}=rest.each({path!r}) is for links, together with group_by=")
            return None
        upstream = upstream_path(ask.parent, path)
        if isinstance(upstream, str):
            self._wrong(name, ask.path, f"{label}={what}({path!r}): {upstream}")
            return None
        return This(upstream) if isinstance(mark, ThisMark) else Each(upstream)

    def _of_key(
        self, name: OperationName, ask: Ask, label: str, mark: KeyMark | KeysMark, part: str | None
    ) -> Supplier | None:
        what = "rest.key" if isinstance(mark, KeyMark) else "rest.keys"
        fits = ask.role == "many" or (ask.role == "one" and isinstance(mark, KeyMark))
        if not fits:
            self._wrong(
                name, ask.path, f"{label}={what} is for {'one= and many=' if what == 'rest.key' else 'many='}"
            )
            return None
        if part is None and len(ask.key) == 1:
            return Key(0) if isinstance(mark, KeyMark) else Keys(0)
        if part is None and isinstance(mark, KeysMark):
            return Keys(None, ask.key)
        if part not in ask.key:
            shown = ", ".join(map(repr, ask.key))
            self._wrong(
                name,
                ask.path,
                f"{label}={what}: say which part of the key ({shown}){nearest(part or '', ask.key)}",
            )
            return None
        place = ask.key.index(part)
        return Key(place) if isinstance(mark, KeyMark) else Keys(place)

    # --- what nobody binds

    def _unbound(
        self,
        name: OperationName,
        ask: Ask,
        contract: Contract,
        operation: Operation,
        bindings: list[Binding],
        paging: Paging | None,
    ) -> list[StrawberryArgument]:
        bound = {one.target.parameter for one in bindings if one.target.parameter is not None}
        paged = set() if paging is None else {one for one in _paging_parameters(paging)}
        arguments: list[StrawberryArgument] = []
        missing: list[str] = []
        for parameter in operation.parameters:
            if parameter in bound or parameter in paged:
                continue
            lowered = parameter.name.lower()
            if parameter.location == "header" and lowered in self.passed_on:
                bindings.append(Binding(Target(parameter, None, parameter.use), Header(lowered)))
            elif parameter.location == "header" and lowered in _GATEWAY_HEADERS:
                continue
            elif ask.role in ("one", "many"):
                if parameter.required and not self._auto_key(ask, parameter, bindings):
                    missing.append(parameter.name)
            else:
                arguments.append(self._argument(ask, contract, parameter, bindings))
        if operation.body is not None:
            argument = self._body_argument(name, ask, contract, operation, bindings)
            if argument is not None:
                arguments.append(argument)
        if missing:
            self._wrong(name, ask.path, f"nobody binds {', '.join(map(repr, missing))} of {operation.id!r}")
        self._no_twins(name, ask, arguments)
        if ask.role in ("one", "many"):
            self._key_is_asked(name, ask, operation, bindings)
        if ask.role == "grouped" and not any(isinstance(one.supplier, Each) for one in bindings):
            self._wrong(name, ask.path, "group_by= goes with rest.each(...) in the operation")
        return arguments

    def _auto_key(self, ask: Ask, parameter: Parameter, bindings: list[Binding]) -> bool:
        """The only thing a `one` can need is its key: by name, or because there is one of both."""
        if ask.role != "one":
            return False
        taken = {one.supplier.part for one in bindings if isinstance(one.supplier, Key)}
        free = [place for place in range(len(ask.key)) if place not in taken]
        by_name = [place for place in free if snake(parameter.name) == snake(ask.key[place])]
        chosen = by_name or (free if len(ask.key) == 1 else [])
        if not chosen:
            return False
        bindings.append(Binding(Target(parameter, None, parameter.use), Key(chosen[0])))
        return True

    def _key_is_asked(
        self, name: OperationName, ask: Ask, operation: Operation, bindings: list[Binding]
    ) -> None:
        suppliers = [one.supplier for one in bindings]
        asked: set[int] = set()
        for one in suppliers:
            if isinstance(one, Key) or (isinstance(one, Keys) and one.part is not None):
                asked.add(one.part)  # type: ignore[arg-type]  # told apart from None above
            elif isinstance(one, Keys):
                asked |= set(range(len(ask.key)))
        absent = [repr(part) for place, part in enumerate(ask.key) if place not in asked]
        mark = "rest.key" if ask.role == "one" else "rest.keys"
        if absent:
            self._wrong(
                name,
                ask.path,
                f"nothing of {operation.id!r} is bound to the key {', '.join(absent)}: use {mark}",
            )
        elif ask.role == "many" and not any(isinstance(one, Keys) for one in suppliers):
            self._wrong(
                name,
                ask.path,
                f"{operation.id!r} takes one key at a time: bind the list of keys with rest.keys",
            )

    def _argument(
        self, ask: Ask, contract: Contract, parameter: Parameter, bindings: list[Binding]
    ) -> StrawberryArgument:
        name = snake(parameter.name)
        use = parameter.use
        named = pascal(ask.named) + pascal(parameter.name)
        default = self.types.default(contract, use, named)
        optional = not parameter.required
        if parameter.name in ask.ids:
            annotation: Any = strawberry.ID if parameter.required else strawberry.ID | None
            default = UNSET
        else:
            annotation = self.types.input(contract, use, named, nullable=optional)
        bindings.append(Binding(Target(parameter, None, use, self._checks(contract, use)), Argument(name)))
        return _made_argument(name, annotation, use, default, optional or default is not UNSET)

    def _body_argument(
        self, name: OperationName, ask: Ask, contract: Contract, operation: Operation, bindings: list[Binding]
    ) -> StrawberryArgument | None:
        body = operation.body
        assert body is not None  # asked for operations with a body
        schema = contract.schema(body.use)
        bound = [one.target.body for one in bindings if one.target.body is not None]
        top = frozenset(path[0] for path in bound if path)
        left = input_properties(schema, top)
        if ask.role in ("one", "many"):
            required = [one.name for one in left if one.required] if schema.kind is Kind.OBJECT else []
            if required or (body.required and not bound):
                self._wrong(
                    name,
                    ask.path,
                    f"nobody binds {', '.join(map(repr, required)) or 'the body'} of {operation.id!r}",
                )
            return None
        if bound and not left:
            return None
        base = schema.name if schema.name and not top else operation.id
        annotation = self.types.input(contract, body.use, pascal(base), not body.required, top)
        to = Target(None, (), body.use, None if top else self._checks(contract, body.use))
        # First, so that values bound by the declaration are placed into it, and win.
        bindings.insert(0, Binding(to, Argument("input")))
        return _made_argument("input", annotation, body.use, UNSET, not body.required)

    def _no_twins(self, name: OperationName, ask: Ask, arguments: list[StrawberryArgument]) -> None:
        seen: set[str] = set()
        for one in arguments:
            if one.python_name in seen:
                self._wrong(
                    name,
                    ask.path,
                    f"two parameters become the argument {one.python_name!r}: bind one, as 'query:{one.python_name}'",
                )
            seen.add(one.python_name)

    def _checks(self, contract: Contract, use: Use) -> Constraints:
        key = (contract.name, f"{use.schema} {use.nullable}")
        found = self._constraints.get(key)
        if found is None:
            found = self._constraints[key] = Constraints(contract, use)
        return found


def upstream_path(parent: Parent, path: str) -> tuple[str, ...] | str:
    """The upstream names of a dotted path of attributes or properties; or what is wrong with it."""
    steps = path.split(".")
    contract, schema = parent.contract, parent.schema
    made: list[str] = []
    for place, step in enumerate(steps):
        names = parent.names if place == 0 else attribute_names(one.name for one in schema.properties)
        upstream = step if schema.property(step) is not None else names.get(step, step)
        found = property_at(contract, schema, (upstream,))
        if isinstance(found, str):
            return found
        made.append(upstream)
        schema = contract.schema(found[0])
    return tuple(made)


def _by_method(contract: Contract, text: str) -> Operation | None:
    method, _, path = text.partition(" ")
    for one in contract.operations.values():
        if one.method == method.upper() and one.path == path:
            return one
    return None


def _pick(name: OperationName, paging: Paging | None) -> str | None:
    return name.pick if name.pick is not None or paging is None else ".".join(paging.items) or None


def _exact(contract: Contract, operation: Operation) -> bool:
    success = operation.success
    return success is not None and success.use is not None and holds_decimal_numbers(contract, success.use)


def _batch_limit(contract: Contract, bindings: list[Binding]) -> int | None:
    limits = [
        contract.schema(one.target.use).bounds.max_items
        for one in bindings
        if isinstance(one.supplier, (Each, Keys))
    ]
    return min((limit for limit in limits if limit is not None), default=None)


def _paging_parameters(paging: Paging) -> Iterator[Parameter]:
    for name in ("page", "size", "offset", "limit", "cursor"):
        parameter = getattr(paging, name, None)
        if isinstance(parameter, Parameter):
            yield parameter


def _known_names(contract: Contract, operation: Operation) -> list[str]:
    known = [one.name for one in operation.parameters]
    if operation.body is not None:
        known += [one.name for one in contract.schema(operation.body.use).properties]
    return known


def _made_argument(name: str, annotation: Any, use: Use, default: Any, optional: bool) -> StrawberryArgument:
    plain = field_name(name)
    return StrawberryArgument(
        python_name=name,
        graphql_name=plain if plain != name else None,
        type_annotation=StrawberryAnnotation(annotation),
        description=use.description,
        default=default,
        deprecation_reason=DEPRECATED if use.deprecated and optional else None,
    )


__all__ = [
    "MISSING",
    "Ask",
    "CallBinder",
    "Called",
    "Location",
    "Parent",
    "Property",
    "Role",
    "upstream_path",
]
