"""The messages that travel down and up the policy stack: one frozen `Request`, one frozen `Response`.

`resolvers/call.py` makes requests; every policy of `adapters/stack.py` passes them on;
`adapters/transport.py` turns them into bytes on a socket. Nothing here knows aiohttp.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Final, TypeAlias


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
class Once:
    """What a client says to be one change, however often it is sent. `key` names it, to no other caller and for no
    other operation; `payload` is a digest of what it is to do. Neither holds anything that the client wrote.
    """

    key: str
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One upstream call. `target` is path and query, percent-encoded, starting with `/`; it is appended to
    the base URL.

    `headers` hold what the operation and the caller supply, names in lower case; credentials are added by
    their policy. `safe` is true for what may be shared and repeated: GET, HEAD and lookups that the project
    declares safe; `keyed` for what carries an idempotency key that its operation declares, so that sending it again
    has no second effect. `entitled`: the gateway may lend it credentials of its own, since its caller is verified or
    its field public. `once` is there where the client named the change with a key of its own. `deadline` is seconds
    on the loop's clock, or None. `departure` takes no part in equality; a copy made with `dataclasses.replace` shares
    it, which is how news of sending travels back up the stack.
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
    once: Once | None = None
    deadline: float | None = None
    departure: Departure = field(default_factory=Departure, repr=False, compare=False)

    def until(self, deadline: float) -> Request:
        """The same, with this deadline and a departure of its own. Each call is so copied once: half the price of
        `dataclasses.replace` matters.
        """
        values = list(_VALUES(self))
        values[_DEADLINE], values[_DEPARTURE] = deadline, Departure()
        return Request(*values)


_NAMES: Final = [one.name for one in fields(Request)]
_VALUES: Final = attrgetter(*_NAMES)
_DEADLINE: Final = _NAMES.index("deadline")
_DEPARTURE: Final = _NAMES.index("departure")


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
