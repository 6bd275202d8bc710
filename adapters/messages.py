"""The messages that travel down and up the policy stack: one frozen `Request`, one frozen `Response`.

`resolvers/call.py` makes requests; every policy of `adapters/stack.py` passes them on;
`adapters/transport/transport.py` turns them into bytes on a socket. Nothing here knows aiohttp.

These two are Structs, not dataclasses, since each call makes them and copies them more than once: msgspec does that
in C. `msgspec.structs.replace` makes the copies.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from adapters.policies.fallback_rule import Fallback


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


class Departure(msgspec.Struct, eq=False):
    """Whether a request may have left this process. The transport marks it; whoever ends the wait reads it.

    It is the one thing in a message that changes, once and one way: an exception cannot carry the truth out
    of a call that was cancelled, and a mutation's `OUTCOME_UNKNOWN` depends on that truth.
    """

    sent: bool = False

    def mark(self) -> None:
        """From here on the service may have received the request, whole or in part."""
        self.sent = True


class Awaited(msgspec.Struct, eq=False):
    """Until when anybody waits for a call that several share, in seconds on the loop's clock; None without an end.

    Beside `Departure` the one thing in a message that changes, and one way too: who joins may wait longer than those
    before.
    """

    until: float | None

    def join(self, until: float | None) -> None:
        """One more waits, until then."""
        if self.until is not None:
            self.until = None if until is None else max(self.until, until)


@dataclass(frozen=True, slots=True)
class Once:
    """What a client says to be one change, however often it is sent. `key` names it, to no other caller and for no
    other operation; `payload` is a digest of what it is to do. Neither holds anything that the client wrote.
    """

    key: str
    payload: bytes = field(repr=False)


class Request(msgspec.Struct, frozen=True, eq=False):
    """One upstream call. `target` is path and query, percent-encoded, starting with `/`; it is appended to
    the base URL.

    `headers` hold what the operation and the caller supply, names in lower case; credentials are added by
    their policy. `safe` is true for what may be shared and repeated: GET, HEAD and lookups that the project
    declares safe; `keyed` for what carries an idempotency key that its operation declares, so that sending it again
    has no second effect. `entitled`: the gateway may lend it credentials of its own, since its caller is verified or
    its field public. `once` is there where the client named the change with a key of its own. `tags` say what a
    read tells of, or a change changes, such as `User:*`: a change drops from caches what has a tag of its own. A read
    `anew` follows a change, and is not answered without asking the service.
    `flight` makes it one with others in flight where that is not the whole request. `fallback` is given where the
    service does not answer, instead of what its operation has. `deadline` is seconds on the
    loop's clock, or None. `departure` takes no part in equality; a copy with something else in it shares it,
    which is how news of sending travels back up the stack. `awaited` is there where several may wait for it.
    """

    service: str
    operation: str
    method: str
    target: str  # it names people, and may hold a service's key
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes | None = None
    safe: bool = False
    keyed: bool = False
    identity: Identity = ANONYMOUS
    entitled: bool = False
    once: Once | None = None
    tags: tuple[str, ...] = ()
    anew: bool = False
    flight: bytes | None = None
    fallback: Fallback | None = None
    deadline: float | None = None
    departure: Departure = msgspec.field(default_factory=Departure)
    awaited: Awaited | None = None

    @property
    def latest(self) -> float | None:
        """Until when anybody waits for it, as known by now: its own deadline, where nobody shares it."""
        return self.deadline if self.awaited is None else self.awaited.until

    def until(self, deadline: float) -> Request:
        """The same, with this deadline and a departure of its own."""
        return replace(self, deadline=deadline, departure=Departure())

    def shared(self, awaited: Awaited) -> Request:
        """The same, for as long as anybody waits."""
        return replace(self, awaited=awaited)

    def carrying(self, headers: Mapping[str, str]) -> Request:
        """The same, with these headers."""
        return replace(self, headers=headers)

    def __eq__(self, other: object) -> bool:
        return _COMPARED(self) == _COMPARED(other) if isinstance(other, Request) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.service, self.operation, self.method, self.target, self.body))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in _SHOWN)
        return f"Request({shown})"


_COMPARED: Final = attrgetter(
    *(one for one in Request.__struct_fields__ if one not in ("departure", "awaited"))
)
_SHOWN: Final = (
    "service",
    "operation",
    "method",
    "safe",
    "keyed",
    "entitled",
    "once",
    "tags",
    "anew",
    "fallback",
    "deadline",
)
"""What says nothing of anybody, and holds no key."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How an answer may be used again. `left` seconds it stays fresh from when it is given; 0 where it must be asked
    for anew. `age`: seconds since the service made it or said that it still holds. `private`: for its own caller's
    partition alone. `cached`: no call brought it; `stale`: it was used though it was not fresh any more. `constant`:
    it is none of the service's, but stands for one.
    """

    left: float
    age: float
    private: bool
    cached: bool = False
    stale: bool = False
    constant: bool = False


class Response(msgspec.Struct, frozen=True, eq=False):
    """What the service answered. `headers` in lower case, equal ones joined with `, ` (RFC 9110, section
    5.3). `shared`: to another call than the one that it is given to. `moved`: at another place than was asked.
    `freshness` is None for what must not be used again. The last three take no part in equality.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    shared: bool = False
    moved: bool = False
    freshness: Freshness | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Response):
            return NotImplemented
        return (self.status, self.headers, self.body) == (other.status, other.headers, other.body)

    def __hash__(self) -> int:
        return hash((self.status, self.body))

    def __repr__(self) -> str:
        return f"Response(status={self.status}, shared={self.shared}, moved={self.moved}, freshness={self.freshness})"


Send: TypeAlias = Callable[[Request], Awaitable[Response]]
Policy: TypeAlias = Callable[[Request, Send], Awaitable[Response]]
