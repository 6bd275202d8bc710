"""HTTP-dates as seconds since 1970 (RFC 9110, section 5.6.7). Pure.

Read strictly: a date in no form of the RFC's must count as one that has passed (RFC 9111, section 5.3), so that
guessing what a service meant would keep answers that it did not allow to be kept. `adapters/caching/cache_life.py`
asks.
"""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, datetime
from typing import Final

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH: Final = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME: Final = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_DAY: Final = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_FORMS: Final = tuple(
    re.compile(form)
    for form in (
        rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT",
        rf"{_DAY}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<short>[0-9]{{2}}) {_TIME} GMT",
        rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {_MONTH} (?P<day>[ 0-9][0-9]) {_TIME} (?P<year>[0-9]{{4}})",
    )
)


def http_date(text: str, now: float) -> float | None:
    """Seconds since 1970; None for what is no HTTP-date. `now`, in the same seconds, tells the century of years with
    two digits: they are at most 50 years from now.
    """
    found = next((match for form in _FORMS if (match := form.fullmatch(text))), None)
    if found is None:
        return None
    parts = found.groupdict()
    year = _full(int(parts["short"]), now) if "short" in parts else int(parts["year"])
    clock = int(parts["hour"]), int(parts["minute"]), min(int(parts["second"]), 59)  # 60 is a leap second
    try:
        whole = datetime(year, _MONTHS.index(parts["month"]) + 1, int(parts["day"]), *clock, tzinfo=UTC)
    except ValueError:
        return None
    return float(timegm(whole.timetuple()))


def _full(short: int, now: float) -> int:
    this = datetime.fromtimestamp(now, UTC).year
    year = this - this % 100 + short
    return year - 100 if year > this + 50 else year
