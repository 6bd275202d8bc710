"""Planning: the passes, in their order. Pure; nothing is called, and nothing is known of the caller.

| pass | makes | why here |
| --- | --- | --- |
| `coverage.check` | a refusal, or nothing | what is not run on a plan need not be planned |
| `selecting.select` | the fields of each object type | nothing later looks at fragments or directives |
| `serving.Served` | steps and shapes | what serves a field depends on the type that it stands on |
| `needs.needs` | what is decoded of each answer | it reads which steps hang on which |
| `sharing.shares` | which steps ask for the same | the same; independent of needs |
| `waves.waves` | in which round each step can start | the same; the price counts by it |

The price (`price.py`) is no pass: it depends on page sizes and on services' limits, and is worked out when it
is asked for. To add a pass: a file with one function of what is known so far, a field of `Plan` for what it
finds, a line here with the reason for its place, and a test of its own.
"""

from __future__ import annotations

from typing import cast

from resolvers.plan import coverage
from resolvers.plan.meaning import Meanings
from resolvers.plan.needs import needs
from resolvers.plan.operation import Operation
from resolvers.plan.plan import Plan, Step
from resolvers.plan.selecting import select
from resolvers.plan.serving import Served
from resolvers.plan.sharing import shares
from resolvers.plan.waves import waves


def plan_of(operation: Operation, meanings: Meanings) -> Plan:
    """The plan of a valid operation. Raises `NotCovered` for what runs on the reference lane."""
    coverage.check(operation)
    root = operation.schema.get_root_type(operation.node.operation)
    if root is None:
        raise coverage.NotCovered(coverage.Reason.NO_ROOT)
    selected, count = select(operation, root)
    served = Served(meanings)
    shape = served.object(root, selected, nullable=True, after=None, path=())
    steps = tuple(cast("list[Step]", served.steps))  # each was made by the time its own place was left
    kind = operation.node.operation
    return Plan(
        kind=kind,
        name=None if operation.node.name is None else operation.node.name.value,
        root=shape,
        steps=steps,
        access=frozenset(served.access),
        fields=count,
        needs=needs(steps),
        shares=shares(steps),
        waves=waves(steps, kind),
    )
