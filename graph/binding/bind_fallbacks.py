"""Binding fallbacks: what a field declares in place of an answer that its service does not give, checked against the
contract; and the same for what `stolon.toml` says of operations.

What is right becomes an `adapters.policies.fallback_rule.Fallback` of the bound call, which travels with its
requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from adapters.contract.constraints import Constraints
from adapters.contract.contract import Contract, Operation, Use
from adapters.policies.fallback_rule import LONGEST, Fallback
from graph.binding.call_site import Site
from graph.binding.results import Result
from graph.declaring.declare import ConstantMark, Position, StaleMark
from graph.settings import units
from resolvers.source import BoundOperation

_PAGED: Final = "{!r} pages, and a constant can't stand for a part of a list"
_CHANGES: Final = ("PUT", "PATCH", "DELETE")
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def bound_fallback(site: Site, result: Result, *, paged: bool, safe: bool) -> Fallback | None:
    """The fallback of a call, of whose answer `result` is picked; None where it has none, or with mistakes noted."""
    stale: float | None = None
    constant: bytes | None = None
    marks: tuple[Any, ...] = site.name.fallback  # what was declared is looked at here first
    if marks and not safe:
        site.wrong(f"a fallback is for reads, and {site.operation.id!r} changes something")
    for mark in marks:
        if isinstance(mark, StaleMark) and stale is None and constant is None:
            stale = _stale(site, mark)
        elif isinstance(mark, ConstantMark) and constant is None:
            constant = _constant(site, mark, result, paged=paged)
        else:
            position = mark.position if isinstance(mark, StaleMark | ConstantMark) else site.name.position
            _wrong(site, position, "expected rest.stale(...), rest.constant(...), or both in this order")
    return None if stale is None and constant is None else Fallback(stale, constant)


def _stale(site: Site, mark: StaleMark) -> float | None:
    within: object = mark.within
    seconds = units.duration(within) if isinstance(within, str) else None
    if seconds is None or not 0 < seconds <= LONGEST:
        expected = "expected a duration such as '30s' or '60m', a week at most"
        _wrong(site, mark.position, f"rest.stale({mark.within!r}): {expected}")
        return None
    return seconds


def _constant(site: Site, mark: ConstantMark, result: Result, *, paged: bool) -> bytes | None:
    if paged:
        _wrong(site, mark.position, f"rest.constant(...): {_PAGED.format(site.operation.id)}")
        return None
    wrong = misfit(site.contract, site.operation, result.use, mark.value)
    if wrong is not None:
        _wrong(site, mark.position, f"rest.constant(...): {wrong}")
        return None
    value = mark.value
    for step in reversed(result.pick):
        value = {step: value}
    return _ENCODER.encode(value)


def _wrong(site: Site, position: Position, message: str) -> None:
    site.mistakes.at(position, site.ask.path, message)


def misfit(contract: Contract, operation: Operation, use: Use | None, value: object) -> str | None:
    """Why a value can't stand where an answer of the operation has this use; None where it can."""
    if use is None:
        return f"the answer of {operation.id!r} has no JSON body"
    found = Constraints(contract, use, answers=True).check(value)
    if not found:
        return None
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in found[0].path)
    return f"it breaks the contract of {operation.id!r}: ${where} {found[0].message}"


def stated_mistakes(
    contract: Contract, operation: Operation, fallback: Fallback, calls: Iterable[BoundOperation]
) -> Iterator[str]:
    """What is wrong with the fallback that `stolon.toml` states for an operation, of which there are these calls."""
    own = [one for one in calls if one.contract is contract and one.operation is operation]
    if operation.method in _CHANGES or any(not one.safe for one in own):
        yield f"a fallback is for reads, and {operation.id!r} changes something"
        return
    if fallback.constant is None:
        return
    if any(one.paging is not None for one in own):
        yield f"constant: {_PAGED.format(operation.id)}"
    success = operation.success
    use, value = None if success is None else success.use, msgspec.json.decode(fallback.constant)
    wrong = misfit(contract, operation, use, value)
    if wrong is not None:
        yield f"constant: {wrong}"
