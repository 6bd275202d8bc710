"""Versions as entity tags, and what clients require of them (RFC 9110, sections 8.8.3 and 13.1)."""

from __future__ import annotations

from aiohttp import ETag, web

from .problems import Problem


def etag(version: int) -> str:
    """The strong entity tag of a version: 3 gives `"3"`, with the quotes."""
    return f'"{version}"'


def unchanged(request: web.Request, version: int) -> bool:
    """Whether `If-None-Match` names this version; weak tags count (section 13.1.2)."""
    return _names(request.if_none_match or (), version, weak=True)


def require_match(request: web.Request, version: int) -> None:
    """Raises `Problem` (412) when an `If-Match` does not name this version; weak tags never do."""
    # The header, not aiohttp's reading of it: that takes an empty header for none.
    if "If-Match" in request.headers and not _names(request.if_match or (), version, weak=False):
        raise Problem(412, "precondition-failed", "There is another version by now")


def require_condition(request: web.Request) -> None:
    """Raises `Problem` (428, RFC 6585) when there is no `If-Match`."""
    if "If-Match" not in request.headers:
        fault = {"parameter": "If-Match", "detail": "is required"}
        raise Problem(428, "precondition-required", "Say which version shall change", errors=[fault])


def _names(tags: tuple[ETag, ...], version: int, *, weak: bool) -> bool:
    return any(tag.value in ("*", str(version)) and (weak or not tag.is_weak) for tag in tags)
