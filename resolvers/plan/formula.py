"""Formulas: how many there may be of something, as a function of sizes that are not known yet.

`resolvers/plan/price.py` makes them. All of them grow with every size in them, so that the value at the largest
sizes is the largest value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Size:
    """Something that has no figure yet, by a name to show; `most` is the most that it can be, None: any."""

    name: str
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms, no two alike; a figure among them stands first."""

    terms: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """Factors; a figure among them stands first."""

    factors: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Ceil:
    """So many groups of at most `by` as `of` take."""

    of: Formula
    by: int


Formula: TypeAlias = int | Size | Sum | Product | Ceil
"""A figure, or what it will be."""

_NOTHING: Final[Mapping[str, int]] = MappingProxyType({})


def plus(*terms: Formula) -> Formula:
    """The sum; figures are added up, and equal terms counted."""
    figure = 0
    counted: Counter[Formula] = Counter()
    for term in _flat(terms, Sum):
        if isinstance(term, int):
            figure += term
        else:
            times_, rest = _counted(term)
            counted[rest] += times_
    left: list[Formula] = [times(count, one) for one, count in counted.items()]
    if figure or not left:
        left.insert(0, figure)
    return left[0] if len(left) == 1 else Sum(tuple(left))


def times(*factors: Formula) -> Formula:
    """The product; figures are multiplied."""
    flat = list(_flat(factors, Product))
    figure = prod(one for one in flat if isinstance(one, int))
    left: list[Formula] = [one for one in flat if not isinstance(one, int)]
    if figure == 0 or not left:
        return figure
    if figure != 1:
        left.insert(0, figure)
    return left[0] if len(left) == 1 else Product(tuple(left))


def ceil(of: Formula, by: int) -> Formula:
    """So many groups of at most `by` (1 or more). Figures stay as they are, to be read, but for 0 and 1."""
    return of if by == 1 or of in (0, 1) else Ceil(of, by)


def value(formula: Formula, known: Mapping[str, int] = _NOTHING) -> int | None:
    """The figure where each size is what is `known` of it, else the most that it can be; None: without bound."""
    match formula:
        case int():
            return formula
        case Size(name, most):
            return known.get(name, most)
        case Ceil(of, by):
            found = value(of, known)
            return None if found is None else -(-found // by)
        case Sum(terms):
            added = [value(one, known) for one in terms]
            return None if None in added else sum(one for one in added if one is not None)
        case Product(factors):
            multiplied = [value(one, known) for one in factors]
            if 0 in multiplied:
                return 0
            return None if None in multiplied else prod(one for one in multiplied if one is not None)


def sizes(formula: Formula) -> dict[str, int | None]:
    """The most that each size in it can be, by name."""
    found: dict[str, int | None] = {}
    for one in _sizes(formula):
        before = found.get(one.name, 0)
        found[one.name] = None if one.most is None or before is None else max(one.most, before)
    return found


def text(formula: Formula) -> str:
    """The formula to be read: `2 + ceil($first / 100)`."""
    match formula:
        case int():
            return str(formula)
        case Size(name):
            return name
        case Ceil(of, by):
            return f"ceil({f'({text(of)})' if isinstance(of, Sum) else text(of)} / {by})"
        case Sum(terms):
            return " + ".join(map(text, terms))
        case Product(factors):
            return " * ".join(f"({text(one)})" if isinstance(one, Sum) else text(one) for one in factors)


def _flat(given: tuple[Formula, ...], kind: type[Sum | Product]) -> Iterator[Formula]:
    for one in given:
        if isinstance(one, kind):
            yield from one.terms if isinstance(one, Sum) else one.factors
        else:
            yield one


def _counted(term: Formula) -> tuple[int, Formula]:
    if isinstance(term, Product) and isinstance(term.factors[0], int):
        return term.factors[0], times(*term.factors[1:])
    return 1, term


def _sizes(formula: Formula) -> Iterator[Size]:
    match formula:
        case Size():
            yield formula
        case Ceil(of):
            yield from _sizes(of)
        case Sum(parts) | Product(parts):
            for one in parts:
                yield from _sizes(one)
