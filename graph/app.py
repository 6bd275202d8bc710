"""The only place that wires things together: a project's settings and schema, services, identity and the HTTP
server.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web

from adapters.facts import Observer
from adapters.service import Service
from adapters.stack import Upstream, open_service
from graph.auth import Authenticator, UnreadTokens, VerifiedTokens
from graph.jwks import Jwks
from graph.lane import ReferenceLane
from graph.project import Project, load_project
from graph.server import application, serve


class App:
    """A project, ready to be served."""

    def __init__(
        self, project: Project, *, detail: bool = False, observers: tuple[Observer, ...] = ()
    ) -> None:
        self.project = project
        self._detail = detail
        self._observers = observers

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be meant, but should be known: fields that insist on a value across a network."""
        return tuple(
            f"{name} crosses a network and is not nullable: where its service fails, its parent is null too"
            for name in self.project.schema.graph.insisting
        )

    def sdl(self) -> str:
        """The schema in GraphQL's language, with provenance."""
        return self.project.schema.as_str()

    async def serve(
        self, host: str, port: int, on_ready: Callable[[str], None], *, port_is_fixed: bool = True
    ) -> None:
        """Serve until SIGTERM or SIGINT, then drain. Raises CannotListen."""
        await serve(self.application(), host, port, on_ready, port_is_fixed=port_is_fixed)

    def application(self) -> web.Application:
        """The aiohttp application; services and keys are opened when it starts and closed when it has
        drained.
        """
        settings = self.project.settings
        upstreams: dict[str, Upstream] = {}
        identity = settings.identity
        keys = None if identity is None else Jwks(identity.jwks, identity.algorithms)
        authenticator: Authenticator = (
            UnreadTokens() if identity is None or keys is None else VerifiedTokens(identity, keys)
        )
        tenant_header = None if identity is None else identity.tenant_header
        lane = ReferenceLane(
            self.project.schema,
            upstreams,
            forward=frozenset(settings.headers.forward),
            tenant_header=tenant_header,
            detail=self._detail,
        )
        app = application(
            lane,
            authenticator,
            settings.graph,
            depends_on=lambda: keys is None or keys.is_known,
        )

        async def opened(_: web.Application) -> AsyncIterator[None]:
            clock = asyncio.get_running_loop().time
            async with AsyncExitStack() as stack:
                if keys is not None:
                    await stack.enter_async_context(keys)
                for name in settings.services:
                    service = _service(self.project, name)
                    upstreams[name] = await stack.enter_async_context(
                        open_service(service, clock, self._observers)
                    )
                yield

        app.cleanup_ctx.append(opened)
        return app


def _service(project: Project, name: str) -> Service:
    stated = project.settings.services[name]
    return Service(
        name=name,
        url=stated.url,
        credentials=stated.credentials,
        timeout=stated.timeout,
        connections=stated.connections,
        concurrency=stated.concurrency,
        batch_limit=stated.batch_limit,
        answer_limit=stated.answer_limit,
        page_limit=stated.page_limit,
        owner=stated.owner,
    )


def load(project: Path, environ: Mapping[str, str]) -> App:
    """The app of the project in a folder. Raises ProjectError with every mistake."""
    return App(load_project(project, environ))
