"""Groups of a grouped operation, for many parents at a time: each value that they have is asked for once."""

from __future__ import annotations

import asyncio
from asyncio import Future
from typing import Any

from resolvers.fast.uncompiled import Troubled
from resolvers.loading.keys import canonical
from resolvers.loading.store import Store
from resolvers.source import Grouped, Supplied, This


def is_by_value(source: object) -> bool:
    """Whether a step groups by one value of each parent, and its calls take nothing else of them."""
    return isinstance(source, Grouped) and not any(
        isinstance(one.supplier, This) for one in source.call.bindings
    )


async def groups(
    source: Grouped, values: list[Any], supplied: Supplied, store: Store, turn: int
) -> list[Any]:
    """The items of each parent's value, in order; or the one item, where it is `single`. None where there is nothing.
    The loop has a turn after so many values. Raises `Troubled`, and FieldError for a failure.
    """
    texts = [None if value is None else canonical(source.kind, value) for value in values]
    asked: dict[str | None, Any] = {}
    for text, value in zip(texts, values, strict=True):
        if text in asked:
            continue
        if text is not None:
            asked[text] = store.group(source, supplied, text)
            if len(asked) % turn == 0:
                await asyncio.sleep(0)
        elif value is not None:
            raise Troubled  # no key: where it stands is the checked lane's to say
    nothing: list[Any] | None = None if source.single or source.nullable else []
    found: dict[str | None, Any] = {None: nothing}
    for text, ask in asked.items():
        settled = await ask if isinstance(ask, Future) else ask
        items = [item for item, _ in settled.unwrap()]
        if source.single and len(items) > 1:
            raise Troubled
        found[text] = (items[0] if items else None) if source.single else items
    return [found[text] for text in texts]
