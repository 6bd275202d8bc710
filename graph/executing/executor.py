"""What stands between HTTP and execution: a request in GraphQL's words, its answer, and who executes it.

The transports make a `GraphQLRequest`; `graph/app.py` supplies the `Executor`; the `Answer` goes back through
`graph/http/exchange.py`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Protocol

import msgspec

from adapters.contract.contract import MISSING, Missing
from graph.caching.answer_life import AnswerLife
from graph.documents.documents import Chosen
from resolvers.caller import Caller


class GraphQLRequest(msgspec.Struct, frozen=True, eq=False):
    """The parameters of one request (GraphQL over HTTP, section 5.1). Absent mappings are empty.

    `chosen` is the operation to execute, where somebody chose it already; requests that say the same are equal
    without it. (Each request makes two of these: Structs are made in a fifth of a frozen dataclass's time.)
    """

    query: str
    variables: Mapping[str, Any] = {}
    operation_name: str | None = None
    extensions: Mapping[str, Any] = {}
    chosen: Chosen | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GraphQLRequest) and self._said == other._said

    __hash__ = None  # type: ignore[assignment]  # mappings have none

    def __repr__(self) -> str:  # variables and extensions hold what nobody may log
        return f"GraphQLRequest(query={self.query!r}, operation_name={self.operation_name!r})"

    @property
    def _said(self) -> tuple[object, ...]:
        return self.query, self.variables, self.operation_name, self.extensions


class Answer(msgspec.Struct, frozen=True):
    """A response (GraphQL, section 7.1). `data` is `MISSING` where nothing was executed, None where all of it
    was nulled.

    `data` is a Struct where the fast lane made it, and bytes of JSON where these are known. `errors` are in the form
    that clients get, their codes in `extensions`. `life` says how it may be used again, None where it may not.
    """

    data: Mapping[str, Any] | msgspec.Struct | msgspec.Raw | Missing | None = MISSING
    errors: list[dict[str, Any]] = []
    extensions: Mapping[str, Any] = {}
    life: AnswerLife | None = None


class Executor(Protocol):
    """Executes documents. The end of the awaiting task is the end of a query; a mutation is never cancelled
    by its client.
    """

    async def execute(
        self, document: GraphQLRequest, caller: Caller, headers: Mapping[str, str], request_id: str
    ) -> Answer:
        """The answer to the document; syntax and validation errors are answers too.

        `headers` are the client's own in lower case, without credentials.
        """
        ...

    def stream(
        self, document: GraphQLRequest, caller: Caller, headers: Mapping[str, str], request_id: str
    ) -> AsyncGenerator[Answer, None]:
        """The answers to a subscription, one an event; closing the generator ends the subscription."""
        ...
