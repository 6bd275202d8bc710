"""The messages that travel down and up the policy stack: one frozen `Request`, one frozen `Response`.

`resolvers/call.py` makes requests; every policy of `adapters/stack.py` passes them on;
`adapters/transport/transport.py` turns them into bytes on a socket. Nothing here knows aiohttp.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Final, TypeAlias

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


class Awaited:
    """Until when anybody waits for a call that several share, in seconds on the loop's clock; None without an end.

    Beside `Departure` the one thing in a message that changes, and one way too: who joins may wait longer than those
    before.
    """

    __slots__ = ("until",)

    def __init__(self, until: float | None) -> None:
        self.until = until

    def join(self, until: float | None) -> None:
        """One more waits, until then."""
        if self.until is not None:
            self.until = None if until is None else max(self.until, until)

    def __repr__(self) -> str:
        return f"Awaited(until={self.until})"


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
    its field public. `once` is there where the client named the change with a key of its own. `tags` say what a
    read tells of, or a change changes, such as `User:*`: a change drops from caches what has a tag of its own. A read
    `anew` follows a change, and is not answered without asking the service.
    `flight` makes it one with others in flight where that is not the whole request. `fallback` is given where the
    service does not answer, instead of what its operation has. `deadline` is seconds on the
    loop's clock, or None. `departure` takes no part in equality; a copy made with `dataclasses.replace` shares it,
    which is how news of sending travels back up the stack. `awaited` is there where several may wait for it.
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
    tags: tuple[str, ...] = ()
    anew: bool = False
    flight: bytes | None = field(default=None, repr=False)
    fallback: Fallback | None = None
    deadline: float | None = None
    departure: Departure = field(default_factory=Departure, repr=False, compare=False)
    awaited: Awaited | None = field(default=None, repr=False, compare=False)

    @property
    def latest(self) -> float | None:
        """Until when anybody waits for it, as known by now: its own deadline, where nobody shares it."""
        return self.deadline if self.awaited is None else self.awaited.until

    def until(self, deadline: float) -> Request:
        """The same, with this deadline and a departure of its own."""
        copy = _copied(self)
        _PUT_DEADLINE(copy, deadline)
        _PUT_DEPARTURE(copy, Departure())
        return copy

    def shared(self, awaited: Awaited) -> Request:
        """The same, for as long as anybody waits."""
        copy = _copied(self)
        _PUT_AWAITED(copy, awaited)
        return copy

    def carrying(self, headers: Mapping[str, str]) -> Request:
        """The same, with these headers."""
        copy = _copied(self)
        _PUT_HEADERS(copy, headers)
        return copy


# Each call is copied more than once, and `dataclasses.replace` takes three times as long as this. The slots' own
# descriptors fill a copy that nobody else has seen yet; then it is as frozen as any.
_NAMES: Final = [one.name for one in fields(Request)]
_VALUES: Final = attrgetter(*_NAMES)
_PUTS: Final[list[Callable[[Request, object], None]]] = [vars(Request)[name].__set__ for name in _NAMES]
_PUT_HEADERS: Final = _PUTS[_NAMES.index("headers")]
_PUT_DEADLINE: Final = _PUTS[_NAMES.index("deadline")]
_PUT_DEPARTURE: Final = _PUTS[_NAMES.index("departure")]
_PUT_AWAITED: Final = _PUTS[_NAMES.index("awaited")]


def _copied(request: Request) -> Request:
    copy = object.__new__(Request)
    for put, value in zip(_PUTS, _VALUES(request), strict=True):
        put(copy, value)
    return copy


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


@dataclass(frozen=True, slots=True)
class Response:
    """What the service answered. `headers` in lower case, equal ones joined with `, ` (RFC 9110, section
    5.3). `shared`: to another call than the one that it is given to. `moved`: at another place than was asked.
    `freshness` is None for what must not be used again.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    shared: bool = field(default=False, compare=False)
    moved: bool = field(default=False, compare=False)
    freshness: Freshness | None = field(default=None, compare=False)


Send: TypeAlias = Callable[[Request], Awaitable[Response]]
Policy: TypeAlias = Callable[[Request, Send], Awaitable[Response]]
