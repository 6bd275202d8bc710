"""Both lanes: documents are executed over one request's store, on plans or, where these do not cover an
operation, by graphql-core itself (`graph/executing/planned.py` decides).

`graph/http/http.py` brings a document and its caller; the answer goes back with its errors in clients' form
(`graph/http/error_form.py`). The store, and with it every task of the request, ends here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, nullcontext
from functools import partial
from typing import Any, Final, TypeAlias

from graphql import ExecutionResult as CoreResult
from graphql import OperationType
from strawberry.types.execution import ExecutionResult, PreExecutionError

from adapters.contract.contract import MISSING
from graph.caching.kept_answers import KeptAnswers
from graph.declaring.schema import Schema
from graph.documents.documents import Carried, Chosen, Documents, Unfit
from graph.executing.ending import Begun, ended, to_its_end
from graph.executing.executor import Answer, GraphQLRequest
from graph.executing.fast_lane import FastLane, Ready
from graph.executing.introspection import closed, without_suggestion
from graph.executing.subscription import SubscriptionContext
from graph.executing.substitutes import substituted
from graph.explain.report import report
from graph.explain.variables import sent
from graph.http.client_budget import client_budget, shorter
from graph.http.client_key import client_key
from graph.http.error_form import INVALID, error_list
from graph.identity.passed_on import passed_on
from resolvers.call import Sender
from resolvers.caller import NOBODY, Caller
from resolvers.change_keys import ChangeKeys
from resolvers.context import Context
from resolvers.fast.program import Program
from resolvers.fast.uncompiled import Troubled, Unhurried
from resolvers.fault import Code
from resolvers.lane_choice import Lane, LaneChoice, PlanWatch, Why
from resolvers.loading.calls import Upstream
from resolvers.loading.lifetime import Lifetime
from resolvers.loading.steps import StepWatch
from resolvers.loading.store import Store

Result: TypeAlias = ExecutionResult | CoreResult

PLAN: Final = "plan"
"""The extension by which a request asks for its plan, and in which the answer carries it."""


class Lanes:
    """Executes documents of one schema. `forward` are the caller's headers that services get; `tenant_header`
    carries the verified tenant. `detail` adds services and operations to errors, as development does;
    `diagnostic_scope` does so for callers who have it. `query_timeout` is how many seconds the calls of a query
    may take in all; in `budget_header` a client may say that it waits less.
    Without `introspection`, `__schema` and `__type` are refused. `documents` keeps those that were valid; it
    belongs to this one schema. With `plans`, operations run on plans wherever these cover them, and with `fast` on
    their compiled programs wherever there are such; `told` hears of each the lane that it ran on, and why not on a
    faster one; `around_plans` is entered while a plan runs. With `open_plans` every caller may see what was done,
    else those who see detail. `kept` has the answers that need no executing.
    """

    def __init__(
        self,
        schema: Schema,
        upstreams: Mapping[str, Upstream],
        *,
        forward: frozenset[str] = frozenset(),
        tenant_header: str | None = None,
        detail: bool = False,
        diagnostic_scope: str | None = None,
        introspection: bool = True,
        documents: Documents | None = None,
        query_timeout: float | None = None,
        budget_header: str | None = None,
        epoch: Callable[[], float] = time.time,
        steps: tuple[StepWatch, ...] = (),
        plans: bool = True,
        fast: bool = True,
        open_plans: bool = False,
        told: Callable[[Lane, Why | None], None] | None = None,
        around_plans: PlanWatch | None = None,
        kept: KeptAnswers | None = None,
    ) -> None:
        self._schema = schema if introspection else closed(schema)
        self._closed = not introspection
        self._documents = Documents() if documents is None else documents
        self._upstreams = upstreams
        self._forward = forward
        self._tenant_header = tenant_header
        self._detail = detail
        self._diagnostic_scope = diagnostic_scope
        self._query_timeout = query_timeout
        self._budget_header = budget_header
        self._epoch = epoch
        self._steps = steps
        self._plans = plans
        self._gate = FastLane(self._schema, fast=fast)
        self._open_plans = open_plans
        self._told = told
        self._around_plans = around_plans
        self._kept = kept

    async def execute(
        self, document: GraphQLRequest, caller: Caller, headers: Mapping[str, str], request_id: str
    ) -> Answer:
        """The answer to a query or a mutation. Cancelling it ends everything that it started."""
        try:
            carried = self._carried(document)
            changes = carried.chosen.kind is OperationType.MUTATION
            key = client_key(headers) if changes else None
            budget = None if changes else client_budget(headers, self._budget_header)
        except Unfit as unfit:
            return self.refused(unfit)
        timeout = None if changes else shorter(self._query_timeout, budget)
        context = self.context(caller, headers, request_id, timeout=timeout, key=key)
        asked = document.extensions.get(PLAN) is True
        context.lane.explains = asked and (self._open_plans or self._shows_detail(caller))
        make_ready = partial(self._gate.ready, carried.chosen, document.variables, context)
        ready = make_ready(explained=asked) if self._plans else None
        work = partial(self._answered, ready, document, carried, context)
        if self._kept is not None and not changes and not asked:
            return await self._kept.answer(ready, make_ready, document.variables, context, work)
        answer = await work()
        if not asked:
            return answer
        told = self._told_of(context, document, carried.chosen)
        return Answer(answer.data, answer.errors, {**answer.extensions, PLAN: told})

    async def _answered(
        self, ready: Ready | Unhurried | None, document: GraphQLRequest, carried: Carried, context: Context
    ) -> Answer:
        if isinstance(ready, Ready) and isinstance(ready.program, Program):
            answer = await self._fast(ready, ready.program, carried, context)
            if answer is not None:
                return answer
        else:
            context.lane.unhurried = _why(ready)
        begin: Callable[[], Begun[Result]] = partial(self._executed, ready, document, carried, context)
        result: Result = await to_its_end(begin, context.close)
        return self._answer(result, context.caller, context.store.lifetime)

    async def _fast(
        self, ready: Ready, program: Program, carried: Carried, context: Context
    ) -> Answer | None:
        """The answer on the fast lane; None where the checked lane has to see what is wrong."""
        lane = context.lane
        try:
            with nullcontext() if lane.around is None else lane.around(ready.plan):
                result = await self._gate.run(program, ready, carried, context)
        except Troubled:
            lane.unhurried = Unhurried.FAULT
            return None
        except BaseException:
            await context.close()
            raise
        await context.close()
        lane.ran("fast")
        return self._answer(result, context.caller, context.store.lifetime)

    def _executed(
        self, ready: object, document: GraphQLRequest, carried: Carried, context: Context
    ) -> Begun[Result]:
        if isinstance(ready, Ready):
            return self._gate.unhurried(ready, carried, context)
        return self._schema.execute(
            document.query,
            variable_values=dict(document.variables),
            context_value=context,
            operation_name=document.operation_name,
            operation_extensions=carried,
        )

    def _shows_detail(self, caller: Caller) -> bool:
        return self._detail or self._diagnostic_scope in caller.scopes

    def _told_of(self, context: Context, document: GraphQLRequest, chosen: Chosen) -> object:
        """What a request that asked for its plan is told."""
        lane = context.lane
        if not lane.explains:
            return {
                "refused": "Plans are shown in development, and to callers with the project's diagnostic scope."
            }
        limits = {name: upstream.service for name, upstream in self._upstreams.items()}
        found, variables = lane.plan or lane.reason, sent(chosen.operation, document.variables)
        return report(found, lane.ledger, limits, chosen.operation, variables)

    async def stream(
        self, document: GraphQLRequest, caller: Caller, headers: Mapping[str, str], request_id: str
    ) -> AsyncGenerator[Answer, None]:
        """The answers to a subscription. Each event is answered over a store of its own, which is closed before
        the answer is given on; closing the generator ends what the subscription reads from.
        """
        try:
            carried = self._carried(document)
        except Unfit as unfit:
            yield self.refused(unfit)
            return
        opened = partial(self.context, caller, headers, request_id, timeout=self._query_timeout)
        context = SubscriptionContext(opened)
        answers: asyncio.Queue[Answer | None] = asyncio.Queue()

        async def run() -> None:
            results = await self._schema.subscribe(
                document.query,
                variable_values=dict(document.variables),
                context_value=context,
                operation_name=document.operation_name,
                operation_extensions=carried,
            )
            async with aclosing(results):
                async for result in results:
                    lifetime = context.lifetime
                    await context.end_event()
                    answers.put_nowait(self._answer(result, caller, lifetime))
                    await answers.join()  # the next event is asked for when this one has been taken

        # One task from beginning to end: what a project's generator holds open between events, such as a timeout
        # or a task group, belongs to the task that opened it.
        running = asyncio.create_task(run())
        running.add_done_callback(lambda _: answers.put_nowait(None))
        try:
            while (answer := await answers.get()) is not None:
                yield answer
                answers.task_done()
            await running
        finally:
            await ended(running, context.close)

    def _carried(self, document: GraphQLRequest) -> Carried:
        chosen = document.chosen or self._documents.choose(document.query, document.operation_name)
        return Carried(document.extensions, chosen)

    def refused(self, unfit: Unfit) -> Answer:
        """The answer to a document that is not executed."""
        return self._answer(PreExecutionError(None, unfit.errors), NOBODY, None)

    def _substituted(self, caller: Caller, lifetime: Lifetime | None) -> Mapping[str, Any]:
        if lifetime is None or not lifetime.substitutes:
            return {}
        return substituted(lifetime, detail=self._shows_detail(caller))

    def _answer(self, result: Result, caller: Caller, lifetime: Lifetime | None) -> Answer:
        if not result.errors:
            told = self._substituted(caller, lifetime)
            return Answer(
                result.data, extensions={**result.extensions, **told} if result.extensions else told
            )
        errors = list(result.errors)
        if self._closed:
            # The rule sees what is wrong with documents; what is wrong with variables is found by executing.
            errors = list(map(without_suggestion, errors))
        # A request error (GraphQL, section 7.1): nothing was executed, so there is no data, not even null.
        refused = isinstance(result, PreExecutionError)
        nothing_ran = refused or (result.data is None and all(error.path is None for error in errors))
        # Of a document that is well, only its variables can be wrong.
        pathless = INVALID if refused else Code.BAD_USER_INPUT
        return Answer(
            data=MISSING if nothing_ran else result.data,
            errors=error_list(errors, detail=self._shows_detail(caller), pathless=pathless),
            extensions={**(result.extensions or {}), **self._substituted(caller, lifetime)},
        )

    def context(
        self,
        caller: Caller,
        headers: Mapping[str, str],
        request_id: str,
        *,
        timeout: float | None = None,
        key: str | None = None,
    ) -> Context:
        """A context for one request, made inside the running loop; whoever asks for it closes it.

        `timeout` is how long its calls may take in all, in seconds from now; `key` the client's idempotency key.
        """
        loop = asyncio.get_running_loop()
        passed = passed_on(headers, self._forward, self._tenant_header, caller.identity.tenant)
        store = Store(
            self._upstreams,
            Sender(caller, passed, None if timeout is None else loop.time() + timeout),
            loop=loop,
            epoch=self._epoch,
            request_id=request_id,
            steps=self._steps,
            change_keys=ChangeKeys(caller, key),
        )
        return Context(
            caller=caller,
            store=store,
            declared=self._schema.graph,
            request_id=request_id,
            lane=LaneChoice(self._plans, self._told, self._around_plans),
        )


def _why(ready: Ready | Unhurried | None) -> Unhurried | None:
    found = ready.program if isinstance(ready, Ready) else ready
    return found if isinstance(found, Unhurried) else None
