"""Testing a project's graph without its services: scripted answers, and counts of what was asked.

```python
services = testing.Services()
services.answer("users", "getUser", json={"data": {"id": "u-1", "name": "Ana"}})
result = await testing.execute(schema, "{ user(userId: \"u-1\") { name } }", services)
assert result.data == {"user": {"name": "Ana"}}
assert services.calls == {"users.getUser": 1}
```
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec

from adapters.contract.contract import MISSING
from adapters.failures import BadAnswer, TimedOut, Unavailable
from adapters.messages import Identity, Request, Response, Send
from adapters.policies.fallback import fallback
from adapters.service import Service
from adapters.stack import stack
from graph.declaring.schema import Schema
from graph.executing.executor import GraphQLRequest
from graph.executing.lanes import PLAN, Lanes
from resolvers.caller import Caller

__all__ = [
    "Answer",
    "BadAnswer",
    "Caller",
    "Identity",
    "Request",
    "Response",
    "Service",
    "Services",
    "TimedOut",
    "Unavailable",
    "answer",
    "caller",
    "execute",
]

Handler: TypeAlias = Callable[[Request], "Response | Awaitable[Response]"]
"""Answers one request of one operation; may raise `TimedOut`, `Unavailable` or `BadAnswer`, each with `sent=` true
where the request may have reached the service.
"""


def answer(json: object = None, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response with a JSON body; without one where `json` is None. Header names in lower case."""
    body = b"" if json is None else msgspec.json.encode(json)
    return Response(status, {"content-type": "application/json", **(headers or {})}, body)


def caller(
    subject: str | None = None, *, scopes: tuple[str, ...] = (), roles: tuple[str, ...] = (), **claims: object
) -> Caller:
    """A verified caller, as if by a token with these scopes, roles and claims."""
    stated = {**claims, **({} if subject is None else {"sub": subject})}
    identity = Identity(partition=f"test:{subject}", token=f"token-of-{subject}")
    return Caller(
        identity, authenticated=True, scopes=frozenset(scopes), roles=frozenset(roles), claims=stated
    )


class Answer(msgspec.Struct, frozen=True):
    """A response (GraphQL, section 7.1), as plain dicts and lists. `data` is `MISSING` where nothing was executed,
    None where all of it was nulled. `errors` are in the form that clients get, their codes in `extensions`.
    """

    data: Any = MISSING
    errors: list[dict[str, Any]] = []
    extensions: Mapping[str, Any] = {}


@dataclass(slots=True)
class _Scripted:
    service: Service
    send: Send
    entities: None = None


class Services:
    """Scripted services. `requests` are all that were sent, in order; `calls` counts them by
    `service.operation`.
    """

    def __init__(self, **settings: Service) -> None:
        self.requests: list[Request] = []
        self._handlers: dict[tuple[str, str], Handler] = {}
        self._settings = settings
        self._unscripted: list[str] = []

    @property
    def calls(self) -> dict[str, int]:
        """How often each operation was called."""
        return dict(Counter(f"{one.service}.{one.operation}" for one in self.requests))

    def on(self, service: str, operation: str, handler: Handler) -> None:
        """Let a handler answer an operation from now on."""
        self._handlers[service, operation] = handler

    def answer(
        self,
        service: str,
        operation: str,
        *,
        json: object = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Let an operation give one answer from now on."""
        given = answer(json, status, headers)
        self.on(service, operation, lambda _: given)

    def upstreams(self, schema: Schema) -> dict[str, _Scripted]:
        """The services of a schema's contracts, as the store wants them."""
        named = {
            name: self._settings.get(name) or Service(name, "http://localhost", credentials="forward")
            for name in schema.graph.contracts.all_read
        }
        # Nothing is cached here, so that of fallbacks there are the constants.
        return {
            name: _Scripted(service, stack(fallback(service.fallbacks), transport=self._send))
            for name, service in named.items()
        }

    def check_all_scripted(self) -> None:
        """Raises LookupError where an operation was called for which nothing is scripted, and names the scripted."""
        missing, self._unscripted = self._unscripted, []
        if missing:
            known = sorted(f"{service}.{operation}" for service, operation in self._handlers)
            named = ", ".join(dict.fromkeys(missing))
            raise LookupError(
                f"no answer is scripted for {named} (there is one for {', '.join(known) or 'nothing'})"
            )

    async def _send(self, request: Request) -> Response:
        self.requests.append(request)
        handler = self._handlers.get((request.service, request.operation))
        if handler is None:
            self._unscripted.append(f"{request.service}.{request.operation}")
            raise Unavailable(f"no answer is scripted for {self._unscripted[-1]}", sent=False)
        given = handler(request)
        return given if isinstance(given, Response) else await given


async def execute(
    schema: Schema,
    query: str,
    services: Services,
    *,
    variables: Mapping[str, Any] | None = None,
    operation_name: str | None = None,
    caller: Caller | None = None,
    headers: Mapping[str, str] | None = None,
    lane: Literal["plan", "reference"] = "plan",
    plan: bool = False,
) -> Answer:
    """Execute a document as the server would, over scripted services. Its `data` and `errors` are what
    clients get.

    `lane="reference"` lets graphql-core execute it; with `plan`, `extensions["plan"]` says what was done. Raises
    LookupError where an operation is called for which no answer is scripted.
    """
    passed = {name.lower(): value for name, value in (headers or {}).items()}
    lanes = Lanes(
        schema,
        services.upstreams(schema),
        forward=frozenset(passed),
        plans=lane == "plan",
        open_plans=plan,
    )
    asked = {PLAN: True} if plan else {}
    document = GraphQLRequest(query, variables or {}, operation_name, asked)
    answered = await lanes.execute(document, caller or Caller(), passed, "test-request")
    services.check_all_scripted()
    return Answer(answered.data, answered.errors, answered.extensions)
