"""A decoded success, and what is taken from it: the value that `pick` names, or one page of a list. Pure.

`resolvers/store.py` settles answers; `resolvers/answer.py` decodes and picks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from resolvers.answer import picked
from resolvers.errors import page_fault
from resolvers.fault import FieldError
from resolvers.paging import Page, PageViolation, read_page
from resolvers.settled import ABSENT, Settled
from resolvers.source import BoundOperation


@dataclass(frozen=True, slots=True)
class Answered:
    """A decoded success: the JSON body and the response's headers."""

    body: Any
    headers: Mapping[str, str]


def value_of(call: BoundOperation, settled: Settled) -> Settled:
    """A settled answer as the pair of value and place that `pick` names, or as the fault that stands in its place."""
    if settled.fault is not None or settled.value is None:
        return settled
    answered: Answered = settled.value
    try:
        value, where = picked(call, answered.body)
    except FieldError as broken:
        return Settled(fault=broken.fault)
    return ABSENT if value is None else Settled((value, where))


def page_of(call: BoundOperation, answered: Answered | None) -> Page:
    """An answer as one page of its list; a declared 404 is an empty one. Raises FieldError."""
    assert call.paging is not None  # binding gives pages to paged operations alone
    if answered is None:
        return Page(items=[], total=0, more=False, next=None)
    try:
        return read_page(call.paging, answered.body, answered.headers)
    except PageViolation as broken:
        raise FieldError(page_fault(call, broken)) from None
