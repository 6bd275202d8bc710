"""What stands between HTTP and execution: a request in GraphQL's words, its answer, and who executes it.

The transports make a `GraphQLRequest`; `graph/app.py` supplies the `Executor`; the `Answer` goes back through
`graph/exchange.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

from adapters.contract import MISSING, Missing
from resolvers.caller import Caller

MOST_TOKENS: Final = 20_000


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The parameters of one request (GraphQL over HTTP, section 5.1). Absent mappings are empty."""

    query: str
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    operation_name: str | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict, repr=False)


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


def operation_kind(query: str, operation_name: str | None) -> OperationType | None:
    """What the document's chosen operation is: query, mutation or subscription (GraphQL, section 6.1).

    None where the document does not parse or the operation cannot be chosen: the executor says what is wrong.
    """
    try:
        document = parse(query, no_location=True, max_tokens=MOST_TOKENS)
    except GraphQLError:
        return None
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if operation_name is not None:
        operations = [one for one in operations if one.name is not None and one.name.value == operation_name]
    return operations[0].operation if len(operations) == 1 else None
