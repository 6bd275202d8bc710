"""Which limits of the project an operation is over: decided from its figures alone, before anything is called.

`graph/documents/documents.py` asks; `graph/documents/document_figures.py` counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from graphql import GraphQLError

from graph.documents.document_figures import CEILING, Figures
from graph.settings.limits import Limits

CODE: Final = "LIMIT_EXCEEDED"
"""`extensions.code` of every refusal for size; beside it stand `limit`, `figure` and `most`."""

_SAID: Final = {
    "depth": "The operation is {figure} levels deep; at most {most} are accepted.",
    "aliases": "The operation has {figure} aliases; at most {most} are accepted.",
    "root_fields": "The operation has {figure} root fields; at most {most} are accepted.",
    "fields": "The document has {figure} fields; at most {most} are accepted.",
    "introspection_depth": (
        "The operation nests {figure} lists of types and fields in introspection; at most {most} are accepted."
    ),
}


def exceeded(figures: Figures, written: int, limits: Limits) -> Iterator[GraphQLError]:
    """An error for each limit that the operation is over. `written` are the fields in its whole document."""
    fields = max(figures.fields, written)
    for name, said in _SAID.items():
        figure, most = fields if name == "fields" else getattr(figures, name), getattr(limits, name)
        if figure > most:
            shown = f"{CEILING} or more" if figure >= CEILING else figure
            yield over(name, said.format(figure=shown, most=most), figure, most)


def too_many_tokens(most: int) -> GraphQLError:
    """The error of a document whose reading was given up. How many tokens there are in all is not counted."""
    message = f"The document has more than {most} tokens; at most {most} are accepted."
    return over("tokens", message, most + 1, most)


def over(name: str, message: str, figure: int, most: int) -> GraphQLError:
    """An error that says which limit was exceeded, by what, and where it stands."""
    return GraphQLError(message, extensions={"code": CODE, "limit": name, "figure": figure, "most": most})
