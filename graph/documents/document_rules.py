"""What holds for every document, whoever serves the schema: its size, and that one operation is chosen.

`graph/declaring/schema.py` puts these rules into every `rest.Schema`. Stolon's own server has chosen an operation
before (`graph/documents/documents.py`); what it parsed and validated already is taken over here.
"""

from __future__ import annotations

from collections.abc import Iterator

from strawberry.extensions import SchemaExtension

from graph.documents.documents import Carried, Chosen, Unfit, examined, pick
from graph.documents.validation import STRAWBERRY_RULES, errors_of
from graph.settings.limits import Limits

_DEFAULTS = Limits()


class DocumentRules(SchemaExtension):
    """Refuses documents over the limits, and those of several operations where none is named.

    Strawberry itself would run the first of several, which GraphQL forbids (section 6.1): what a transport
    took for a query could so turn out to be a mutation. Another server than Stolon's gets the limits' defaults.
    """

    @property
    def _chosen(self) -> Chosen | None:
        extensions = self.execution_context.operation_extensions
        return extensions.chosen if isinstance(extensions, Carried) else None

    def on_operation(self) -> Iterator[None]:
        """Take the parsed document over, or bound the parser. A project's own, lower bound stays."""
        chosen = self._chosen
        if chosen is not None:
            self.execution_context.graphql_document = chosen.document.node
        else:
            options = self.execution_context.parse_options
            options["max_tokens"] = min(options.get("max_tokens", _DEFAULTS.tokens), _DEFAULTS.tokens)
        yield

    def on_validate(self) -> Iterator[None]:
        """Spare a document that was found valid, and hold one against the limits that nobody looked at.

        What Strawberry would validate is validated here (`graph/documents/validation.py`), by the same rules; it
        leaves alone what has its errors, be it none, already.
        """
        context, chosen = self.execution_context, self._chosen
        rules, document = tuple(context.validation_rules), context.graphql_document
        if chosen is None and document is not None:
            try:
                # `operation_name` answers with the first operation's name where the request gave none.
                pick(examined(document), context._provided_operation_name, _DEFAULTS)
            except Unfit as unfit:
                context.pre_execution_errors = unfit.errors
        if context.pre_execution_errors is None:
            if chosen is not None and chosen.is_valid_under(rules):
                context.pre_execution_errors = []
            elif rules and document is not None:
                context.pre_execution_errors = errors_of(
                    context.schema._schema, document, (*rules, *STRAWBERRY_RULES)
                )
        yield
        if chosen is not None and not context.pre_execution_errors:
            chosen.found_valid(rules)
