"""Introspection, closed: a document that asks for `__schema` or `__type` is refused before anything is called.

`graph/executing/lanes.py` serves a schema through this where the project does not open introspection (`[graph]
introspection`); `__typename` stays, clients need it. Errors name no field of the schema that the document
did not name itself.
"""

from __future__ import annotations

import copy
import re
from typing import Any, Final

from graphql import FieldNode, GraphQLError, ValidationRule
from strawberry.extensions import AddValidationRules

from graph.declaring.schema import Schema

CODE: Final = "INTROSPECTION_DISABLED"
_CLOSED: Final = frozenset({"__schema", "__type"})
# As graphql-core writes them, name by name: messages repeat what clients wrote, of any length, and a looser pattern
# takes quadratic time over it.
_SUGGESTION: Final = re.compile(r" Did you mean (?:[a-z ]{1,40} )?'\w+'(?:,? (?:or )?'\w+')*\?", re.ASCII)


class NoIntrospection(ValidationRule):
    """Reports each field of the introspection system but `__typename` (GraphQL, section 4.1)."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Report the field, with its place and what to do."""
        name = node.name.value
        if name in _CLOSED:
            self.report_error(
                GraphQLError(
                    f"Introspection is closed here, so {name} is not answered. "
                    "The project opens it with introspection = true under [graph].",
                    node,
                    extensions={"code": CODE},
                )
            )


class ClosedIntrospection(AddValidationRules):
    """The rule as a Strawberry extension; it also takes suggestions, which name fields, out of other errors."""

    def __init__(self) -> None:
        super().__init__([NoIntrospection])

    def on_validate(self) -> Any:
        """After validation, leave out what "Did you mean" would tell of the schema."""
        yield
        errors = self.execution_context.pre_execution_errors
        if errors:
            errors[:] = map(without_suggestion, errors)  # in place: Strawberry has its answer in hand already


def without_suggestion(error: GraphQLError) -> GraphQLError:
    """The error without what "Did you mean" tells. A field's own error stays as it is."""
    message = error.message if error.path is not None else _SUGGESTION.sub("", error.message)
    if message == error.message:
        return error
    return GraphQLError(message, error.nodes, error.source, error.positions, extensions=error.extensions)


def closed(schema: Schema) -> Schema:
    """The same schema, which does not answer introspection. The one given stays as it is."""
    made = copy.copy(schema)
    made.extensions = (*schema.extensions, ClosedIntrospection)
    return made
