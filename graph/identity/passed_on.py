"""Which of a client's headers services get: those on the project's list, and the tenant that was verified. Pure.

`graph/executing/lanes.py` puts them into the context of each request; `resolvers/call.py` into each call.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from adapters.policies.flight import LEFT_OUT


def passed_on(
    headers: Mapping[str, str], forward: Collection[str], tenant_header: str | None, tenant: str | None
) -> dict[str, str]:
    """The headers that services get, names in lower case. The `tenant` is the caller's, whatever the client says."""
    passed = {
        name: value
        for name, value in headers.items()
        # What no header may hold on its way to a service would fail every call for its sake.
        if name in forward and value.isascii() and value.isprintable()
    }
    if tenant_header is not None:
        passed.pop(tenant_header, None)
        if tenant is not None:
            passed[tenant_header] = tenant
    return passed


def varying(forward: Iterable[str], tenant_header: str | None, *, public: bool) -> tuple[str, ...]:
    """The names of the request's headers that an answer depends on: those that services get of it, but for those of
    tracing; and whatever says who asks.

    An answer that is `public` depends on that only where there is a `tenant_header`: services are told the tenant
    that a verified token names, so that a caller with one may get another answer. Tokens that nobody reads name none.
    """
    names = {name for name in forward if name not in LEFT_OUT}
    if tenant_header is not None:
        names |= {"authorization", tenant_header}
    elif not public:
        names.add("authorization")
    return tuple(sorted(names))
