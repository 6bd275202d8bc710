"""The only place that wires things together: a project's settings and schema, services, identity and the HTTP
server.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web

from adapters.facts import Clock, Observer
from adapters.service import Service
from adapters.stack import Upstream, open_service
from graph.caching.kept_answers import KeptAnswers
from graph.caching.opened_store import open_store
from graph.documents.documents import Documents
from graph.executing.lanes import Lanes
from graph.http.hosts import own_names_only
from graph.identity.auth import Authenticator, UnreadTokens, VerifiedTokens
from graph.identity.credential_cautions import cautions, cautions_of_store
from graph.identity.jwks import Jwks
from graph.observing.log_lines import logged
from graph.observing.log_writer import LineWriter, Stream
from graph.observing.probes import Probe, probing
from graph.observing.second_address import listening, second_application
from graph.observing.seeing import Seeing, around, check_spans, open_spans
from graph.playground import Page, Playground, Watched
from graph.project.project import Project, load_project
from graph.project.project_digest import project_digest
from graph.serving.reload import on_hangup
from graph.serving.server import application, serve
from graph.settings.address import Address
from graph.settings.admin_settings import without_address
from graph.settings.settings import GraphSettings
from graph.workers.kept_apart import kept_apart
from graph.workers.shares import divided

_log: Final = logging.getLogger("stolon.observe")


class App:
    """A project, ready to be served.

    `open_at` is the host that an open server listens at, as `stolon demo` does: playground and introspection
    are there whatever the project says, and requests under other names than this machine's are refused.
    `watched` tells the playground what is wrong with the project now, while it is being developed.
    `seeing` is that of an app before, whose figures go on. `observe_at` is where operators are answered, mostly what
    the project says; None is nowhere.
    """

    def __init__(
        self,
        project: Project,
        *,
        detail: bool = False,
        observers: tuple[Observer, ...] = (),
        open_at: str | None = None,
        watched: Callable[[], Watched] | None = None,
        seeing: Seeing | None = None,
    ) -> None:
        check_spans(project.settings)
        self.project = project
        self.observe_at: Address | None = project.settings.observe.address
        self.seeing = Seeing(project.settings) if seeing is None else seeing
        self.seeing.expect(project.settings)
        self._open_at = open_at
        self._watched = watched
        self._detail = detail
        self._observers = observers

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be meant, but should be known: fields that insist on a value across a network, and what services'
        credentials entail.
        """
        settings = self.project.settings
        services = [_service(self.project, name) for name in settings.services]
        return (
            *(
                f"{name} crosses a network and is not nullable: where its service fails, its parent is null too"
                for name in self.project.schema.graph.insisting
            ),
            *cautions(services, verifies=settings.identity is not None),
            *cautions_of_store(settings.cache.shared),
        )

    def notes(self, workers: int = 1) -> tuple[str, ...]:
        """What `stolon check` warns of besides: what so many workers keep apart from each other, and a key that opens
        nothing.
        """
        settings = self.project.settings
        contracts = self.project.schema.graph.contracts.all_read.values()
        return (
            *kept_apart(contracts, workers, shared=settings.cache.shared is not None),
            *without_address(settings.admin, settings.observe.address),
        )

    def sdl(self) -> str:
        """The schema in GraphQL's language, with provenance."""
        return self.project.schema.as_str()

    async def serve(
        self,
        host: str,
        port: int,
        on_ready: Callable[[str], None],
        *,
        port_is_fixed: bool = True,
        again: Callable[[], App] | None = None,
    ) -> None:
        """Serve until SIGTERM or SIGINT, then drain. Raises CannotListen. `again` reads the project anew on SIGHUP:
        its app must see with the same eyes.
        """
        beside = None if again is None else lambda served: on_hangup(served, again)
        with self.logging():
            async with self.observed():
                await serve(
                    self.application(), host, port, on_ready, port_is_fixed=port_is_fixed, beside=beside
                )

    @contextmanager
    def logging(self, stream: Stream | None = None) -> Iterator[None]:
        """While entered, what is logged goes to the stream, stderr where none is given: one line of JSON a request,
        or plain text where errors show their detail.
        """
        writer = LineWriter(sys.stderr.buffer if stream is None else stream)
        with logged(writer, plain=self._detail):
            self.seeing.log_to(writer, plain=self._detail)
            yield

    @asynccontextmanager
    async def observed(self) -> AsyncIterator[str | None]:
        """While entered, operators are answered at the second address; its URL, or None where there is none."""
        if self.observe_at is None:
            yield None
            return
        seeing = self.seeing
        second = second_application(seeing.metrics.registry, seeing.integrations, seeing.caches.drop)
        async with listening(second, self.observe_at) as url:
            _log.info("metrics and the health of integrations are told at %s", url)
            yield url

    def application(self) -> web.Application:
        """The aiohttp application; services and keys are opened when it starts and closed when it has
        drained.
        """
        settings = self.project.settings
        graph = settings.graph
        if self._open_at is not None:
            graph = msgspec.structs.replace(graph, playground=True, introspection=True)
        upstreams: dict[str, Upstream] = {}
        spans = open_spans(settings)
        identity = settings.identity
        keys = None if identity is None else Jwks(identity.jwks, identity.algorithms)
        authenticator: Authenticator = (
            UnreadTokens()
            if identity is None or keys is None
            else VerifiedTokens(identity, keys, detail=self._detail)
        )
        tenant_header = None if identity is None else identity.tenant_header
        documents = Documents(settings.limits)
        kept = self._kept_answers(tenant_header) if settings.cache.answers else None
        lane = Lanes(
            self.project.schema,
            upstreams,
            forward=frozenset(settings.headers.forward),
            tenant_header=tenant_header,
            detail=self._detail,
            diagnostic_scope=None if identity is None else identity.diagnostic_scope,
            introspection=graph.introspection,
            documents=documents,
            query_timeout=settings.limits.query_timeout,
            budget_header=settings.limits.budget_header,
            steps=self.seeing.steps(spans),
            plans=graph.lane != "reference",
            fast=graph.lane == "fast",
            open_plans=self._open_at is not None,
            told=self.seeing.lanes.told,
            around_plans=None if spans is None else spans.plan,
            kept=kept,
        )
        app = application(
            lane,
            authenticator,
            graph,
            depends_on=lambda: keys is None or keys.is_known,
            playground=self._playground(graph),
            watch=self.seeing.watch(spans),
            limits=settings.limits,
            documents=documents,
        )
        if self._open_at is not None:
            app.middlewares.append(own_names_only([self._open_at]))

        observers = (*self._observers, *self.seeing.calls)

        async def opened(_: web.Application) -> AsyncIterator[None]:
            clock = asyncio.get_running_loop().time
            async with AsyncExitStack() as stack:
                if spans is not None:
                    stack.push_async_callback(spans.close)
                if keys is not None:
                    await stack.enter_async_context(keys)
                store, shared_keys = await stack.enter_async_context(
                    open_store(settings, self.seeing, self.project.schema.graph.calls.keyed.by_name, clock)
                )
                if kept is not None:
                    kept.store = store
                for name in settings.services:
                    service = _service(self.project, name)
                    upstreams[name] = await stack.enter_async_context(
                        open_service(service, clock, observers, around(spans), store, shared_keys)
                    )
                await stack.enter_async_context(probing(self._probes(upstreams, clock, observers)))
                yield

        app.cleanup_ctx.append(opened)
        return app

    def _kept_answers(self, tenant_header: str | None) -> KeptAnswers:
        settings = self.project.settings
        identity, is_shared = settings.identity, settings.cache.shared is not None
        return KeptAnswers(
            forward=settings.headers.forward,
            tenant_header=tenant_header,
            open_to_all=identity is None or identity.anonymous,
            epoch=time.time,
            sent=settings.limits.answer,
            # What is in this process alone ends with the project that it is of.
            generation=project_digest(settings.folder) if is_shared else b"",
            told=self.seeing.answers.told,
        )

    def _probes(
        self, upstreams: Mapping[str, Upstream], clock: Clock, observers: tuple[Observer, ...]
    ) -> list[Probe]:
        return [
            Probe(
                name,
                stated.health,
                stated.health_interval,
                upstreams[name].probe,
                observers,
                clock,
                chance=random.random,
            )
            for name, stated in self.project.settings.services.items()
            if stated.health is not None
        ]

    def _playground(self, graph: GraphSettings) -> Playground | None:
        if not graph.playground:
            return None
        settings = self.project.settings
        page = Page(
            title=settings.folder.name,
            introspection=graph.introspection,
            wants_token=settings.identity is not None and not settings.identity.anonymous,
            examples=self.project.examples,
        )
        return Playground(graph.path, page, watched=self._watched)


def _service(project: Project, name: str) -> Service:
    stated = project.settings.services[name]
    return Service(
        name=name,
        url=stated.url,
        credentials=stated.credentials,
        tls=stated.tls,
        timeout=stated.timeout,
        connections=stated.connections,
        concurrency=stated.concurrency,
        batch_limit=stated.batch_limit,
        answer_limit=stated.answer_limit,
        page_limit=stated.page_limit,
        owner=stated.owner,
        budget_header=stated.budget_header,
        retry=stated.retry,
        breaker=stated.breaker,
        limit=stated.limit,
        idempotency=stated.idempotency,
        cache=stated.cache,
        operations=stated.operations,
    )


def load(project: Path, environ: Mapping[str, str], *, seeing: Seeing | None = None, workers: int = 1) -> App:
    """The app of the project in a folder, for one of so many workers. Raises ProjectError with every mistake."""
    read = load_project(project, environ)
    return App(replace(read, settings=divided(read.settings, workers)), seeing=seeing)
