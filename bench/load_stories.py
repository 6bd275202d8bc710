"""The three stories of the load, as the playground has them, and who tells them: callers of two tenants.

A dashboard reads e-mails, of which the notifications service, a bought one, lets all tenants together read a hundred
times a minute: so there are 75 dashboards a minute at most, whatever the rate, and the rest are the other two.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.gateway_servers import PROJECTS

OPERATIONS: Final = PROJECTS["parfinanciero"] / "operations"
MOST_DASHBOARDS: Final = 75 / 60
"""A second."""
CHECKOUTS: Final = 0.3
"""The share of checkouts in what is no dashboard."""
DECLINED: Final = 10
"""Every so many checkouts are paid with what is declined: which is no error, and the order is undone."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who tells stories, by tenant and id."""

    tenant: str
    subject: str


CALLERS: Final = (
    *(Caller("acme", f"u-{number:04d}") for number in range(1, 13)),
    *(Caller("globex", f"u-{number:04d}") for number in range(601, 613)),
)
MONTHS: Final = ("2026-08", "2026-09", "2026-10")


@dataclass(frozen=True, slots=True)
class Story:
    """An operation of the playground and how often it is told. `rate` is a second."""

    name: str
    document: str
    variables: dict[str, Any]
    rate: float

    def told(self, number: int) -> dict[str, Any]:
        """The variables of the story's turn of this number."""
        match self.name:
            case "checkout":
                method = "pm_declined" if number % DECLINED == DECLINED - 1 else "pm_ok"
                return {"cart": {**self.variables["cart"], "method": method}}
            case "month's review":
                return {"month": MONTHS[number % len(MONTHS)]}
            case _:
                return self.variables

    def wrong(self, data: Any) -> str | None:
        """What is wrong with an answer that has no errors; None where nothing is."""
        if not isinstance(data, dict) or None in data.values():
            return "no data"
        if self.name == "checkout" and data["checkout"]["state"] not in ("PAID", "REFUSED"):
            return str(data["checkout"]["state"])
        return None


def stories(rate: float) -> tuple[Story, ...]:
    """The stories, `rate` a second of all of them together."""
    dashboards = min(rate / 3, MOST_DASHBOARDS)
    rest = rate - dashboards
    return (
        _story("dashboard", "05-dashboard", dashboards),
        _story("checkout", "04-checkout", rest * CHECKOUTS),
        _story("month's review", "06-months-review", rest * (1 - CHECKOUTS)),
    )


def _story(name: str, file: str, rate: float) -> Story:
    document = Path(OPERATIONS / f"{file}.graphql").read_text(encoding="utf-8")
    variables = OPERATIONS / f"{file}.json"
    given = json.loads(variables.read_text(encoding="utf-8")) if variables.exists() else {}
    return Story(name, document, given, rate)
