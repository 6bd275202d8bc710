"""What stands between HTTP and execution: a request in GraphQL's words, its answer, and who executes it.

The transports make a `GraphQLRequest`; `graph/app.py` supplies the `Executor`; the `Answer` goes back through
`graph/exchange.py`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from adapters.contract import MISSING, Missing
from graph.documents import Chosen
from resolvers.caller import Caller


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The parameters of one request (GraphQL over HTTP, section 5.1). Absent mappings are empty.

    `chosen` is the operation to execute, where somebody chose it already.
    """

    query: str
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    operation_name: str | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict, repr=False)
    chosen: Chosen | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response (GraphQL, section 7.1). `data` is `MISSING` where nothing was executed, None where all of it
    was nulled.

    `errors` are in the form that clients get, their codes in `extensions`.
    """

    data: Mapping[str, Any] | Missing | None = MISSING
    errors: list[dict[str, Any]] = field(default_factory=list)
    extensions: Mapping[str, Any] = field(default_factory=dict)


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
