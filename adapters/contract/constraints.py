"""Whether a value may be sent: bounds, patterns, enums, required and unknown properties, checked before any
call.

A parameter or body is compiled once, by jsonschema-rs; numbers are compared exactly, whatever their size
(Decimal and int are read digit by digit there). A violation never repeats the value, which may be personal or
secret.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Final

import jsonschema_rs

from adapters.contract.contract import Contract, Use
from adapters.contract.json_schema import json_schema

MOST_VIOLATIONS: Final = 100
"""Violations told of one value; the first ones say what is wrong."""

DEEPEST: Final = 100
"""Levels of lists and objects in a value that is checked; deeper ones are refused."""

# No pattern may cost more than this many steps back on one text, nor more memory than this once compiled.
# Simple patterns run in linear time anyway.
_PATTERNS: Final = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000, size_limit=64 * 1024 * 1024)
_Kinds = jsonschema_rs.ValidationErrorKind


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with a value, without the value, and where in it: keys and indices from its root."""

    path: tuple[str | int, ...]
    message: str


class Constraints:
    """What a contract asks of the values at one place, compiled. Frozen once made; `check` may run anywhere."""

    __slots__ = ("_validator",)

    def __init__(
        self, contract: Contract, use: Use, without: frozenset[str] = frozenset(), *, answers: bool = False
    ) -> None:
        """Compile the use, but for the properties that others supply; with `answers`, what may come back. Patterns
        were proven to compile when the contract was read.
        """
        self._validator = jsonschema_rs.Draft202012Validator(
            json_schema(contract, use, without, answers=answers),
            validate_formats=False,
            pattern_options=_PATTERNS,
            offline=True,
        )

    def check(self, value: object) -> tuple[Violation, ...]:
        """Every way in which the value breaks the contract, at most `MOST_VIOLATIONS`; empty if it may be
        sent.

        Takes JSON's own types, with int and Decimal of any size; anything else is a violation.
        """
        foreign = tuple(islice(_foreign(value), MOST_VIOLATIONS))
        if foreign:
            return foreign
        return tuple(
            Violation(_real_path(error.instance_path, value), _message(error))
            for error in islice(self._validator.iter_errors(value), MOST_VIOLATIONS)
        )


@lru_cache(maxsize=1024)
def compiles(pattern: str) -> bool:
    """Whether a pattern (ECMA-262, as JSON Schema says) can be checked within the bounds set here."""
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=_PATTERNS, offline=True)
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True


def _foreign(value: object) -> Iterator[Violation]:
    """What in a value is no JSON: the validator would take NaN for null, and stop at the rest with an exception."""
    pending: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while pending:
        path, one = pending.pop()
        if len(path) > DEEPEST:
            yield Violation(path, f"is nested deeper than {DEEPEST} levels")
        elif isinstance(one, dict):
            for key, inner in one.items():
                if not isinstance(key, str) or not _is_text(key):
                    yield Violation(path, "has a key that is no text")
                else:
                    pending.append(((*path, key), inner))
        elif isinstance(one, (list, tuple)):
            pending.extend(((*path, index), inner) for index, inner in enumerate(one))
        elif isinstance(one, str):
            if not _is_text(one):
                yield Violation(path, "is no text: it holds half of a surrogate pair")
        elif isinstance(one, Decimal):
            # math.isfinite makes a float of it, which holds no more than 1E+308.
            if not one.is_finite():
                yield Violation(path, "is no finite number")
        elif isinstance(one, float):
            if not math.isfinite(one):
                yield Violation(path, "is no finite number")
        elif one is not None and not isinstance(one, (bool, int)):
            yield Violation(path, "is no JSON value")


def _is_text(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _real_path(steps: list[str | int], value: object) -> tuple[str | int, ...]:
    # The library gives every step that looks like a number as an int, keys of objects too.
    path: list[str | int] = []
    for step in steps:
        if isinstance(value, dict):
            path.append(str(step))
            value = value[str(step)]
        elif isinstance(value, (list, tuple)) and isinstance(step, int):
            path.append(step)
            value = value[step]
    return tuple(path)


def _message(error: jsonschema_rs.ValidationError) -> str:
    """What was expected. Built from the schema's side of the error alone."""
    kind = error.kind
    if isinstance(kind, _Kinds.Required):
        return f"lacks the property {kind.property!r}"
    if isinstance(kind, _Kinds.AdditionalProperties):
        return "has a property that the contract does not name"
    if isinstance(kind, _Kinds.Type):
        return f"must be {' or '.join(sorted(kind.types))}"
    if isinstance(kind, _Kinds.Enum):
        listed = ", ".join("null" if one is None else str(one) for one in kind.options[:20])
        return f"must be one of: {listed}{', …' if len(kind.options) > 20 else ''}"
    if isinstance(kind, _Kinds.Pattern):
        return f"must match the pattern {kind.pattern}"
    if isinstance(kind, (_Kinds.BacktrackLimitExceeded, _Kinds.RegexEngineFailure)):
        return "cannot be matched with its pattern within bounds"
    if isinstance(kind, _Kinds.UniqueItems):
        return "must hold no item twice"
    return _limit(kind)


def _limit(kind: jsonschema_rs.ValidationErrorKind) -> str:
    said = {
        "minimum": "must be at least {}",
        "maximum": "must be at most {}",
        "exclusiveMinimum": "must be greater than {}",
        "exclusiveMaximum": "must be less than {}",
        "multipleOf": "must be a multiple of {}",
        "minLength": "must have at least {} characters",
        "maxLength": "must have at most {} characters",
        "minItems": "must have at least {} items",
        "maxItems": "must have at most {} items",
    }
    return said.get(kind.name, f"breaks the contract's {kind.name}").format(kind.value)
