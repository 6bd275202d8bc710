"""A plan as JSON: its steps in the order of the document, what they cost at most, and, where somebody watched,
what really happened. `stolon explain --json` prints it, an answer's `extensions.plan` holds it.

Numbers of steps count from 1. Nothing here tells a key, a value, or anything of another caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from graphql import OperationDefinitionNode

from graph.explain.happened import run_did, step_did
from graph.explain.provenance import access_of, batch_of, kind_of, operations_of, parameters_of, pick_of
from resolvers.plan.coverage import Reason
from resolvers.plan.formula import Formula, sizes, text, value
from resolvers.plan.plan import Plan, Shape, Step
from resolvers.plan.price import Bounds, price
from resolvers.plan.walking import held
from resolvers.plan.waves import count
from resolvers.run.ledger import Ledger

Report: TypeAlias = dict[str, Any]

_NONE: Final[Mapping[str, object]] = MappingProxyType({})
NOTHING_RAN: Final = "The operation was not executed: there is no plan."


def report(
    found: Plan | Reason | None,
    ledger: Ledger | None,
    services: Mapping[str, Bounds],
    operation: OperationDefinitionNode | None = None,
    variables: Mapping[str, object] = _NONE,
) -> Report:
    """The report of a plan, or of the reason why an operation has none (None: it was not executed at all).

    `variables` are values as `graph/explain/variables.py` gives them; what is not among them is a size with a
    name. `operation` names what has no plan.
    """
    if found is None:
        return {"refused": NOTHING_RAN}
    if isinstance(found, Reason):
        return {
            "operation": _operation(operation),
            "lane": "reference",
            "reason": found.value,
            "waves": None,
            "calls": None,
            "steps": [],
            "fields": {},
        }
    prices = price(found, services, variables)
    made: Report = {
        "operation": {"kind": found.kind.value, "name": found.name},
        "lane": "plan",
        "reason": None,
        "waves": count(found.steps, found.waves),
        "calls": _calls(prices.total),
        "steps": [_step(found, one, prices.steps[one.number], services) for one in found.steps],
        "fields": fields_of(found),
    }
    if ledger is not None:
        for one, told in zip(found.steps, made["steps"], strict=True):
            told["did"] = step_did(ledger, one.number)
        made["did"] = run_did(ledger)
    return made


def fields_of(plan: Plan) -> dict[str, int | None]:
    """For every response path, without positions in lists, the step that serves it, or whose answer holds it;
    None where no step does. Of a path that is served differently on different types, the first.
    """
    found: dict[str, int | None] = {}
    for path, step in _served(plan.root, (), None):
        found.setdefault(".".join(path), step)
    return found


def _served(
    shape: Shape, path: tuple[str, ...], step: int | None
) -> Iterator[tuple[tuple[str, ...], int | None]]:
    for one in held(shape):
        at = (*path, one.key)
        within = step if one.step is None else one.step + 1
        yield at, within
        yield from _served(one.shape, at, within)


def _operation(operation: OperationDefinitionNode | None) -> Report | None:
    if operation is None:
        return None
    name = None if operation.name is None else operation.name.value
    return {"kind": operation.operation.value, "name": name}


def _calls(formula: Formula) -> Report:
    return {"atMost": value(formula), "formula": text(formula), "where": sizes(formula)}


def _step(plan: Plan, step: Step, formula: Formula, services: Mapping[str, Bounds]) -> Report:
    one, shares = step.field, plan.shares[step.number]
    access = access_of(one)
    return {
        "step": step.number + 1,
        "after": None if step.after is None else step.after + 1,
        "path": ".".join(step.path),
        "field": f"{one.parent.name}.{one.name}",
        "kind": kind_of(one.meaning),
        "operations": operations_of(one.meaning),
        "parameters": parameters_of(one.meaning),
        "batch": batch_of(one.meaning, services),
        "pick": pick_of(one.meaning),
        "properties": list(plan.needs[step.number]),
        "wave": plan.waves[step.number],
        "shares": None if shares is None else shares + 1,
        "scopes": sorted(access.scopes),
        "authenticated": access.authenticated or access.lent,
        "calls": _calls(formula),
    }
