"""Binding calls: `contract.op(...)` against its contract. Every parameter finds its supplier, or becomes an
argument.

The result is a `BoundOperation` (`resolvers/source.py`) and the arguments of the GraphQL field. What is wrong
is noted, all of it, with its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from strawberry.schema.name_converter import NameConverter
from strawberry.types.arguments import StrawberryArgument

from adapters.contract.contract import Contract, Operation, Parameter, Use
from adapters.mistake import suggested
from graph.binding.bind_changes import tags_of_call
from graph.binding.bind_fallbacks import bound_fallback
from graph.binding.call_arguments import ArgumentBinder
from graph.binding.call_site import PAGED_ROLES, Ask, Site
from graph.binding.call_suppliers import check_key_is_asked, find_supplier
from graph.binding.call_targets import find_target
from graph.binding.input_paths import InputPaths
from graph.binding.keyed_types import KeyedTypes
from graph.binding.results import Wanted, find_result
from graph.declaring.contracts import Contracts
from graph.declaring.declare import EachMark, OperationName
from graph.declaring.mistakes import Mistakes
from graph.paging.recognition import Suspect, recognise, stated
from resolvers.change_keys import HEADERS, SAMPLE
from resolvers.paging.paging import Paging
from resolvers.reading.reader import holds_decimal_numbers
from resolvers.source import Binding, BoundOperation, Constant, Each, Keys
from resolvers.wire_values import to_wire

_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Called:
    """A bound call and the arguments that its field gets."""

    call: BoundOperation
    arguments: tuple[StrawberryArgument, ...]


@dataclass(slots=True)
class CallBinder:
    """Binds calls of one graph."""

    contracts: Contracts
    arguments: ArgumentBinder
    mistakes: Mistakes
    converter: NameConverter
    bound: list[BoundOperation] = field(default_factory=list)
    """What was bound so far."""
    keyed: KeyedTypes = field(default_factory=KeyedTypes)

    def result_of(self, name: OperationName, path: str) -> tuple[Contract, Use] | None:
        """What an operation gives where no annotation says what is wanted of it; None where it gives
        nothing.
        """
        contract = self.contracts.get(name.contract, name.position, path)
        operation = None if contract is None else find_operation(contract, name.operation)
        if contract is None or operation is None:
            return None
        # Who states how it pages wants what stands on its pages, not one page's envelope.
        items = None if name.paging is None else name.paging.names.get("items") or None
        found = find_result(contract, operation, name.pick or items, Wanted(None, False, ""))
        return None if isinstance(found, str) or found.use is None else (contract, found.use)

    def bind(self, name: OperationName, ask: Ask) -> Called | None:
        """The bound call; None with mistakes noted."""
        site = self._site(name, ask)
        if site is None:
            return None
        before = len(self.mistakes.found)
        safe = _safe(site)
        bindings = list(self._stated(site))
        paging = _paging(site, _query_names(bindings))
        pick = name.pick if name.pick is not None or paging is None else ".".join(paging.items) or None
        result = find_result(site.contract, site.operation, pick, ask.wanted)
        if isinstance(result, str):
            site.wrong(result)
            return None
        if paging is not None and paging.items != result.pick:
            shown = ".".join(result.pick) or "the answer itself"
            site.wrong(f"its pages hold their items at {'.'.join(paging.items)!r}, not at {shown!r}")
        change_key = None if safe else self._change_key(site)
        given = change_key if ask.role == "mutation" else None
        arguments = self.arguments.bind_rest(site, bindings, paging, given)
        if ask.role in ("one", "many"):
            check_key_is_asked(site, bindings)
        if ask.role == "grouped" and not any(isinstance(one, EachMark) for one in name.bindings.values()):
            site.wrong("group_by= goes with rest.each(...) in the operation")
        fallback = bound_fallback(site, result, paged=paging is not None, safe=safe)
        tags = tags_of_call(site, self.keyed, result.pick, safe=safe)
        if len(self.mistakes.found) > before:
            return None
        call = BoundOperation(
            service=site.contract.name,
            contract=site.contract,
            operation=site.operation,
            bindings=tuple(bindings),
            pick=result.pick,
            result=result.use,
            safe=safe,
            exact=_exact(site),
            paging=paging,
            batch=_batch_limit(site, bindings),
            locate=InputPaths.of(bindings, arguments, self.converter),
            change_key=change_key,
            fallback=fallback,
            tags=tags,
        )
        self.bound.append(call)
        return Called(call, tuple(arguments))

    def _site(self, name: OperationName, ask: Ask) -> Site | None:
        contract = self.contracts.get(name.contract, name.position, ask.path)
        if contract is None:
            return None
        operation = find_operation(contract, name.operation)
        wrong = None
        if operation is None:
            hint = suggested(name.operation, contract.operations)
            wrong = f"contract {name.contract!r} has no operation {name.operation!r}{hint}"
        elif operation.unusable is not None:
            wrong = f"operation {name.operation!r} can't be used: {operation.unusable}"
        if wrong is not None or operation is None:
            self.mistakes.at(name.position, ask.path, wrong or "")
            return None
        return Site(name, ask, contract, operation, self.mistakes)

    def _stated(self, site: Site) -> Iterator[Binding]:
        for label, value in site.name.bindings.items():
            to = find_target(site, label)
            supplier = None if to is None else find_supplier(site, label, value)
            if to is None or supplier is None:
                continue
            if isinstance(supplier, Constant):
                wrong = self._wrong_constant(site, to.use, supplier.value)
                if wrong is not None:
                    site.wrong(f"{label}={value!r}: {wrong}")
            yield Binding(to, supplier)

    def _change_key(self, site: Site) -> Parameter | None:
        """The header that names a change, where its type lets keys stand in it."""
        for one in site.operation.parameters:
            if one.location == "header" and one.name.lower() in HEADERS:
                return one if self._wrong_constant(site, one.use, SAMPLE) is None else None
        return None

    def _wrong_constant(self, site: Site, use: Use, value: object) -> str | None:
        try:
            sent = to_wire(site.contract, use, value)
        except ValueError as wrong:
            return str(wrong)
        found = self.arguments.constraints(site.contract, use).check(sent)
        return found[0].message if found else None


def find_operation(contract: Contract, text: str) -> Operation | None:
    """An operation by its id, or as `GET /users/{id}`."""
    found = contract.operations.get(text)
    if found is not None:
        return found
    method, _, path = text.partition(" ")
    for one in contract.operations.values():
        if one.method == method.upper() and one.path == path:
            return one
    return None


def _safe(site: Site) -> bool:
    operation, role = site.operation, site.ask.role
    by_method = operation.method in _SAFE_METHODS
    if site.name.safe and not by_method and operation.method != "POST":
        site.wrong(f"safe=True is for lookups by POST, but {operation.id!r} is {operation.method}")
    safe = by_method or bool(site.name.safe)
    if role == "mutation" and safe:
        site.wrong(f"operation {operation.id!r} changes nothing: use rest.query")
    elif role not in ("mutation", "call") and not safe:
        hint = "; say safe=True if it is a lookup" if operation.method == "POST" else ""
        site.wrong(f"operation {operation.id!r} is {operation.method}: use rest.mutation{hint}")
    return safe


def _query_names(bindings: list[Binding]) -> frozenset[str]:
    parameters = (one.target.parameter for one in bindings)
    return frozenset(one.name for one in parameters if one is not None and one.location == "query")


def _paging(site: Site, bound: frozenset[str]) -> Paging | None:
    name, operation, role = site.name, site.operation, site.ask.role
    if name.paging is not None:
        names, first = name.paging.names, name.paging.first_page
        made, wrong = stated(
            site.contract, operation, name.paging.style, bound=bound, first_page=first, **names
        )
        for message in wrong:
            site.mistakes.at(name.paging.position, site.ask.path, message)
        return made if role in PAGED_ROLES else None
    if role not in PAGED_ROLES:
        return None
    found = recognise(site.contract, operation, bound)
    if isinstance(found, Suspect):
        if role == "connection":
            site.wrong(f"can't tell how {operation.id!r} pages: {found.reason}; state it with paging=")
        else:
            site.wrong(
                f"{operation.id!r} seems to page, and a list must be whole: {found.reason}; state it with paging=, "
                "or make the field a connection"
            )
        return None
    if found is None and role == "connection":
        site.wrong(f"operation {operation.id!r} does not page: make the field a list")
    return found


def _exact(site: Site) -> bool:
    success = site.operation.success
    return (
        success is not None and success.use is not None and holds_decimal_numbers(site.contract, success.use)
    )


def _batch_limit(site: Site, bindings: list[Binding]) -> int | None:
    limits = [
        site.contract.schema(one.target.use).bounds.max_items
        for one in bindings
        if isinstance(one.supplier, (Each, Keys))
    ]
    return min((limit for limit in limits if limit is not None), default=None)
