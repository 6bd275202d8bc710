"""Whose credentials a call carries: one policy per way, chosen by the service's `credentials` setting.

After the deadline, because getting credentials may take time (later ways ask a token endpoint); before the
flight, because calls under different credentials are different calls. The next place down is
`adapters/flight.py`.

`WAYS` names every way; another one is a function from `Service` to `Policy` and a row there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeAlias

from adapters.failures import Unauthenticated
from adapters.messages import Policy, Request, Response, Send
from adapters.mistake import nearest
from adapters.service import Service, base_url, private_enough

Way: TypeAlias = Callable[[Service], Policy]

_B64TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # RFC 6750, section 2.1


def none(service: Service) -> Policy:
    """Calls go without credentials, whatever the caller sent."""

    async def policy(request: Request, send: Send) -> Response:
        return await send(_bare(request))

    return policy


def forward(service: Service) -> Policy:
    """The caller's own token goes along as `Authorization: Bearer` (RFC 6750, section 2.1).

    An anonymous caller's call goes without one: whether that is enough is the service's decision, told by its
    401. Raises ValueError where the service's URL is neither https nor loopback. The policy raises
    `Unauthenticated` for a token that is no bearer token in form.
    """
    if not private_enough(base_url(service.url)):
        raise ValueError(
            f"service {service.name!r} would get callers' tokens over plain HTTP: "
            'credentials = "forward" needs an https:// URL, or http:// to localhost, 127.0.0.0/8 or [::1]'
        )

    async def policy(request: Request, send: Send) -> Response:
        token = request.identity.token
        if token is None:
            return await send(_bare(request))
        if _B64TOKEN.fullmatch(token) is None:
            raise Unauthenticated(f"{request.service}: the caller's token is not a bearer token in form")
        headers = {**_bare(request).headers, "authorization": f"Bearer {token}"}
        return await send(replace(request, headers=headers))

    return policy


WAYS: Final[Mapping[str, Way]] = MappingProxyType({"none": none, "forward": forward})


def credentials(service: Service) -> Policy:
    """The policy that the service's settings name. Raises ValueError for an unknown name, or what the way
    refuses.
    """
    way = WAYS.get(service.credentials)
    if way is None:
        known = " or ".join(f'"{name}"' for name in WAYS)
        raise ValueError(
            f"credentials of service {service.name!r} must be {known}, not {service.credentials!r}"
            f"{nearest(service.credentials, WAYS)}"
        )
    return way(service)


def _bare(request: Request) -> Request:
    """The request without an `authorization` of its own: only a way of this file sets that header."""
    if "authorization" not in request.headers:
        return request
    return replace(
        request, headers={name: text for name, text in request.headers.items() if name != "authorization"}
    )
