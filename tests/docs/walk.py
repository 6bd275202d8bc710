"""Walks through a page as a reader does: files are written and commands run in their order, each as it stands.

Done by hand, since a machine or a moment may lack it: `curl`, asked again for a while where the answer is another
(`stolon dev` reads a saved project in a moment), `cd`, `kill %N ...`, `kill $(jobs -p)`, and `NAME=$(curl ...)`.
Ports may be taken, so that free ones stand in their places.
"""

from __future__ import annotations

import re
import shlex
import time
import urllib.error
import urllib.request
from itertools import pairwise
from pathlib import Path

from tests.readme_blocks import Step
from tests.test_readme import SECONDS, Shell, differences, free_port

PATIENCE = 20.0
"""Seconds in which a saved project is served."""
PORTS = ("9300", "9301", "9302", "9303")


class Walk(Shell):
    """A reader's shell."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.ports |= {port: free_port() for port in PORTS}
        self._variables: dict[str, str] = {}

    def wrong(self, step: Step) -> list[tuple[str, str]]:
        """The shown and the printed lines that differ, after running a command."""
        until = time.monotonic() + PATIENCE
        while True:
            found = differences(step.output, self.run(step))
            if not found or not step.command.startswith("curl ") or time.monotonic() > until:
                return found
            time.sleep(0.1)  # between two questions, not before an answer

    def run(self, step: Step) -> list[str]:
        """The lines that a command printed."""
        command = self.with_ports(step.command)
        for name, value in self._variables.items():
            command = command.replace(f"${name}", value)
        if command.startswith("cd "):
            self.folder = (self.folder / command.removeprefix("cd ")).resolve()
            return []
        if re.fullmatch(r"kill( %\d+)+", command):
            for number in re.findall(r"\d+", command):
                ended = self._running[int(number) - 1]
                ended.terminate()
                ended.communicate(timeout=SECONDS)
            return []
        if command == "kill $(jobs -p)":
            self.close()
            return []
        if found := re.fullmatch(r"(\w+)=\$\((curl .*)\)", command):
            (self._variables[found[1]],) = curl(shlex.split(found[2]))
            return []
        if command.startswith("curl "):
            return curl(shlex.split(command))
        if command.startswith("stolon dev"):
            command = command.replace("stolon dev", f"stolon dev --port {self.ports['8000']}")
        return super().run(Step(command, step.output))


def curl(words: list[str]) -> list[str]:
    """The lines that `curl` would print."""
    headers = dict(value.split(": ", 1) for flag, value in pairwise(words) if flag == "-H")
    data = words[words.index("-d") + 1].encode() if "-d" in words else None
    (url,) = [word for word in words if word.startswith("http")]
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=SECONDS) as response:
            return str(response.read().decode()).splitlines()
    except urllib.error.HTTPError as refused:
        return refused.read().decode().splitlines()
    except urllib.error.URLError as nobody:
        return [f"curl: {nobody.reason}"]
