"""Asking one lane in a hand-written test: scripted answers, rows in a few words, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graph.executing.executor import GraphQLRequest
from resolvers.caller import Caller
from tests.lanes.clock import JumpingLoop
from tests.lanes.endpoint import Asked
from tests.lanes.rows import World
from tests.lanes.services import Services, Weather
from tests.lanes.world import LaneName, run_lane


@dataclass(frozen=True, slots=True)
class Given:
    """What a lane answered. `errors` are path, code and message, ordered by path; `calls` count operations."""

    data: Any
    errors: list[tuple[list[Any] | None, str, str]]
    calls: dict[str, int]
    targets: list[str]
    begun: list[tuple[float, str]]
    resolvers: list[str]


def ask(
    lane: LaneName,
    query: str,
    answers: Mapping[str, object] | None = None,
    *,
    variables: Mapping[str, Any] | None = None,
    caller: Caller | None = None,
    delays: Mapping[str, float] | None = None,
) -> Given:
    """Ask a lane over services that answer as scripted: an operation's body, or a function of what was asked."""
    services = Services(Weather(World(0)), delays=dict(delays or {}))
    for operation, answer in (answers or {}).items():
        services.answers[operation] = answer if callable(answer) else _always(answer)
    loop = JumpingLoop()
    try:
        ran = loop.complete(run_lane(lane, GraphQLRequest(query, variables or {}), services, caller))
    finally:
        loop.close()
    errors = [(one.get("path"), str(one["extensions"]["code"]), one["message"]) for one in ran.answer.errors]
    return Given(
        data=ran.answer.data,
        errors=sorted(errors, key=lambda one: str(one[0])),
        calls=services.count(),
        targets=[one.target for one in services.calls],
        begun=services.begun,
        resolvers=sorted(ran.resolvers),
    )


def _always(answer: object) -> Callable[[Asked], object]:
    return lambda _: answer


def person(key: str, **more: Any) -> dict[str, Any]:
    """A person's row that keeps its contract."""
    row: dict[str, Any] = {
        "id": key,
        "name": f"name of {key}",
        "nick": None,
        "points": 1,
        "balance": "1.10",
        "rate": 1,
        "height": 1.5,
        "joinedAt": "2026-01-02T03:04:05Z",
        "active": True,
        "role": "maker",
        "tags": [],
        "uid": "6f1c1a52-0d2e-4f5a-9d0c-0a0b0c0d0e0f",
        "matrix": [],
        "home": {"city": "Lima", "geo": None},
        "team_id": None,
        "boss_id": None,
    }
    return {**row, **more}


def people(**bosses: str | None) -> dict[str, object]:
    """`getPerson` and `listPeople` that know these people, each with their boss."""
    rows = {key: person(key, boss_id=boss) for key, boss in bosses.items()}

    def one(asked: Asked) -> object:
        return rows[asked.path[-1]]

    def many(asked: Asked) -> object:
        return [rows[key] for key in asked.listed("ids") if key in rows]

    return {"getPerson": one, "listPeople": many}


def order(number: int, **more: Any) -> dict[str, Any]:
    """An order's row that keeps its contract."""
    row: dict[str, Any] = {
        "tenant": "t1",
        "number": number,
        "state": "new",
        "placedAt": "2026-01-02T03:04:05Z",
    }
    return {**row, "customer_id": "p1", "lines": [], **more}
