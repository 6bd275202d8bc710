"""The price of a plan: how many upstream calls it makes at most, per step and in all, as formulas of page sizes.

Worked out when it is asked for, since it depends on the values of variables and on the bounds of services. It
holds where services keep to their contracts and their paging; each step is priced as if it were alone, though
what it shares with others, or finds in the store, costs nothing.

A size that is not known has a name: `$first` is a variable, `|me.posts|` how many items the list at that path
has (each of them, where there are several), `pages(…)` how many pages a list that is followed to its end has,
`calls(…)` how many calls a Python resolver makes for one parent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from adapters.contract.contract import Contract, Use
from adapters.service import Service
from resolvers.plan import windows
from resolvers.plan.formula import Formula, Size, ceil, plus, times, value
from resolvers.plan.meaning import Attribute, Call, Property, Resolver
from resolvers.plan.plan import Field, ListShape, Plan, Shape, Step
from resolvers.plan.walking import objects
from resolvers.source import BoundOperation, Fetch, Grouped, Key, Lookup, Pages, Supplier, This


class Bounds(Protocol):
    """What the project says of a service: keys in one call where the contract says nothing, and pages of a list
    that is followed to its end.
    """

    @property
    def batch_limit(self) -> int: ...

    @property
    def page_limit(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Price:
    """The most upstream calls: of each step, and of all."""

    steps: tuple[Formula, ...]
    total: Formula


@dataclass(frozen=True, slots=True)
class _Held:
    """What is known of a value: its place in a contract; and, of a connection, how many items it has."""

    contract: Contract | None = None
    use: Use | None = None
    items: Formula | None = None

    def property(self, path: tuple[str, ...]) -> _Held:
        """The value at a path below."""
        use, contract = self.use, self.contract
        for name in path:
            declared = None if use is None or contract is None else contract.schema(use).property(name)
            use = None if declared is None else declared.use
        return _Held(contract, use)

    def item(self) -> _Held:
        """An item of the list that the value is."""
        if self.items is not None:
            return _Held(self.contract, self.use)
        found = None if self.use is None or self.contract is None else self.contract.schema(self.use).items
        return _Held(self.contract, found)

    def length(self, path: str) -> Formula:
        """How many items the list has that the value is, at most."""
        if self.items is not None:
            return self.items
        if self.use is not None and self.contract is not None:
            most = self.contract.schema(self.use).bounds.max_items
            if most is not None:
                return most
        return Size(f"|{path}|")


_UNKNOWN: Final = _Held()
_UNSTATED: Final = Service(name="unstated", url="http://localhost")


def price(plan: Plan, services: Mapping[str, Bounds], variables: Mapping[str, object]) -> Price:
    """The price of a plan. `variables` are the values of the operation's variables as far as they are known,
    None for those that are left out; any other is a size in the formulas.
    """
    pricing = _Pricing(plan.steps, services, variables, [0] * len(plan.steps))
    pricing.below(plan.root, 1, _UNKNOWN, ())
    return Price(tuple(pricing.prices), plus(*pricing.prices))


@dataclass(frozen=True, slots=True)
class _Pricing:
    steps: tuple[Step, ...]
    services: Mapping[str, Bounds]
    variables: Mapping[str, object]
    prices: list[Formula]

    def below(
        self, shape: Shape, count: Formula, held: _Held, path: tuple[str, ...], nested: str = ""
    ) -> None:
        """Price the steps below a value of which there are so many."""
        if isinstance(shape, ListShape):
            length = held.length(".".join(path) + nested)
            self.below(shape.item, times(count, length), held.item(), path, f"{nested}[]")
            return
        for one in objects(shape):
            for each in one.fields:
                self._field(each, count, held, (*path, each.key))

    def _field(self, one: Field, count: Formula, held: _Held, path: tuple[str, ...]) -> None:
        meaning = one.meaning
        if one.step is not None:
            self.prices[one.step] = self._price(one, count, ".".join(path))
            held = self._yielded(one, ".".join(path))
        elif isinstance(meaning, Property):
            held = held.property(meaning.upstream)
        elif isinstance(meaning, Attribute) and meaning.part not in (None, "edges", "nodes"):
            held = _UNKNOWN
        self.below(one.shape, count, held, path)

    # --- what a step costs

    def _price(self, one: Field, count: Formula, path: str) -> Formula:
        meaning = one.meaning
        if isinstance(meaning, Resolver):
            return times(count, Size(f"calls({path})")) if meaning.may_call else 0
        if not isinstance(meaning, Call) or count == 0:
            return 0
        match meaning.source:
            case Lookup():
                return self._lookup(meaning.source, count, path)
            case Grouped(call):
                groups = count if _differs(call) else ceil(count, batch_of(call, self._bounds(call)))
                return times(groups, self._followed(call, path))
            case Fetch(call) if not call.safe:
                return count
            case Fetch(call):
                once = count if _differs(call) else 1
                return times(once, self._followed(call, path)) if meaning.source.whole else once
            case Pages(call):
                return times(count if _differs(call) else 1, windows.calls(one, call, self.variables))

    def _lookup(self, source: Lookup, count: Formula, path: str) -> Formula:
        one, many = source.entity.one, source.entity.many
        keys = count if _comes_from_parent(source.key) else 1
        if many is None or (keys == 1 and one is not None):
            return keys
        # One call takes one value of these parts.
        apart = [source.key[item.supplier.part] for item in many.bindings if isinstance(item.supplier, Key)]
        most = batch_of(many, self._bounds(many))
        calls = keys if _comes_from_parent(apart) else ceil(keys, most)
        longest = value(keys)
        together = most if longest is None else min(most, longest)
        return times(calls, self._pages_of_batch(many, together, path))

    def _pages_of_batch(self, many: BoundOperation, keys: int, path: str) -> Formula:
        """The pages that the answer to so many keys takes, of one item for each. One more, empty, may have to tell
        that nothing follows.
        """
        paging = many.paging
        if paging is None or paging.size is None:
            return self._followed(many, path)
        return max(-(-keys // paging.max_size), 1) + (not windows.says_more(many, paging))

    def _followed(self, call: BoundOperation, path: str) -> Formula:
        """The calls that one list takes to its end."""
        return 1 if call.paging is None else Size(f"pages({path})", self._bounds(call).page_limit)

    def _bounds(self, call: BoundOperation) -> Bounds:
        return bounds_of(call, self.services)

    # --- what a step yields

    def _yielded(self, one: Field, path: str) -> _Held:
        meaning = one.meaning
        if not isinstance(meaning, Call):
            return _UNKNOWN
        match meaning.source:
            case Lookup(entity):
                if entity.one is not None:
                    return _Held(entity.one.contract, entity.one.result)
                return (
                    _UNKNOWN
                    if entity.many is None
                    else _Held(entity.many.contract, entity.many.result).item()
                )
            case Fetch(call) if meaning.source.whole and call.paging is not None:
                page = call.paging.max_size if call.paging.size is not None else None
                most = None if page is None else page * self._bounds(call).page_limit
                return self._list(call, Size(f"|{path}|", most))
            case Fetch(call):
                return _Held(call.contract, call.result)
            case Grouped(call):
                listed = _Held(call.contract, call.result)
                if meaning.source.single:
                    return listed.item()
                # Of a paged answer, the contract bounds a page.
                return listed if call.paging is None else self._list(call, Size(f"|{path}|"))
            case Pages(call):
                assert call.paging is not None  # as `windows` says
                return self._list(call, windows.items(one, call.paging, self.variables))

    def _list(self, call: BoundOperation, length: Formula) -> _Held:
        item = _Held(call.contract, call.result).item()
        return _Held(item.contract, item.use, length)


def bounds_of(call: BoundOperation, services: Mapping[str, Bounds]) -> Bounds:
    """What the project says of the service that a call goes to; where it says nothing, the defaults."""
    return services.get(call.service, _UNSTATED)


def batch_of(call: BoundOperation, bounds: Bounds) -> int:
    """The most keys in one call of a batch."""
    return call.batch or bounds.batch_limit


def _differs(call: BoundOperation) -> bool:
    """Whether its requests differ from parent to parent; what does not is asked once."""
    return _comes_from_parent([one.supplier for one in call.bindings])


def _comes_from_parent(suppliers: Sequence[Supplier]) -> bool:
    return any(isinstance(one, This) for one in suppliers)
