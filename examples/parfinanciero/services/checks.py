"""Reading a request's parameters and body: every mistake is noted, then the request is refused once with all
of them.

Parameters are refused with 400 and the parameter's name, bodies with 422 and a JSON pointer in a URI fragment
(RFC 6901, section 6), as RFC 9457 shows it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import cast

import msgspec
from aiohttp import web

from .problems import Problem

WHOLE = re.compile(r"[0-9]{1,9}")
UUID_TEXT = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
MOST_FAULTS = 100


class Parameters:
    """The path, query and header parameters of one request; `done` refuses them when anything was wrong."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._faults: list[dict[str, str]] = []

    def done(self) -> None:
        """Raises `Problem` (400) with all mistakes, or does nothing."""
        if self._faults:
            raise Problem(400, "bad-request", "A parameter is wrong", errors=self._faults)

    def fault(self, name: str, detail: str) -> None:
        """Notes that the parameter `name` is wrong."""
        self._faults.append({"parameter": name, "detail": detail})

    def text(self, name: str, *, most: int, choices: Sequence[str] = ()) -> str | None:
        """A query parameter of 1 to `most` characters, one of `choices` where there are any.

        None when it is absent, and for what was wrong.
        """
        values = self._request.query.getall(name, [])
        if not values:
            return None
        value = values[0]
        if len(values) > 1:
            self.fault(name, "stands more than once")
        elif choices and value not in choices:
            self.fault(name, f"must be one of {', '.join(choices)}")
        elif not 1 <= len(value) <= most:
            self.fault(name, f"must have 1 to {most} characters")
        else:
            return value
        return None

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number from `low` to `high`; `default` when it is absent, and for what was wrong."""
        value = self.text(name, most=9)
        if value is not None and WHOLE.fullmatch(value) and low <= int(value) <= high:
            return int(value)
        if value is not None:
            self.fault(name, f"must be a whole number from {low} to {high}")
        return default

    def listed(
        self, name: str, *, most: int, uuids: bool = False, required: bool = False
    ) -> list[str] | None:
        """A list of 1 to `most` values separated by commas, each once in what this gives.

        None when it is absent, and for what was wrong.
        """
        if required and name not in self._request.query:
            self.fault(name, "is required")
        text = self.text(name, most=most * 65)
        values = [] if text is None else text.split(",")
        if len(values) > most:
            self.fault(name, f"must have 1 to {most} items")
        elif not all(1 <= len(value) <= 64 for value in values):
            self.fault(name, "items must have 1 to 64 characters")
        elif uuids and not all(map(UUID_TEXT.fullmatch, values)):
            self.fault(name, "items must be UUIDs")
        elif values:
            return list(dict.fromkeys(value.lower() if uuids else value for value in values))
        return None

    def path_uuid(self, name: str) -> str:
        """A path parameter that is a UUID, in small letters."""
        value = self._request.match_info[name]
        if not UUID_TEXT.fullmatch(value):
            self.fault(name, "must be a UUID")
        return value.lower()

    def pattern(self, name: str, value: str | None, pattern: re.Pattern[str], expected: str) -> str:
        """`value` (of the path, a header or the query), which must be there and match `pattern` as a whole."""
        if value is None:
            self.fault(name, "is required")
        elif not pattern.fullmatch(value):
            self.fault(name, expected)
        return value or ""


async def read_json(request: web.Request) -> object:
    """The request's JSON body. Raises `Problem`: 415 for another media type, 400 for what is no JSON.

    A body that is too large leaves as aiohttp's own 413.
    """
    if request.content_type != "application/json":
        raise Problem(415, "unsupported-media-type", "The body must be application/json")
    try:
        return msgspec.json.decode(await request.read())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "bad-json", "The body is no JSON") from None


class Body:
    """The members of one JSON object in a body. Objects within it (`part`, `parts`) note mistakes in the same
    list.
    """

    def __init__(
        self,
        value: object,
        known: Sequence[str],
        *,
        at: str = "#",
        faults: list[dict[str, str]] | None = None,
    ) -> None:
        self._at = at
        self._faults: list[dict[str, str]] = [] if faults is None else faults
        self._members: Mapping[str, object] = {}
        if isinstance(value, dict):
            self._members = cast("Mapping[str, object]", value)
            for name in self._members:
                if name not in known:
                    escaped = name.replace("~", "~0").replace("/", "~1")
                    self.fault(escaped, f"is not known here; known are {', '.join(known)}")
        else:
            self._note(at, "must be an object")

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def done(self) -> None:
        """Raises `Problem` (422) with all mistakes of the whole body, or does nothing."""
        if self._faults:
            raise Problem(422, "invalid-body", "The body is not valid", errors=self._faults)

    def some(self) -> None:
        """Notes a mistake when the object has no member at all."""
        if not self._members and not self._faults:
            self._note(self._at, "must name at least one member")

    def fault(self, name: str, detail: str) -> None:
        """Notes that the member `name` is wrong."""
        self._note(f"{self._at}/{name}", detail)

    def _note(self, pointer: str, detail: str) -> None:
        if len(self._faults) < MOST_FAULTS:
            self._faults.append({"pointer": pointer, "detail": detail})

    def text(
        self,
        name: str,
        *,
        most: int,
        least: int = 1,
        pattern: re.Pattern[str] | None = None,
        nullable: bool = False,
    ) -> str | None:
        """A string of `least` to `most` characters that matches `pattern`; None for null and for what was
        wrong.
        """
        value = self._members.get(name)
        if nullable and value is None:
            return None
        if name not in self._members:
            self.fault(name, "is required")
        elif not isinstance(value, str):
            self.fault(name, "must be a string" + (" or null" if nullable else ""))
        elif not least <= len(value) <= most:
            self.fault(name, f"must have {least} to {most} characters")
        elif pattern is not None and not pattern.fullmatch(value):
            self.fault(name, f"must match {pattern.pattern}")
        else:
            return value
        return None

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        """One of `choices`."""
        value = self._members.get(name)
        if name not in self._members:
            self.fault(name, "is required")
        elif isinstance(value, str) and value in choices:
            return value
        else:
            self.fault(name, f"must be one of {', '.join(choices)}")
        return None

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`; `low` for what was wrong."""
        value = self._members.get(name)
        if name not in self._members:
            self.fault(name, "is required")
        elif isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        else:
            self.fault(name, f"must be a whole number from {low} to {high}")
        return low

    def decimal(self, name: str, pattern: re.Pattern[str]) -> Decimal:
        """A decimal number above 0, written as a string that matches `pattern`; 1 for what was wrong."""
        value = self.text(name, most=40, pattern=pattern)
        if value is not None and Decimal(value) == 0:
            self.fault(name, "must be more than 0")
        return Decimal(value or 1)

    def uuid(self, name: str) -> str:
        """A UUID in small letters; empty for what was wrong."""
        value = self._members.get(name)
        if name not in self._members:
            self.fault(name, "is required")
        elif isinstance(value, str) and UUID_TEXT.fullmatch(value):
            return value.lower()
        else:
            self.fault(name, "must be a UUID")
        return ""

    def day(self, name: str, *, nullable: bool = True) -> str | None:
        """A date `YYYY-MM-DD`; None for null, and for what was wrong."""
        value = self.text(name, least=10, most=10, pattern=DAY, nullable=nullable)
        if value is not None:
            try:
                date.fromisoformat(value)
            except ValueError:
                self.fault(name, "must be a date")
        return value

    def free(self, name: str) -> dict[str, object]:
        """An object with any members."""
        value = self._members.get(name)
        if isinstance(value, dict):
            return cast("dict[str, object]", value)
        self.fault(name, "must be an object")
        return {}

    def part(self, name: str, known: Sequence[str]) -> Body:
        """The object in the member `name`."""
        return Body(self._members.get(name), known, at=f"{self._at}/{name}", faults=self._faults)

    def parts(self, name: str, known: Sequence[str], *, least: int, most: int) -> list[Body]:
        """The objects of the array in the member `name`; none of them when their number is wrong."""
        value = self._members.get(name)
        if name not in self._members:
            self.fault(name, "is required")
        elif not isinstance(value, list):
            self.fault(name, "must be an array")
        elif not least <= len(value) <= most:
            self.fault(name, f"must have {least} to {most} items")
        else:
            items = cast("list[object]", value)
            return [
                Body(item, known, at=f"{self._at}/{name}/{index}", faults=self._faults)
                for index, item in enumerate(items)
            ]
        return []
