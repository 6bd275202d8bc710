"""Holt's linear trend, held against statsmodels 0.15: `tsa.holtwinters.Holt`, with the first value and the first
difference as its known beginning.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.parfinanciero.services.holt import EIGHTY_PERCENT, Fit, ahead, fit, smoothed

VALUES = [30.0, 33.5, 31.2, 36.8, 38.1, 37.4, 41.9, 43.3, 42.0, 46.7, 48.2, 47.9]


@pytest.mark.parametrize(
    ("alpha", "beta", "expected", "squares"),
    [
        (0.5, 0.25, [50.43792191762477, 52.01164328865706, 53.58536465968936], 71.18787251931963),
        (0.8, 0.2, [50.02199764425948, 51.67496781331196, 53.32793798236443], 79.2408805234364),
        (0.3, 0.9, [50.535290790500106, 52.20271664360247, 53.87014249670484], 59.81575367350342),
    ],
)
def test_the_equations_are_those_of_others(
    alpha: float, beta: float, expected: list[float], squares: float
) -> None:
    """For given weights the values to come and the squared errors are those of another implementation."""
    model = smoothed(VALUES, alpha, beta)
    assert [one.expected for one in ahead(model, 3)] == pytest.approx(expected)
    assert model.variance == pytest.approx(squares / (len(VALUES) - 1))


def test_the_weights_that_err_least_are_found() -> None:
    """No weights of a grid of hundredths err less than those of the fit."""
    grid = [step / 100 for step in range(1, 100)]
    least = min(smoothed(VALUES, alpha, beta).variance for alpha in grid for beta in grid)
    assert fit(VALUES).variance <= least


@given(
    st.integers(min_value=0, max_value=5000),
    st.integers(min_value=0, max_value=100),
    st.integers(min_value=4, max_value=30),
)
def test_a_line_goes_on_as_a_line(start: int, slope: int, count: int) -> None:
    """Of values on a line the next ones are known for certain."""
    values = [float(start + slope * step) for step in range(count)]
    found = [number for one in ahead(fit(values), 2) for number in (one.low, one.expected, one.high)]
    assert found == pytest.approx(
        [float(start + slope * (count + step)) for step in (0, 0, 0, 1, 1, 1)], abs=1e-5
    )


@pytest.mark.parametrize("count", [0, 3])
def test_too_few_values_are_refused(count: int) -> None:
    """A trend is not told from less than four values."""
    with pytest.raises(ValueError, match=rf"^a trend needs 4 values or more, not {count}$"):
        fit(VALUES[:count])


def test_what_is_far_is_less_certain_and_nothing_is_below_nothing() -> None:
    """The interval is that of the formula, grows with every step, and ends at zero below."""
    model = Fit(level=100.0, trend=-20.0, alpha=0.5, beta=0.4, variance=25.0)
    outlooks = ahead(model, 6)
    # One step: the error's own deviation. Two: times the root of 1 + (alpha + alpha beta)^2.
    widths = [EIGHTY_PERCENT * 5, EIGHTY_PERCENT * 5 * math.sqrt(1 + 0.7**2)]
    found = [number for one in outlooks[:2] for number in (one.expected, one.low, one.high)]
    assert found == pytest.approx(
        [80.0, 80 - widths[0], 80 + widths[0], 60.0, 60 - widths[1], 60 + widths[1]]
    )
    spans = [one.high - one.expected for one in outlooks[:4]]
    assert spans == sorted(spans)
    assert (outlooks[5].expected, outlooks[5].low) == (0.0, 0.0)
