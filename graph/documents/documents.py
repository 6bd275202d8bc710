"""Documents, parsed once: their operations, what these come to, and which of them were found valid.

`graph/http/exchange.py` chooses an operation here before anything else is done; `graph/executing/lanes.py`
executes what was chosen. Documents that turned out valid are kept, so that the next request of the same text costs
neither parsing nor validating.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
)
from graphql.execution.collect_fields import FragmentDetails

from graph.documents.bounds import exceeded, too_many_tokens
from graph.documents.document_figures import Figures, figures_of
from graph.documents.validation import Rules
from graph.settings.limits import Limits

NOT_CHOSEN: Final = "OPERATION_RESOLUTION_FAILURE"
"""`extensions.code` where the document does not say which operation to run."""

_BYTES_PER_TOKEN: Final = 700  # of a syntax tree with its locations, measured with tracemalloc
_BYTES_PER_DOCUMENT: Final = 1_500  # of what is around it
_TEXTS: Final = 2  # the text, and the names, strings and comments in its tokens, which are no longer than it
_TOO_MANY: Final = "Document contains more than"


class Unfit(Exception):
    """A document that is not executed: it cannot be read, is over a limit, or names no operation of its own."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(*errors)
        self.errors = list(errors)


@dataclass(slots=True)
class Document:
    """A parsed document. `within` are those of its operations that were found within the limits, by the name
    asked for; `valid_under` are the rules that it was last found valid under.
    """

    text: str = field(repr=False)  # clients write values into it
    node: DocumentNode = field(repr=False)
    operations: list[tuple[OperationDefinitionNode, Figures]] = field(repr=False)
    fields: int
    weight: int
    within: dict[str | None, Chosen] = field(default_factory=dict, repr=False)
    valid_under: Rules | None = field(default=None, repr=False)
    _fragments: dict[str, FragmentDetails] | None = field(default=None, repr=False)

    @property
    def fragments(self) -> dict[str, FragmentDetails] | None:
        """Its fragments as graphql-core executes them; None where one has variables of its own."""
        if self._fragments is None:
            found = [one for one in self.node.definitions if isinstance(one, FragmentDefinitionNode)]
            if any(one.variable_definitions for one in found):
                return None
            self._fragments = {one.name.value: FragmentDetails(one) for one in found}
        return self._fragments


@dataclass(frozen=True, slots=True)
class Chosen:
    """An operation within the limits, in its document. `documents` keeps the document once it is valid."""

    document: Document
    operation: OperationDefinitionNode = field(repr=False)
    documents: Documents = field(repr=False)

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.operation.operation

    def is_valid_under(self, rules: Rules) -> bool:
        """Whether the document was found valid under just these rules, for the one schema served here."""
        return self.document.valid_under == rules

    def found_valid(self, rules: Rules) -> None:
        """Remember it; later requests of the same text are spared parsing and validating."""
        self.document.valid_under = rules
        self.documents.keep(self.document)


class Documents:
    """The documents of one schema. At most `limits.documents` of them are kept, and `limits.document_bytes`
    by an estimate of the memory that they take; the least recently used go first.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        most = self.limits.document_bytes
        # Each counts as an equal share at least, so that one bound keeps both.
        self._least = max(most // self.limits.documents, 1)
        # By the text itself: the syntax tree holds the same string, so that it is not kept twice.
        self._kept: LRUCache[str, Document] = LRUCache(most, getsizeof=_weight)

    def __len__(self) -> int:
        return len(self._kept)

    def choose(self, query: str, operation_name: str | None) -> Chosen:
        """The operation that a request names, or the only one (GraphQL, section 6.1).

        Raises `Unfit`.
        """
        document = self._kept.get(query)
        if document is None:
            document = examined(parsed(query, self.limits), query, least_weight=self._least)
        chosen = document.within.get(operation_name)
        if chosen is None:
            chosen = Chosen(document, pick(document, operation_name, self.limits), self)
            document.within[operation_name] = chosen
        return chosen

    def keep(self, document: Document) -> None:
        """Keep a valid document, unless it alone takes more than all may."""
        if document.weight <= self._kept.maxsize:
            self._kept[document.text] = document


def examined(node: DocumentNode, text: str = "", *, least_weight: int = 0) -> Document:
    """A document with its figures, of its syntax tree."""
    operations, fields = figures_of(node)
    weight = _BYTES_PER_DOCUMENT + _BYTES_PER_TOKEN * (node.token_count or 0) + _TEXTS * sys.getsizeof(text)
    return Document(text, node, operations, fields, max(weight, least_weight))


def pick(document: Document, operation_name: str | None, limits: Limits) -> OperationDefinitionNode:
    """The operation of the name, or the only one where no name is given. Raises `Unfit`."""
    found = [
        one
        for one in document.operations
        if operation_name is None or (one[0].name is not None and one[0].name.value == operation_name)
    ]
    if not found:
        of_name = "" if operation_name is None else f" of the name {operation_name[:64]!r}"
        raise Unfit([not_chosen(f"The document has no operation{of_name}.")])
    if operation_name is None and len(found) > 1:
        raise Unfit([not_chosen(f"The document has {len(found)} operations: say operationName.")])
    operation, figures = found[0]
    errors = list(exceeded(figures, document.fields, limits))
    if errors:
        raise Unfit(errors)
    return operation


def parsed(query: str, limits: Limits) -> DocumentNode:
    """The document's syntax tree. Raises `Unfit` where it cannot be read or is over the limit of tokens."""
    try:
        return parse(query, max_tokens=limits.tokens)
    except GraphQLSyntaxError as error:
        if error.description.startswith(_TOO_MANY):
            raise Unfit([too_many_tokens(limits.tokens)]) from None
        raise Unfit([error]) from None


def not_chosen(message: str) -> GraphQLError:
    """The error of a request whose operation cannot be told."""
    return GraphQLError(message, extensions={"code": NOT_CHOSEN})


def _weight(document: Document) -> int:
    return document.weight


class Carried(dict[str, Any]):
    """A request's `extensions` on their way through Strawberry, and with them the operation chosen already."""

    def __init__(self, extensions: Mapping[str, Any], chosen: Chosen) -> None:
        super().__init__(extensions)
        self.chosen = chosen
