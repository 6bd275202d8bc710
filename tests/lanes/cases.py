"""Whole cases, drawn: a request, who sends it, and how the services behave; and what both lanes make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from graphql.execution.values import get_variable_values
from hypothesis import strategies as st

from graph.documents.documents import Documents
from graph.executing.executor import GraphQLRequest
from graph.executing.planned import mask
from resolvers.caller import Caller
from resolvers.fast.program import Program
from resolvers.plan.coverage import NotCovered
from resolvers.plan.operation import Operation
from tests.lanes.agree import differences
from tests.lanes.clock import JumpingLoop
from tests.lanes.operations import Drawing, Drawn
from tests.lanes.rows import World
from tests.lanes.services import Services, Weather
from tests.lanes.world import Ran, cursors, graphql_schema, run_lane, schema, somebody

CALLERS: Final = (
    somebody("pii", "secrets", staff=True),
    somebody("pii"),
    somebody("secrets", subject="p4"),
    Caller(),
)
# How likely a value is wrong and a call fails; whether answers take time; whether batches may fail as a whole.
_WEATHERS: Final = (
    (0.0, 0.0, False, True),
    (0.03, 0.05, False, True),
    (0.1, 0.2, False, True),
    (0.0, 0.0, True, True),
    (0.06, 0.1, True, True),
    (0.05, 0.15, False, False),
)
_INVALID: Final = frozenset({"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"})


@dataclass(frozen=True, slots=True)
class Case:
    """One request in one weather."""

    drawn: Drawn
    caller: Caller
    weather: Weather

    def __repr__(self) -> str:
        weather = self.weather
        return "\n".join(
            (
                self.drawn.document,
                f"variables {self.drawn.variables}, operation {self.drawn.operation_name}",
                f"caller {self.caller.subject} with {sorted(self.caller.scopes)}",
                f"seed {weather.world.seed}, wrongness {weather.world.wrongness}, failing {weather.failing}, "
                f"latency {weather.latency}, steady {weather.steady}",
            )
        )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Cases, the simplest first: a short query, a good world, no latency."""

    def pick(count: int) -> int:
        return draw(_below(count))

    wrongness, failing, latency, steady = _WEATHERS[pick(len(_WEATHERS))]
    world = World(pick(1 << 16), wrongness, breaking=not steady)
    caller = CALLERS[pick(len(CALLERS))]
    drawn = Drawing(graphql_schema(), pick, cursors()).draw()
    return Case(drawn, caller, Weather(world, failing, latency, steady))


def is_compiled(case: Case) -> bool:
    """Whether a case may run on the fast lane: its operation has a program for what its caller may see."""
    built, drawn = graphql_schema(), case.drawn
    chosen = Documents().choose(drawn.document, drawn.operation_name)
    variables = get_variable_values(built, chosen.operation.variable_definitions or (), dict(drawn.variables))
    fragments = chosen.document.fragments
    if isinstance(variables, list) or fragments is None:
        return False
    plans = schema().plans
    try:
        plan = plans.of(Operation(built, chosen.operation, fragments, variables))
    except NotCovered:
        return False
    denied = frozenset(mask(plan, case.caller))
    return isinstance(plans.masked(plan, denied) if denied else plans.program(plan), Program)


@cache
def _below(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What both lanes made of a case, and how they differ."""

    case: Case
    reference: Ran
    plan: Ran
    fast: Ran
    differences: Sequence[str]

    def __str__(self) -> str:
        return "\n\n".join(
            (
                "The lanes disagree:\n" + "\n".join(self.differences),
                repr(self.case),
                "what the services answered:\n" + "\n".join(self.reference.told),
                _shown("reference", self.reference),
                _shown("plan", self.plan),
                _shown("fast", self.fast),
            )
        )


def _shown(name: str, ran: Ran) -> str:
    errors = [(one.get("path"), one["extensions"]["code"], one["message"]) for one in ran.answer.errors]
    calls = [one.line for one in ran.calls]
    data = f"{name} ({ran.lanes}):\n  data {ran.answer.data!r}"
    return f"{data}\n  errors {errors}\n  calls {calls}\n  ran {ran.resolvers}"


def judged(case: Case, loop: JumpingLoop) -> Verdict:
    """Run a case on both lanes and compare."""
    drawn, weather = case.drawn, case.weather
    documents = Documents()

    def ran(lane: Any) -> Ran:
        request = GraphQLRequest(drawn.document, drawn.variables, drawn.operation_name)
        return loop.complete(run_lane(lane, request, Services(weather), case.caller, documents))

    reference, plan, fast = ran("reference"), ran("plan"), ran("fast")
    found = [
        f"{name}: {one}"
        for name, other in (("plan", plan), ("fast", fast))
        for one in differences(reference, other, latency=weather.latency, steady=weather.steady)
    ]
    if any(one["extensions"]["code"] in _INVALID for one in reference.answer.errors):
        found.append("the operation that was drawn is not valid")
    return Verdict(case, reference, plan, fast, found)
