"""What a service says went wrong: problem documents, and the error shapes that services really send. Pure.

`resolvers/errors.py` asks for the `Problem` of an answer that is no success, and decides what of it a client
may see. Everything is bounded here, so that no service can make an error of any size or depth; nothing here
ever raises on what a service sent.

Read are RFC 9457 (and 7807, which it replaces), and: lists of errors with `pointer`, `field`, `name` or
`parameter`; JSON:API (`errors[].source`); FastAPI (`detail[].loc`); Spring (`field`, `defaultMessage`);
`invalid-params`; Rails, ASP.NET and Django (names with lists of texts); OAuth (`error_description`);
`{"error": text}`, `{"error": {…}}`, `{"message": text}`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec

from adapters.field_problem import DETAIL, TITLE, FieldProblem, cut, entry, listed, text_of, tree
from adapters.messages import Response

__all__ = ["FieldProblem", "Problem", "read_problem", "retry_after"]

_BODY: Final = 256 * 1024  # a longer one is no message to anybody
_FIELDS: Final = 50
_MEMBERS: Final = 32
_ITEMS: Final = 50
_DEPTH: Final = 4
_RFC: Final = ("type", "title", "status", "detail", "instance")
_LISTS: Final = (
    "errors", "invalid-params", "invalid_params", "invalidParams", "violations", "fieldErrors",
    "field_errors", "validationErrors", "validation_errors", "details", "detail",
)  # fmt: skip
_DETAILS: Final = (
    "detail",
    "message",
    "error_description",
    "errorMessage",
    "error_message",
    "msg",
    "description",
)
_SECONDS: Final = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as the service told it; what it did not tell is None. RFC 9457, section 3.1, names the first
    five.

    `extensions` are the document's other members, cut to bounds. `fields` are complaints about single values,
    at most 50.
    """

    type: str | None = None
    title: str | None = None
    status: int | None = None
    detail: str | None = None
    instance: str | None = None
    extensions: Mapping[str, object] = field(default_factory=dict)
    fields: tuple[FieldProblem, ...] = ()


def read_problem(response: Response) -> Problem | None:
    """The problem that a body tells, or None where the body is no JSON object (text, HTML, nothing, over 256
    KiB).
    """
    if not response.body or len(response.body) > _BODY:
        return None
    try:
        document = msgspec.json.decode(response.body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    fields = tuple(_fields(document))
    status = document.get("status")
    inner = document.get("error")
    sources = _sources(document)
    detail = next((text for one in sources if (text := _detail(one)) is not None), None)
    title = next((text for one in sources if (text := text_of(one, ("title",), TITLE)) is not None), None)
    if isinstance(inner, str) and inner:
        # `error` beside a message is the kind of error (OAuth, Spring); alone, it is all that was said.
        if detail is None:
            detail = cut(inner, DETAIL)
        else:
            title = title or cut(inner, TITLE)
    if detail is None and title is None:
        title, detail = _first_of_errors(document)
    return Problem(
        type=text_of(document, ("type",), TITLE),
        title=title,
        status=status if isinstance(status, int) and 100 <= status <= 599 else None,
        detail=detail,
        instance=text_of(document, ("instance",), TITLE),
        extensions=_extensions(document),
        fields=fields,
    )


def _sources(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The document, then what it wraps: `{"error": {…}}`, and FastAPI's `{"detail": {…}}`."""
    return [document, *(one for name in ("error", "detail") if isinstance(one := document.get(name), dict))]


def _detail(source: Mapping[str, Any]) -> str | None:
    return text_of(source, _DETAILS, DETAIL)


def _first_of_errors(document: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Title and detail out of a list of errors: texts in a row, or the first error's own (JSON:API)."""
    errors = document.get("errors")
    if isinstance(errors, str):
        return None, cut(errors, DETAIL)
    if not isinstance(errors, list) or not errors:
        return None, None
    texts = [one for one in errors[:_FIELDS] if isinstance(one, str)]
    if texts:
        return None, cut("; ".join(cut(one, DETAIL) for one in texts), DETAIL)
    first = errors[0]
    if not isinstance(first, dict):
        return None, None
    return text_of(first, ("title",), TITLE), _detail(first)


def _fields(document: dict[str, Any]) -> list[FieldProblem]:
    found: list[FieldProblem] = []
    for one in _complaints(document):
        if one not in found:
            found.append(one)
        if len(found) == _FIELDS:
            break
    return found


def _complaints(document: dict[str, Any]) -> Iterator[FieldProblem]:
    for source in _sources(document):
        for name in _LISTS:
            value = source.get(name)
            if isinstance(value, list):
                yield from _of_list(value)
            elif isinstance(value, dict) and name not in ("detail", "details"):
                yield from tree(value)
    if document.keys().isdisjoint(_LISTS) and all(listed(value) for value in document.values()):
        yield from tree(document)  # Django REST framework: nothing but names with lists of texts


def _of_list(items: list[Any]) -> Iterator[FieldProblem]:
    for item in items[: 2 * _FIELDS]:
        if not isinstance(item, dict):
            continue
        found = entry(item)
        if found is not None:
            yield found
        violations = item.get("fieldViolations")  # google.rpc.BadRequest
        if isinstance(violations, list):
            for one in violations[:_FIELDS]:
                if isinstance(one, dict) and (violation := entry(one)) is not None:
                    yield violation


def _extensions(document: Mapping[str, Any]) -> dict[str, object]:
    names = [name for name in document if name not in _RFC][:_MEMBERS]
    return {cut(name, TITLE): _bounded(document[name], _DEPTH) for name in names}


def _bounded(value: Any, depth: int) -> object:
    if isinstance(value, str):
        return cut(value, DETAIL)
    if isinstance(value, dict):
        if depth == 0:
            return {}
        return {cut(name, TITLE): _bounded(item, depth - 1) for name, item in list(value.items())[:_MEMBERS]}
    if isinstance(value, list):
        return [] if depth == 0 else [_bounded(item, depth - 1) for item in value[:_ITEMS]]
    return value


def retry_after(response: Response, now: float) -> int | None:
    """The whole seconds that a service asks to wait, from `retry-after` (RFC 9110, section 10.2.3), or None.

    Both forms are read, seconds and an HTTP-date. `now` is seconds since the epoch; a date that has passed
    gives 0.
    """
    text = response.headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return int(text)
    try:
        when = parsedate_to_datetime(text)
        # An HTTP-date is always in GMT; Python reads some of its forms as having no zone.
        seconds = when.replace(tzinfo=when.tzinfo or UTC).timestamp() - now
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return max(0, math.ceil(seconds))
