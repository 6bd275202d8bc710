"""`rest.Schema`: a `strawberry.Schema` whose bound fields are bound to their contracts when it is built."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.file_uploads import Upload
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext
from strawberry.types.scalar import ScalarDefinition

from adapters.mistake import Mistake, ProjectError
from graph.binding.binding import Graph, bind_graph
from graph.declaring.contracts import project_of
from graph.declaring.declare import caller_position
from graph.documents.document_rules import DocumentRules
from graph.executing.context_value import found_context
from graph.executing.planned import on_plans
from graph.executing.plans import Plans
from graph.executing.subscription import for_events
from graph.http.error_form import log_errors
from graph.http.uploads import UPLOAD
from graph.types.scalars import SCALARS


class Schema(strawberry.Schema):
    """A Strawberry schema like any other, made from bound and plain types.

    Contracts are those of the project that the calling module belongs to, or of the folder `project`. Raises
    ProjectError with every mistake of the declarations and the contracts, each with its file and line. Its
    context value must be a `stolon.Context`, or a dict that holds one under `"stolon"`.
    """

    graph: Graph
    plans: Plans
    own_executor: bool
    """Whether the project gave an `execution_context_class` of its own."""

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
        extensions: Iterable[Any] = (),
        **options: Any,
    ) -> None:
        position = caller_position()
        folder = Path(project) if project is not None else project_of(position.file)
        if folder is None:
            message = "found no project here: a folder above with a stolon.toml, or contracts/ in it"
            raise ProjectError([Mistake(position.file, position.line, "schema", message)])
        executor = options.pop("execution_context_class", None)
        listed = list(types)
        roots = [root for root in (query, mutation, subscription, *listed) if root is not None]
        settings = config or StrawberryConfig()
        self.graph = bind_graph(folder, roots, position, settings.name_converter, mutation)
        # The project's own scalars win, as in Strawberry.
        scalars = {**SCALARS, Upload: UPLOAD, **settings.scalar_map}
        super().__init__(
            query=query,
            mutation=mutation,
            subscription=subscription,
            types=listed,
            config=_with_scalars(settings, scalars),
            scalar_overrides=scalar_overrides,
            extensions=[*extensions, DocumentRules],
            execution_context_class=on_plans(for_events(executor), own=executor is not None),
            **options,
        )
        self.plans = Plans(self)
        self.own_executor = executor is not None

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log what nobody foresaw, with its traceback. A client's mistakes and an upstream's faults are answers."""
        context = None if execution_context is None else found_context(execution_context.context)
        log_errors(errors, None if context is None else context.request_id)


def _with_scalars(config: StrawberryConfig, scalars: Mapping[object, ScalarDefinition]) -> StrawberryConfig:
    made = copy.copy(config)
    made.scalar_map = scalars
    return made
