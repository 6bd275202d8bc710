"""The lanes agree: drawn operations over good and bad worlds, run on both, compared as `agree.py` says.

Some hundreds of cases in every run, in parts of a hundred, each from a seed of its own that its name shows. More:
`LANE_CASES=20000 pytest tests/lanes/test_lanes_agree.py`; on two cores, beside each other, with `LANE_PART=1/2` and
`LANE_PART=2/2`. Other cases than the usual ones: `LANE_SEED=7`. What fails prints the operation, its variables,
what the services answered, and what both lanes made of it; `LANE_SHRINK=1` looks some minutes for the smallest such
case. It becomes a test of `test_lane_regressions.py`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings

from tests.lanes.cases import Case, cases, is_compiled, judged
from tests.lanes.clock import JumpingLoop

CASES: Final = int(os.environ.get("LANE_CASES", "400"))
FIRST: Final = int(os.environ.get("LANE_SEED", "0"))
PART: Final = 100 if CASES <= 2000 else 500
PHASES: Final = [Phase.generate, *([Phase.shrink] if os.environ.get("LANE_SHRINK") == "1" else [])]


def seeds() -> list[int]:
    """The seeds of this process: every so many-th where `LANE_PART` says so."""
    which, _, of = os.environ.get("LANE_PART", "1/1").partition("/")
    return list(range(FIRST, FIRST + -(-CASES // PART)))[int(which) - 1 :: int(of)]


@pytest.fixture(scope="module")
def loop() -> Iterator[JumpingLoop]:
    made = JumpingLoop()
    # What drawn operations meet is logged, and nobody reads it.
    logging.disable(logging.CRITICAL)
    yield made
    logging.disable(logging.NOTSET)
    made.close()


# What graphql-core abandons beside a null that bubbles it never awaits: the reference lane's own business.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("number", seeds())
def test_the_lanes_agree(number: int, loop: JumpingLoop) -> None:
    """Data, errors, calls and the project's resolvers that run are those of the reference lane."""

    @seed(number)
    @settings(
        max_examples=min(PART, CASES),
        deadline=None,
        database=None,
        phases=PHASES,
        # Operations are large, and drawing one is a choice of hundreds.
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def agree(case: Case) -> None:
        verdict = judged(case, loop)
        assert not verdict.differences, str(verdict)

    agree()


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("number", seeds())
def test_the_fast_lane_agrees(number: int, loop: JumpingLoop) -> None:
    """The same of operations that have a program, of which few are drawn by chance."""
    stayed = 0

    @seed(number)
    @settings(
        max_examples=max(min(PART, CASES) // 4, 1),  # three of four that are drawn are put aside
        deadline=None,
        database=None,
        phases=PHASES,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def agree(case: Case) -> None:
        nonlocal stayed
        assume(is_compiled(case))
        verdict = judged(case, loop)
        assert not verdict.differences, str(verdict)
        stayed += verdict.fast.lanes == ["fast"]

    agree()
    assert stayed > 0
