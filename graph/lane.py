"""The reference lane: graphql-core executes the Strawberry schema over one request's store.

`graph/http.py` brings a document and its caller; the answer goes back with its errors in clients' form
(`graph/error_form.py`). The store, and with it every task of the request, ends here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError

from adapters.contract import MISSING
from graph.document_rules import not_chosen
from graph.error_form import INVALID, error_list
from graph.executor import Answer, GraphQLRequest
from graph.schema import Schema
from resolvers.call import Sender
from resolvers.caller import Caller
from resolvers.context import Context
from resolvers.fault import Code
from resolvers.store import Store, Upstream


class ReferenceLane:
    """Executes documents of one schema. `forward` are the caller's headers that services get; `tenant_header`
    carries the verified tenant. `detail` adds services and operations to errors, as development does.
    """

    def __init__(
        self,
        schema: Schema,
        upstreams: Mapping[str, Upstream],
        *,
        forward: frozenset[str] = frozenset(),
        tenant_header: str | None = None,
        detail: bool = False,
        epoch: Callable[[], float] = time.time,
    ) -> None:
        self._schema = schema
        self._upstreams = upstreams
        self._forward = forward
        self._tenant_header = tenant_header
        self._detail = detail
        self._epoch = epoch

    async def execute(
        self, document: GraphQLRequest, caller: Caller, headers: Mapping[str, str], request_id: str
    ) -> Answer:
        """The answer to a query or a mutation. Cancelling it ends everything that it started."""
        context = self.context(caller, headers, request_id)
        try:
            result = await self._schema.execute(
                document.query,
                variable_values=dict(document.variables),
                context_value=context,
                operation_name=document.operation_name,
            )
        except CannotGetOperationTypeError:
            named = (
                "" if document.operation_name is None else f" of the name {document.operation_name[:64]!r}"
            )
            result = PreExecutionError(None, [not_chosen(f"The document has no operation{named}.")])
        finally:
            await context.close()
        return self._answer(result)

    def _answer(self, result: ExecutionResult) -> Answer:
        errors = list(result.errors or ())
        # A request error (GraphQL, section 7.1): nothing was executed, so there is no data, not even null.
        refused = isinstance(result, PreExecutionError)
        nothing_ran = refused or (result.data is None and all(error.path is None for error in errors))
        return Answer(
            data=MISSING if nothing_ran and errors else result.data,
            # Of a document that is well, only its variables can be wrong.
            errors=error_list(
                errors, detail=self._detail, pathless=INVALID if refused else Code.BAD_USER_INPUT
            ),
            extensions=result.extensions or {},
        )

    def context(self, caller: Caller, headers: Mapping[str, str], request_id: str) -> Context:
        """A context for one request, made inside the running loop; whoever asks for it closes it."""
        passed: dict[str, str] = {name: value for name, value in headers.items() if name in self._forward}
        if self._tenant_header is not None:
            passed.pop(self._tenant_header, None)
            if caller.identity.tenant is not None:
                passed[self._tenant_header] = caller.identity.tenant
        store = Store(
            self._upstreams,
            Sender(caller, passed),
            loop=asyncio.get_running_loop(),
            epoch=self._epoch,
            request_id=request_id,
        )
        return Context(caller=caller, store=store, declared=self._schema.graph, request_id=request_id)
