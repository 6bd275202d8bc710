"""What should be known of a project's credentials, and of whom it shows answers to, though it may be meant: `stolon
check` says it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adapters.credentials.credential_kinds import ApiKey
from adapters.service import Service
from adapters.sharing.shared_store import SharedRule


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
        for operation, rules in service.operations.items() if service.of_caller else ():
            if rules.reuse.shared:
                yield (
                    f"services.{service.name}.operations.{operation}: shared = true gives what one caller's own "
                    "credentials fetched to every caller"
                )


def cautions_of_store(shared: SharedRule | None) -> Iterator[str]:
    """One line where answers and a password travel to the shared store so that a network may read them."""
    if shared is not None and not shared.address.private_enough:
        yield (
            "cache.url: answers, and a password if there is one, travel to the shared store in clear; prefer a "
            "rediss:// URL"
        )
