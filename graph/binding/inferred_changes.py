"""What an operation changes where `changes=` does not say it: worked out from its path and its answer.

| the operation | changes |
| --- | --- |
| stands at the path of a type's `one`, or below it: `/orders/{id}/cancel` | that entity: `Order:{id}` |
| stands where only the key is missing to the path of a type's `one`: `/orders` | any of those: `Order:*` |
| answers with other types, `POST /checkout` with an order | any of those: `Order:*` |
| stands at a path that GET answers other types from, or below one | any of those: `Order:*` |

Of paths that GET answers from the nearest counts, and none at which such an entity stands, or above. A path tells
entities apart only where it holds all parts of their key. An answer is with the types that it is of, is a list of, or
holds in an envelope; not with what stands inside those. A verb behind a colon, `/orders/{id}:cancel`, stands at the
path before it. `graph/binding/bind_changes.py` asks.
"""

from __future__ import annotations

from typing import Final

from adapters.contract.contract import Contract, Operation, Parameter
from graph.binding.keyed_types import KeyedType, KeyedTypes
from graph.binding.operation_paths import alike, lacks_the_key_of, parameter_of, segments
from resolvers.loading.call_tags import Changing, Given, Part
from resolvers.source import BoundOperation, Key

_READS: Final = frozenset({"GET", "HEAD"})


def inferred(keyed: KeyedTypes, contract: Contract, operation: Operation) -> tuple[Changing, ...]:
    """What an operation changes, as far as contract and bound types show it."""
    found: dict[str, Changing] = {}
    above, lacking = 0, []
    whole = segments(operation.path)
    for one in keyed.by_name.values():
        if one.one is None or one.contract != contract.name:
            continue
        path = segments(one.one.operation.path)
        key = _key_in_path(one, one.one, operation)
        if key is not None:
            found[one.name] = Changing(one.name, key)
            above = max(above, len(path))
        elif lacks_the_key_of(whole, path):
            lacking.append(one.name)
    around = _read_around(keyed, contract, operation, above)
    for name in (*lacking, *keyed.answered(contract, operation), *around):
        found.setdefault(name, Changing(name))
    return tuple(found.values())


def _key_in_path(of: KeyedType, one: BoundOperation, operation: Operation) -> tuple[Part, ...] | None:
    """The key of a type's entity that a path stands at or below; None where it is below none."""
    theirs, here = segments(one.operation.path), segments(operation.path)
    if len(here) < len(theirs):
        return None
    given: dict[str, Parameter] = {}
    for segment, mine in zip(theirs, here, strict=False):
        name, own = parameter_of(segment), parameter_of(mine)
        if name is None or own is None:
            if segment != mine:
                return None
            continue
        parameter = operation.parameter(own, "path")
        if parameter is not None:
            given[name] = parameter
    parts: dict[int, Part] = {}
    for binding in one.bindings:
        target, supplier = binding.target.parameter, binding.supplier
        if (
            isinstance(supplier, Key)
            and target is not None
            and target.location == "path"
            and target.name in given
        ):
            parts[supplier.part] = Given(of.kinds[supplier.part], given[target.name])
    wanted = range(len(of.kinds))
    return tuple(parts[place] for place in wanted) if all(place in parts for place in wanted) else None


def _read_around(keyed: KeyedTypes, contract: Contract, operation: Operation, above: int) -> tuple[str, ...]:
    """What GET answers at the nearest path, this one or above it, from which it answers keyed types. Paths of so many
    segments and fewer do not count.
    """
    reads = [one for one in contract.operations.values() if one.method in _READS]
    whole = segments(operation.path)
    for path in (whole[:length] for length in range(len(whole), above, -1)):
        there = [one for one in reads if alike(segments(one.path), path)]
        names = dict.fromkeys(name for one in there for name in keyed.answered(contract, one))
        if names:
            return tuple(names)
    return ()
