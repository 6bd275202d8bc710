"""A success, and what is taken from it: the value that `pick` names, or one page of a list. Pure.

`resolvers/loading/store.py` settles answers; `resolvers/reading/answer.py` decodes and picks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapters.messages import Request, Response
from resolvers.errors import page_fault
from resolvers.fault import FieldError
from resolvers.loading.settled import ABSENT, Settled
from resolvers.paging.paging import Page, PageViolation, read_page
from resolvers.reading.answer import body_of, picked
from resolvers.reading.where import down
from resolvers.source import BoundOperation

_UNREAD: Final = object()


class Answered:
    """A success. Its body is decoded when somebody looks, once; or, by who knows just what of it is needed,
    to types of their own.
    """

    __slots__ = ("_body", "_call", "_rows", "request", "response")

    def __init__(self, call: BoundOperation, request: Request, response: Response) -> None:
        self._call = call
        self.request = request
        self.response = response
        self._body: Any = _UNREAD
        self._rows: Any = _UNREAD

    @property
    def headers(self) -> Mapping[str, str]:
        """The response's headers, names in lower case."""
        return self.response.headers

    @property
    def body(self) -> Any:
        """The decoded JSON body. Raises FieldError for what is no JSON."""
        if self._body is _UNREAD:
            self._body = body_of(self._call, self.response)
        return self._body

    @property
    def rows(self) -> Any:
        """The body as far as rows lead, with a `Row` for each object; None where it has to be decoded as a whole."""
        if self._rows is _UNREAD:
            read = self._call.rows if self._body is _UNREAD else None
            self._rows = None if read is None else read(self.response.body)
        return self._rows

    def decoded(self, decode: Callable[[bytes], Any]) -> Any:
        """The body as `decode` has it. Raises what that raises."""
        return decode(self.response.body)


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


def rows_of(call: BoundOperation, settled: Settled) -> Settled:
    """The same, with a `Row` for each object."""
    if settled.fault is not None or settled.value is None:
        return settled
    found = settled.value.rows
    if found is None:
        return value_of(call, settled)
    for step in call.pick:
        found = found[step]
    return Settled((found, down(call.root, call.pick)))


def page_of(call: BoundOperation, answered: Answered | None) -> Page:
    """An answer as one page of its list, objects as rows; a declared 404 is an empty one. Raises FieldError."""
    assert call.paging is not None  # binding gives pages to paged operations alone
    if answered is None:
        return Page(items=[], total=0, more=False, next=None)
    rows = answered.rows
    try:
        return read_page(call.paging, answered.body if rows is None else rows, answered.headers)
    except PageViolation as broken:
        raise FieldError(page_fault(call, broken)) from None
