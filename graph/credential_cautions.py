"""What should be known of a project's credentials though it may be meant: `stolon check` says it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adapters.credential_kinds import ApiKey
from adapters.service import Service


def cautions(services: Iterable[Service], *, verifies: bool) -> Iterator[str]:
    """One line each. `verifies`: the project has an `[identity]`, so that callers can be verified."""
    for service in services:
        way = service.credentials
        if isinstance(way, ApiKey) and way.query is not None:
            yield (
                f"services.{service.name}: its key goes in the query, and so into the logs of whatever stands "
                "between; prefer a header where the service takes one"
            )
        if service.lends and not verifies:
            yield (
                f"services.{service.name}: it is called with the gateway's own credentials, and without [identity] "
                "no caller is verified: only fields that say public=True reach it"
            )
