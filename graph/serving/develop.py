"""`stolon dev`: a project served while it is being written, and reloaded whenever its files change.

`graph/serving/watch.py` says when; `graph/serving/reload.py` changes over. A mistake keeps the last good schema;
all mistakes go to the terminal, as `stolon check` tells them, and to the playground, which asks for them. A
project that has never been right is answered for by `graph/serving/waiting.py`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from adapters.mistake import ProjectError
from graph.app import App
from graph.observing.log_lines import logged
from graph.observing.log_writer import LineWriter
from graph.observing.seeing import Seeing
from graph.playground import Watched
from graph.project.project import load_project
from graph.serving.reload import lines, reload
from graph.serving.served import Served
from graph.serving.server import CannotListen, serve
from graph.serving.waiting import waiting_application
from graph.serving.watch import Snapshot, changed, snapshot

_MOST_NAMES = 5


class Development:
    """One project and what is known of it. `tell` gets each line for the terminal."""

    def __init__(
        self, folder: Path, environ: Mapping[str, str], host: str, tell: Callable[[str], None]
    ) -> None:
        self._folder = folder.resolve()
        self._environ = environ
        self._host = host
        self._tell = tell
        self._writer = LineWriter(sys.stderr.buffer)
        self._seeing: Seeing | None = None
        self._app: App | None = None
        self._version = 0
        self._mistakes: tuple[str, ...] = ()

    async def serve(self, port: int, on_ready: Callable[[str], None]) -> None:
        """Serve until SIGTERM or SIGINT, whatever state the project is in. The port is this one or the next that
        is free. Raises CannotListen.
        """
        with _no_bytecode(), logged(self._writer, plain=True):
            before = snapshot(self._folder)
            if not before.is_whole:
                self._tell("warning: the folder has too many files: changes of some will not be seen")
            try:
                self._took(self._load())
            except ProjectError as error:
                self._wrong(lines(error))
            first = (
                waiting_application(lambda: self._mistakes, self._host)
                if self._app is None
                else self._app.application()
            )

            async def beside(served: Served) -> None:
                async with AsyncExitStack() as stack:
                    await self._keep(served, before, stack)

            await serve(first, self._host, port, on_ready, port_is_fixed=False, beside=beside)

    async def _keep(self, served: Served, before: Snapshot, stack: AsyncExitStack) -> None:
        observed = False
        while True:
            if self._app is not None and not observed:
                observed = True
                try:
                    await stack.enter_async_context(self._app.observed())
                except CannotListen as error:
                    self._tell(f"warning: {error}")
            now = await changed(self._folder, before)
            self._tell(f"changed: {_named(self._folder, before.changes(now))}")
            before = now
            loaded: list[App] = []

            def load(loaded: list[App] = loaded) -> App:
                loaded.append(self._load())
                return loaded[-1]

            wrong = await reload(served, load)
            if wrong:
                self._wrong(wrong)
            else:
                self._took(loaded[-1])
                self._tell("the project was reloaded")

    def _load(self) -> App:
        project = load_project(self._folder, self._environ)
        app = App(project, detail=True, open_at=self._host, watched=self._watched, seeing=self._seeing)
        app.seeing.log_to(self._writer, plain=True)
        return app

    def _took(self, app: App) -> None:
        self._app, self._seeing = app, app.seeing
        self._version += 1
        self._mistakes = ()
        for warning in app.warnings:
            self._tell(f"warning: {' '.join(warning.splitlines())}")

    def _wrong(self, mistakes: Sequence[str]) -> None:
        self._mistakes = tuple(mistakes)
        for line in mistakes:
            self._tell(line)
        count = f"{len(mistakes)} mistake{'' if len(mistakes) == 1 else 's'}"
        kept = "nothing can be served yet" if self._app is None else "the last good state is served"
        self._tell(f"the project has {count}: {kept}")

    def _watched(self) -> Watched:
        return Watched(self._version, self._mistakes)


def _named(folder: Path, files: Sequence[Path]) -> str:
    names = [os.fspath(one.relative_to(folder)) for one in files[:_MOST_NAMES]]
    more = len(files) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """Compiled files are told to be current by whole seconds and sizes, too coarse for who edits and looks."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
