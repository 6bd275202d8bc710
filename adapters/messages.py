"""The messages that travel down and up the policy stack: one frozen `Request`, one frozen `Response`.

`resolvers/call.py` makes requests; every policy of `adapters/stack.py` passes them on;
`adapters/transport.py` turns them into bytes on a socket. Nothing here knows aiohttp.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Identity:
    """What a call may say of its caller. `partition` separates callers in caches and flights; it never holds
    a token.

    `token` is the caller's own bearer token, verified or not; None for an anonymous caller.
    """

    partition: str
    token: str | None = field(default=None, repr=False)
    tenant: str | None = None


ANONYMOUS = Identity(partition="anonymous")


class Departure:
    """Whether a request may have left this process. The transport marks it; whoever ends the wait reads it.

    It is the one thing in a message that changes, once and one way: an exception cannot carry the truth out
    of a call that was cancelled, and a mutation's `OUTCOME_UNKNOWN` depends on that truth.
    """

    __slots__ = ("sent",)

    def __init__(self) -> None:
        self.sent = False

    def mark(self) -> None:
        """From here on the service may have received the request, whole or in part."""
        self.sent = True

    def __repr__(self) -> str:
        return f"Departure(sent={self.sent})"


@dataclass(frozen=True, slots=True)
class Request:
    """One upstream call. `target` is path and query, percent-encoded, starting with `/`; it is appended to
    the base URL.

    `headers` hold what the operation and the caller supply, names in lower case; credentials are added by
    their policy. `safe` is true for what may be shared and repeated: GET, HEAD and lookups that the project
    declares safe; `keyed` for what carries an idempotency key that its operation declares, so that sending it again
    has no second effect. `entitled`: the gateway may lend it credentials of its own, since its caller is verified or
    its field public. `deadline` is seconds on the loop's clock, or None. `departure` takes no part in equality; a
    copy made with `dataclasses.replace` shares it, which is how news of sending travels back up the stack.
    """

    service: str
    operation: str
    method: str
    target: str = field(repr=False)  # it names people, and may hold a service's key
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    safe: bool = False
    keyed: bool = False
    identity: Identity = field(default=ANONYMOUS, repr=False)
    entitled: bool = False
    deadline: float | None = None
    departure: Departure = field(default_factory=Departure, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Response:
    """What the service answered. `headers` in lower case, equal ones joined with `, ` (RFC 9110, section
    5.3). `shared`: to another call than the one that it is given to.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    shared: bool = field(default=False, compare=False)


Send: TypeAlias = Callable[[Request], Awaitable[Response]]
Policy: TypeAlias = Callable[[Request, Send], Awaitable[Response]]
