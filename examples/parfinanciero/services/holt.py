"""Holt's linear trend: exponential smoothing of a level and a trend, and what it says of the values to come. Pure.

The equations are those of Hyndman and Athanasopoulos, Forecasting: Principles and Practice (3rd edition), sections
8.2 and 8.7. Forty lines of arithmetic: a library for them would bring numpy, scipy and pandas, 100 MB, into a demo
that starts in seconds; the light ones have no wheels for every Python that Stolon runs on. The tests hold it against
another implementation's figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

FEWEST = 4
"""Values that a trend can be told from at all."""
STEPS = 20
"""Of the grid on which the two weights are sought; around the best of it they are sought ten times finer."""
EIGHTY_PERCENT = 1.2815515594457412
"""Standard deviations on either side that hold four fifths of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model: the last level and trend, the two weights, and the squared errors' mean, one step ahead."""

    level: float
    trend: float
    alpha: float
    beta: float
    variance: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be expected of one step ahead, and between what with four chances out of five."""

    expected: float
    low: float
    high: float


def fit(values: Sequence[float]) -> Fit:
    """The model that would have erred least, one step ahead. Raises `ValueError` for fewer than 4 values."""
    if len(values) < FEWEST:
        raise ValueError(f"a trend needs {FEWEST} values or more, not {len(values)}")
    coarse = [step / STEPS for step in range(1, STEPS)]
    best = min((smoothed(values, alpha, beta) for alpha in coarse for beta in coarse), key=_error)
    fine = [step / (STEPS * 10) for step in range(-9, 10)]
    near = (
        smoothed(values, best.alpha + up, best.beta + right)
        for up in fine
        for right in fine
        if 0 < best.alpha + up < 1 and 0 < best.beta + right < 1
    )
    return min((best, *near), key=_error)


def smoothed(values: Sequence[float], alpha: float, beta: float) -> Fit:
    """The model with these weights, after all values. It begins with the first value and the first difference."""
    level, trend = values[0], values[1] - values[0]
    squares = 0.0
    for value in values[1:]:
        error = value - (level + trend)
        squares += error * error
        before = level
        level = alpha * value + (1 - alpha) * (level + trend)
        trend = beta * (level - before) + (1 - beta) * trend
    return Fit(level, trend, alpha, beta, squares / (len(values) - 1))


def ahead(model: Fit, steps: int) -> list[Outlook]:
    """The next values, one after the other; none of them below nothing, since what is spent is not."""
    found: list[Outlook] = []
    # Table 8.8 there, for the method's own trend weight: beta there is alpha times beta here.
    slope = model.alpha * model.beta
    for step in range(1, steps + 1):
        spread = 1 + (step - 1) * (
            model.alpha**2 + model.alpha * slope * step + slope**2 * step * (2 * step - 1) / 6
        )
        width = EIGHTY_PERCENT * math.sqrt(model.variance * spread)
        expected = model.level + step * model.trend
        found.append(Outlook(*(max(0.0, one) for one in (expected, expected - width, expected + width))))
    return found


def _error(model: Fit) -> float:
    return model.variance
