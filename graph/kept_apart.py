"""What processes that serve one project keep apart from each other, for want of a shared store.

`graph/app.py` asks, and `stolon check` says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adapters.contract import Contract
from resolvers.change_keys import HEADERS


def kept_apart(contracts: Iterable[Contract], *, shared: bool = False) -> Iterator[str]:
    """One line for people for each contract with operations that take idempotency keys; none where processes have
    a `shared` store.
    """
    if shared:
        return
    for contract in contracts:
        keyed = [
            one.id
            for one in contract.operations.values()
            if any(each.location == "header" and each.name.lower() in HEADERS for each in one.parameters)
        ]
        if keyed:
            yield (
                f"{contract.name}: what clients' idempotency keys were used for ({', '.join(keyed)}) is remembered "
                "by each process alone, since there is no shared store: between workers and replicas the service's "
                "own memory of the keys that it gets decides"
            )
