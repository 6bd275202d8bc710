"""What holds for every document before it is validated: its size, and that one operation is chosen.

`graph/schema.py` puts these rules into every `rest.Schema`, whoever serves it.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension

from graph.executor import MOST_TOKENS

NOT_CHOSEN = "OPERATION_RESOLUTION_FAILURE"
"""`extensions.code` where the document does not say which operation to run."""


class DocumentRules(SchemaExtension):
    """Refuses documents of more than 20,000 tokens, and those of several operations where none is named.

    Strawberry itself would run the first of several, which GraphQL forbids (section 6.1): what a transport
    took for a query could so turn out to be a mutation.
    """

    def on_operation(self) -> Iterator[None]:
        """Bound the parser. A project's own, lower bound stays."""
        options = self.execution_context.parse_options
        options["max_tokens"] = min(options.get("max_tokens", MOST_TOKENS), MOST_TOKENS)
        yield

    def on_validate(self) -> Iterator[None]:
        """Ask for a name where there is a choice."""
        context = self.execution_context
        document = context.graphql_document
        # `operation_name` answers with the first operation's name where the request gave none.
        if document is not None and context._provided_operation_name is None:
            count = sum(isinstance(one, OperationDefinitionNode) for one in document.definitions)
            if count > 1:
                context.pre_execution_errors = [
                    not_chosen(f"The document has {count} operations: say operationName.")
                ]
        yield


def not_chosen(message: str) -> GraphQLError:
    """The error of a request whose operation cannot be told."""
    return GraphQLError(message, extensions={"code": NOT_CHOSEN})
