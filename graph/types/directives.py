"""Schema directives of the printed schema: where a field comes from, and who may see it. Introspection does
not show them.
"""

from __future__ import annotations

import strawberry
from strawberry.schema_directive import Location

from graph.declaring.declare import Access


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    description="Where the value comes from: the service, and its operations or its contract's schema.",
    name="source",
)
class SourceDirective:
    """Provenance of a field or a type."""

    service: str
    operations: list[str] | None = strawberry.UNSET
    schema: str | None = strawberry.UNSET


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    description="Only callers with all scopes of one of the lists may see it.",
    name="requiresScopes",
)
class RequiresScopes:
    """Scopes, as a list of alternatives: each a list of which all are needed."""

    scopes: list[list[str]]


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    description="Only authenticated callers may see it.",
    name="authenticated",
)
class Authenticated:
    """Any verified caller."""


def access_directives(access: Access) -> list[object]:
    """The directives that print an access; none where everyone may see it."""
    if access.scopes:
        return [RequiresScopes(scopes=[sorted(access.scopes)])]
    return [Authenticated()] if access.authenticated else []
