"""Building: a Dockerfile's instructions taken one by one, each stage in a root of its own.

The base comes from `debian.py`; all else is done as written. A layer is what a step added or changed, in bytes; what
a step deletes of an earlier layer takes nothing off, as in an image.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from scripts.image_root import context, debian, machine, sandbox
from scripts.image_root.dockerfile import Instruction, NotUnderstood, read, substitute
from scripts.image_root.process import StepFailed, run
from scripts.image_root.stage import Layer, Stage

_BASE = re.compile(r"debian:([a-z]+)-slim")


class Build:
    """The building of one checkout's Dockerfile below `folder`, where a base of an earlier run is used again.

    `tell` gets a line for each instruction before it is taken.
    """

    def __init__(self, checkout: Path, folder: Path, tell: Callable[[str], None]) -> None:
        self._checkout, self._folder, self._tell = checkout, folder, tell
        self._global: dict[str, str] = {}  # the ARGs before the first FROM: only FROM sees them
        self._args: dict[str, str] = {}
        self._stages: dict[str, Stage] = {}
        self._count = 0
        self._machine, self._shown = machine.settings()
        self.stage: Stage

    def taken(self) -> Stage:
        """The last stage, after all instructions: the image. Raises NotUnderstood, StepFailed."""
        for instruction in read((self._checkout / "Dockerfile").read_text(encoding="utf-8")):
            self._tell(f"{instruction.line:>3} {instruction.keyword} {instruction.text}"[:118])
            getattr(self, f"take_{instruction.keyword.lower()}")(instruction)
        return self.stage

    @property
    def _variables(self) -> dict[str, str]:
        return {**self._args, **self.stage.environ}

    def take_arg(self, step: Instruction) -> None:
        (self._args if self._count else self._global).update(step.pairs(self._global))

    def take_from(self, step: Instruction) -> None:
        parent, _, name = substitute(step.text, self._global).partition(" AS ")
        self._count += 1
        root = self._folder / f"stage-{self._count}"
        if root.exists():
            shutil.rmtree(root)
        before = self._stages.get(parent)
        if before is None:
            match = _BASE.fullmatch(parent)
            if match is None:
                raise NotUnderstood(f"{step.line}: {parent} is no stage, and no debian:SUITE-slim")
            before = Stage(debian.slim(self._folder, match[1], self._tell))
        run(["cp", "--archive", "--reflink=auto", str(before.root), str(root)], step.text)
        self.stage, self._args = before.grown_from(root), {}
        self._stages[name or str(self._count)] = self.stage

    def take_run(self, step: Instruction) -> None:
        if self.stage.user != "0:0":
            raise NotUnderstood(f"{step.line}: RUN as another user than root")
        environ = {**self._machine, **self._variables}
        words = sandbox.build_step(self.stage.root, step.text, environ, self.stage.workdir, self._shown)
        with Layer(self.stage, step):
            run(words, f"line {step.line}")

    def take_copy(self, step: Instruction) -> None:
        flags, rest = step.flags()
        *sources, target = substitute(rest, self._variables).split()
        into = self.stage.root / os.path.join(self.stage.workdir, target).lstrip("/")
        with Layer(self.stage, step):
            if "from" in flags:
                for source in sources:
                    self._copy_tree(self._stages[flags["from"]].root / source.lstrip("/"), into)
            else:
                self._copy_context(step, sources, into, target)

    def _copy_tree(self, source: Path, into: Path) -> None:
        into.mkdir(parents=True, exist_ok=True)
        run(["cp", "--archive", f"{source}/.", str(into)], f"COPY {source}")

    def _copy_context(self, step: Instruction, sources: list[str], into: Path, target: str) -> None:
        ignored = context.rules((self._checkout / ".dockerignore").read_text(encoding="utf-8"))
        there = context.files(self._checkout, ignored)
        for source in sources:
            name = os.path.normpath(source)
            found = {path: path for path in there if name == "."}
            found |= {path: path[len(name) + 1 :] for path in there if path.startswith(f"{name}/")}
            if name in there:
                found[name] = Path(name).name if target.endswith("/") else ""
            if not found:
                raise StepFailed(f"line {step.line}: {source} is not in the build context (.dockerignore)")
            for path, inside in found.items():
                (into / inside).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(self._checkout / path, into / inside)

    def take_env(self, step: Instruction) -> None:
        self.stage.environ |= step.pairs(self._variables)

    def take_label(self, step: Instruction) -> None:
        self.stage.labels |= step.pairs(self._variables)

    def take_workdir(self, step: Instruction) -> None:
        self.stage.workdir = os.path.join(self.stage.workdir, substitute(step.text, self._variables))
        (self.stage.root / self.stage.workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def take_user(self, step: Instruction) -> None:
        self.stage.user = substitute(step.text, self._variables)

    def take_expose(self, step: Instruction) -> None:
        self.stage.ports = [int(port) for port in step.text.split()]

    def take_stopsignal(self, step: Instruction) -> None:
        self.stage.stop_signal = step.text

    def take_healthcheck(self, step: Instruction) -> None:
        flags, rest = step.flags()
        keyword, _, words = rest.partition(" ")
        if keyword != "CMD" or not re.fullmatch(r"\d+s", flags.get("timeout", "")):
            raise NotUnderstood(f"{step.line}: HEALTHCHECK wants a --timeout in seconds and CMD")
        self.stage.healthcheck = step.exec_form(words.strip())
        self.stage.health_timeout = float(flags["timeout"].removesuffix("s"))

    def take_entrypoint(self, step: Instruction) -> None:
        self.stage.entrypoint, self.stage.cmd = step.exec_form(), []

    def take_cmd(self, step: Instruction) -> None:
        self.stage.cmd = step.exec_form()
