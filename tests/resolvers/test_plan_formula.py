"""Formulas: how they are put together, read and evaluated."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from resolvers.plan.formula import Ceil, Formula, Size, ceil, plus, sizes, text, times, value

FIRST = Size("$first", 50)
POSTS = Size("|posts|")


def test_sums_add_their_figures_up_and_count_equal_terms():
    """A sum has one figure, at its front, and each term once, with how often it occurs."""
    assert text(plus(1, FIRST, 2, FIRST, POSTS)) == "3 + 2 * $first + |posts|"
    assert text(plus(plus(1, FIRST), times(3, FIRST))) == "1 + 4 * $first"
    assert plus(FIRST) == FIRST
    assert (plus(), plus(0, 0), plus(2, 3)) == (0, 0, 5)


def test_products_multiply_their_figures():
    """A product has one figure, at its front, unless it is 1; nothing of anything is nothing."""
    assert text(times(2, FIRST, 3, POSTS)) == "6 * $first * |posts|"
    assert text(times(plus(1, FIRST), POSTS)) == "(1 + $first) * |posts|"
    assert (times(1, FIRST), times(0, POSTS), times(), times(2, 3)) == (FIRST, 0, 1, 6)


def test_groups_keep_their_figures_to_be_read():
    """`ceil` shows what it divides, but for none and one, and groups of one."""
    assert text(ceil(20, 100)) == "ceil(20 / 100)"
    assert text(ceil(plus(1, FIRST), 100)) == "ceil((1 + $first) / 100)"
    assert text(ceil(times(2, FIRST), 100)) == "ceil(2 * $first / 100)"
    assert (ceil(0, 7), ceil(1, 7), ceil(FIRST, 1)) == (0, 1, FIRST)


def test_values_are_those_of_the_largest_sizes():
    """What is known of a size is taken, else the most that it can be; without one there is no bound."""
    formula = plus(2, ceil(times(FIRST, POSTS), 100))
    assert value(formula) is None
    assert value(formula, {"|posts|": 3}) == 4
    assert value(formula, {"|posts|": 3, "$first": 100}) == 5
    assert value(times(2, POSTS)) is None
    assert value(times(Size("none", 0), POSTS)) == 0


def test_sizes_tell_the_most_that_each_can_be():
    """Every size is told once; of two that have a name in common, the larger counts."""
    formula = plus(FIRST, times(POSTS, ceil(Size("$first", 80), 7)), Size("|x|", 3), times(Size("|x|"), 2))
    assert sizes(formula) == {"$first": 80, "|posts|": None, "|x|": None}
    assert sizes(5) == {}


LEAVES = st.one_of(st.integers(0, 9), st.sampled_from([Size("a"), Size("b"), Size("c", 4)]))


def _deeper(inner: st.SearchStrategy[tuple[Formula, str]]) -> st.SearchStrategy[tuple[Formula, str]]:
    two = st.tuples(inner, inner)
    return st.one_of(
        two.map(lambda pair: (plus(pair[0][0], pair[1][0]), f"({pair[0][1]} + {pair[1][1]})")),
        two.map(lambda pair: (times(pair[0][0], pair[1][0]), f"({pair[0][1]} * {pair[1][1]})")),
        st.tuples(inner, st.integers(1, 5)).map(
            lambda pair: (ceil(pair[0][0], pair[1]), f"-(-{pair[0][1]} // {pair[1]})")
        ),
    )


FORMULAS = st.recursive(
    LEAVES.map(lambda one: (one, one.name if isinstance(one, Size) else str(one))), _deeper, max_leaves=12
)


@given(FORMULAS, st.fixed_dictionaries({name: st.integers(0, 20) for name in "abc"}))
def test_a_formula_has_the_value_of_what_it_was_made_of(drawn, known):
    """Putting together, folding and evaluating agree with plain arithmetic."""
    formula, plain = drawn
    assert value(formula, known) == eval(plain, {}, dict(known))  # noqa: S307 - our own text


@given(FORMULAS, st.fixed_dictionaries({name: st.integers(0, 20) for name in "abc"}))
def test_what_is_shown_is_what_is_computed(drawn, known):
    """The text of a formula, read as arithmetic, has its value."""
    formula, _ = drawn
    assert value(formula, known) == eval(text(formula), {"ceil": _ceil}, dict(known))  # noqa: S307 - our own text


@given(FORMULAS, st.fixed_dictionaries({name: st.integers(0, 20) for name in "abc"}), st.sampled_from("abc"))
def test_formulas_grow_with_every_size(drawn, known, name):
    """One more of anything never makes less of the whole."""
    formula, _ = drawn
    less, more = value(formula, known), value(formula, {**known, name: known[name] + 1})
    assert less is not None
    assert more is not None
    assert less <= more


def _ceil(ratio: float) -> int:
    return -int(-ratio // 1)


def test_ceil_is_a_formula_of_its_own():
    """What is grouped stays to be seen."""
    assert ceil(FIRST, 100) == Ceil(FIRST, 100)
