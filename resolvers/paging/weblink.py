"""Where the next page is, said as a URL: in a `Link` header (RFC 8288) or in the answer's body.

Only the URL's query parameters are ever used, and of them only names that the paging allows: a service cannot
lead a call to another origin or path, and what else it writes into its URLs (an API key, say) goes no
further. `resolvers/paging/page.py` asks here; the parameters go into the next call.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

MAX_URL = 8192
MAX_PARAMETERS = 64

QueryValue: TypeAlias = str | tuple[str, ...]


class UnusableUrl(ValueError):
    """A next URL that names no next page. `expected` and `found` speak of its form, never of its text."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


def next_link(header: str) -> str | None:
    """The target of the first link with rel="next" in a `Link` header's value (RFC 8288, section 3), or None.

    A link with an `anchor` speaks of another resource and is passed over (section 3.2); of several `rel`
    parameters the first counts (section 3.3). What cannot be parsed is passed over too, as appendix B.3 does.
    """
    for link in _split(header, ","):
        target, *parameters = (part.strip() for part in _split(link, ";"))
        if not (target.startswith("<") and target.endswith(">")):
            continue
        named: dict[str, str] = {}
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            named.setdefault(name.strip().lower(), value.strip().strip('"'))
        if "anchor" not in named and "next" in named.get("rel", "").lower().split():
            return target[1:-1].strip()
    return None


def url_parameters(url: str, allowed: Collection[str]) -> dict[str, QueryValue]:
    """The allowed query parameters of a URL, decoded; a repeated one keeps all its values, as a tuple.

    Raises `UnusableUrl` where the URL is over 8192 characters or 64 parameters, malformed, or has no allowed
    one.
    """
    if len(url) > MAX_URL:
        raise UnusableUrl(f"a URL of at most {MAX_URL} characters", "a longer one")
    try:
        query = urlsplit(url).query
    except ValueError as broken:
        raise UnusableUrl("a URL", "text that is none") from broken
    if query.count("&") >= MAX_PARAMETERS:
        raise UnusableUrl(f"a URL of at most {MAX_PARAMETERS} query parameters", "more")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as broken:
        raise UnusableUrl("a URL in UTF-8", "other bytes") from broken
    found: dict[str, QueryValue] = {}
    for name, value in pairs:
        if name in allowed:
            former = found.get(name)
            if former is None:
                found[name] = value
            else:
                found[name] = (*((former,) if isinstance(former, str) else former), value)
    if not found:
        raise UnusableUrl("a URL with query parameters of the paging", "a URL without them")
    return found


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that stand neither in `<>` nor in a quoted string (RFC 9110, section
    5.6.4).
    """
    parts: list[str] = []
    start = 0
    quoted = angled = escaped = False
    for index, character in enumerate(text):
        if escaped:
            escaped = False
        elif quoted:
            escaped = character == "\\"
            quoted = character != '"'
        elif angled:
            angled = character != ">"
        elif character == '"':
            quoted = True
        elif character == "<":
            angled = True
        elif character == separator:
            parts.append(text[start:index])
            start = index + 1
    parts.append(text[start:])
    return parts
