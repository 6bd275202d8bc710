"""Where there is no root to be had: the same Dockerfile in one folder, with this machine's own Python.

Less is shown: steps that need Debian's packages or users are left out, one by one and by name, and the server runs as
whoever asks. That the root is not written to is seen afterwards instead of being made impossible.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.image_root.build import Build
from scripts.image_root.container import Container, DoesNotHold
from scripts.image_root.dockerfile import Instruction, substitute
from scripts.image_root.process import run
from scripts.image_root.stage import Stage, files_of

_OWN = re.compile(r"(?<![\w/.])/(opt|src|dist|project)\b")
_OF_DEBIAN = re.compile(r"apt-get|groupadd|useradd|rm -rf /var|.*\bstrip\b")


class BareBuild(Build):
    """All stages in one folder, so that a venv stays where it was made; absolute paths lead there."""

    def take_from(self, step: Instruction) -> None:
        """A stage begins: only its settings, as the folder is everyone's."""
        root = self._folder / "bare"
        parent, _, name = substitute(step.text, self._global).partition(" AS ")
        if not self._stages:
            if root.exists():
                _let_write(root)
                shutil.rmtree(root)
            root.mkdir(parents=True)
        first = Stage(root, environ={"PATH": os.environ["PATH"], **self._machine_of_here()})
        self.stage, self._args = self._stages.get(parent, first).grown_from(root), {}
        self._stages[name or step.text] = self.stage

    def take_run(self, step: Instruction) -> None:
        """The step's commands but for those that only Debian has."""
        commands = step.text.split(" && ")
        for command in commands:
            if _OF_DEBIAN.match(command):
                self._tell(f"    left out: {command}")
        script = " && ".join(_here(one, self.stage.root) for one in commands if not _OF_DEBIAN.match(one))
        if script:
            environ = {**self._args, **self.stage.environ, "PATH": self.stage.environ["PATH"]}
            folder = self.stage.root / self.stage.workdir.lstrip("/")
            run(["/bin/sh", "-c", f"set -e; {script}"], f"line {step.line}", environ, folder)

    def take_copy(self, step: Instruction) -> None:
        """From the context as ever; from another stage it is there already, and only counted."""
        flags, rest = step.flags()
        if "from" not in flags:
            super().take_copy(step)
            return
        size = sum(size for size, *_ in files_of(Path(_here(rest.split()[-1], self.stage.root))).values())
        self.stage.layers.append((f"{step.keyword} {step.text}", size))

    def take_env(self, step: Instruction) -> None:
        """As ever, with paths into the folder."""
        super().take_env(step)
        self.stage.environ = {
            name: _here(value, self.stage.root) for name, value in self.stage.environ.items()
        }

    def taken(self) -> Stage:
        """The image; from now on its folder is not to be written to."""
        image = super().taken()
        for where, _, names in os.walk(image.root):
            for path in [where, *(os.path.join(where, name) for name in names)]:
                if not os.path.islink(path):
                    os.chmod(path, os.stat(path).st_mode & ~0o222)
        return image

    @staticmethod
    def _machine_of_here() -> dict[str, str]:
        """What the machine's own pip and Python need from the environment: all that is not Python's own."""
        return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


class BareContainer(Container):
    """The server as a process of this machine, in its own network."""

    def command(self, words: Sequence[str]) -> list[str]:
        """The words with paths into the folder, and the project where it lies."""
        image = self._image
        placed = [str(self._project) if word == image.workdir else word for word in words]
        environ = [f"{name}={value}" for name, value in self._environ.items()]
        return ["env", "-i", *environ, sys.executable, "-c", _IN, str(self._project), *placed]

    def second_command(self, words: Sequence[str]) -> list[str]:
        """Like the first."""
        return self.command(words)

    def __enter__(self) -> Container:
        """Starts it. Raises DoesNotHold where something else on this machine has its port."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", self._image.ports[0]))  # noqa: S104 - where the server will listen
            except OSError as error:
                raise DoesNotHold(f"port {self._image.ports[0]} of this machine: {error.strerror}") from None
        return super().__enter__()

    def first_process(self) -> int:
        """The process itself: `env` becomes it."""
        return self._process.pid

    def rights(self) -> str:
        """What it runs as."""
        return f"{self._image.entrypoint[0]} runs as user {os.geteuid()} of this machine: no root of its own here"


# `env --chdir` is GNU's alone.
_IN = "import os, sys; os.chdir(sys.argv[1]); os.execvp(sys.argv[2], sys.argv[2:])"


def _here(text: str, root: Path) -> str:
    return _OWN.sub(lambda match: f"{root}/{match[1]}", text)


def _let_write(root: Path) -> None:
    for where, folders, _ in os.walk(root):
        for name in folders:
            path = os.path.join(where, name)
            if not os.path.islink(path):
                os.chmod(path, os.stat(path).st_mode | stat.S_IWUSR)
    os.chmod(root, os.stat(root).st_mode | stat.S_IWUSR)
