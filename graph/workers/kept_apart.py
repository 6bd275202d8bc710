"""What the workers that serve one project keep apart from each other, for want of a shared store.

`graph/app.py` asks, and `stolon check` says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adapters.contract.contract import Contract
from resolvers.change_keys import HEADERS


def kept_apart(contracts: Iterable[Contract], workers: int, *, shared: bool = False) -> Iterator[str]:
    """One line for people for each contract with operations that take idempotency keys; none for one worker, nor
    where they have a `shared` store.
    """
    if shared or workers == 1:
        return
    for contract in contracts:
        keyed = [
            one.id
            for one in contract.operations.values()
            if any(each.location == "header" and each.name.lower() in HEADERS for each in one.parameters)
        ]
        if keyed:
            yield (
                f"services.{contract.name}: each worker remembers clients' idempotency keys alone "
                f"({', '.join(keyed)}); a shared store, [cache] url, makes them known to all"
            )
