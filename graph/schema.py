"""`rest.Schema`: a `strawberry.Schema` whose bound fields are bound to their contracts when it is built."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from adapters.mistake import Mistake, ProjectError
from graph.binding import Graph, bind_graph
from graph.contracts import project_of
from graph.declare import caller_position
from graph.scalars import SCALARS


class Schema(strawberry.Schema):
    """A Strawberry schema like any other, made from bound and plain types.

    Contracts are those of the project that the calling module belongs to, or of the folder `project`. Raises
    ProjectError with every mistake of the declarations and the contracts, each with its file and line. Its
    context value must be a `stolon.Context`, or a dict that holds one under `"stolon"`.
    """

    graph: Graph

    def __init__(
        self,
        query: type,
        mutation: type | None = None,
        subscription: type | None = None,
        *,
        types: Iterable[Any] = (),
        config: StrawberryConfig | None = None,
        scalar_overrides: Mapping[object, Any] | None = None,
        project: Path | str | None = None,
        **options: Any,
    ) -> None:
        position = caller_position()
        folder = Path(project) if project is not None else project_of(position.file)
        if folder is None:
            message = "found no project here: a folder above with a stolon.toml, or contracts/ in it"
            raise ProjectError([Mistake(position.file, position.line, "schema", message)])
        listed = list(types)
        roots = [root for root in (query, mutation, subscription, *listed) if root is not None]
        self.graph = bind_graph(folder, roots, position)
        settings = config or StrawberryConfig()
        # The project's own scalars win, as in Strawberry.
        scalars = {**SCALARS, **settings.scalar_map}
        super().__init__(
            query=query,
            mutation=mutation,
            subscription=subscription,
            types=listed,
            config=_with_scalars(settings, scalars),
            scalar_overrides=scalar_overrides,
            **options,
        )


def _with_scalars(config: StrawberryConfig, scalars: Mapping[object, ScalarDefinition]) -> StrawberryConfig:
    made = copy.copy(config)
    made.scalar_map = scalars
    return made
