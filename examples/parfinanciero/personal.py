"""What is personal data, said where it is declared: whoever answers for it finds it in schema.graphql."""

import strawberry
from strawberry.schema_directive import Location


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], description="Personal data, and what it is held for."
)
class Personal:
    """The mark: `@personal(purpose: "…")`."""

    purpose: str
