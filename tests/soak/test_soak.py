"""A short soak, with all that a long one looks at: `make soak` is never dead."""

from __future__ import annotations

from pathlib import Path

from tests.soak.report import report
from tests.soak.soak import soak

SECONDS = 7.0


async def test_everything_holds_while_services_die_and_come_back(tmp_path: Path):
    """Nobody gets another's data, no change is lost or doubled, every failure is told, and all returns."""
    said: list[str] = []
    outcome = await soak(tmp_path, SECONDS, 11, said.append)
    assert list(outcome.broken) == [], "\n".join(report(outcome))
    assert outcome.spells > 3
    books = outcome.soaked.books
    assert books.answers["whole"] > 0
    assert books.answers["with errors"] > 0
    assert books.purchases
    assert books.changes
    assert said == [f"all is well; {outcome.spells} spells in 7 seconds", "the weather is over"]
    assert list(report(outcome))[-1] == "everything held"
