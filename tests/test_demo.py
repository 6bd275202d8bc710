"""`stolon demo`, started as a user starts it: what it prints, that it works, and that it ends without a trace."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from adapters.mistake import ProjectError
from graph.demo import run_demo, started_as

ROOT = Path(__file__).resolve().parent.parent
STOLON = (sys.executable, "-c", "import sys; sys.argv[0] = 'stolon'; from graph.cli import main; main()")
NAMES = ["ana", "bruno", "carla"]
SERVICES = [
    *("identity", "users", "orders", "payments"),
    *("expenses", "storage", "projections", "reports", "notifications"),
]
DASHBOARD = ROOT / "examples" / "parfinanciero" / "operations" / "05-dashboard.graphql"
START_SECONDS = 60
STOP_SECONDS = 30


@dataclass
class Demo:
    """A running demo: `lines` are what it printed until it served."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def found(self, pattern: str) -> list[tuple[str, ...]]:
        """What the pattern's groups matched, for each whole line that matches."""
        return [match.groups() for line in self.lines if (match := re.fullmatch(pattern, line))]

    @property
    def tokens(self) -> dict[str, str]:
        return dict(self.found(r"token (\w+) (\S+)"))  # type: ignore[arg-type]  # the pattern has two groups

    @property
    def url(self) -> str:
        ((url,),) = self.found(r"serving (http://\S+)")
        return url

    @property
    def services(self) -> dict[str, tuple[str, int]]:
        """URL and process id by name."""
        return {name: (url, int(pid)) for name, url, pid in self.found(r"service (\w+) (\S+) pid (\d+)")}

    def ask(self, token: str, query: str) -> tuple[int, Any]:
        """Status and body of a GraphQL request."""
        request = urllib.request.Request(
            self.url,
            json.dumps({"query": query}).encode(),
            {"authorization": f"Bearer {token}", "content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)

    def stop(self, number: int = signal.SIGTERM) -> tuple[str, str]:
        """What was printed after it served, and what went to stderr in all."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=STOP_SECONDS)


@contextmanager
def demo(*arguments: str) -> Iterator[Demo]:
    """A demo that serves."""
    process = subprocess.Popen(
        [*STOLON, "demo", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    running = Demo(process)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            running.lines.append(line.rstrip("\n"))
            if line.startswith("serving "):
                break
        else:
            pytest.fail(f"the demo ended: {process.communicate()}")
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.communicate(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def ended(pid: int) -> bool:
    """Whether the process ends within ten seconds, or has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 10)[0])
    finally:
        os.close(descriptor)


def calls(demo: Demo) -> dict[str, int]:
    """The services' own counters."""
    made: dict[str, int] = {}
    for name in SERVICES[1:]:
        with urllib.request.urlopen(f"{demo.services[name][0]}/internal/calls", timeout=30) as response:
            made |= {f"{name}.{one}": count for one, count in json.load(response).items()}
    return made


def test_the_demo_explains_an_operation_as_the_command_does() -> None:
    """It prints a command and the tree of a plan; the command, given to a shell's words, prints that tree."""
    with demo("--port", "0") as running:
        start = running.lines.index("explained, before anything is called:") + 1
    end = next(at for at, line in enumerate(running.lines) if line.startswith("playground "))
    (command, file), tree = running.lines[start : start + 2], running.lines[start + 2 : end]
    name, *arguments = shlex.split(command.removesuffix("\\"))
    mark, path = shlex.split(file)
    assert (name, mark, len(tree) > 10) == ("stolon", "<", True)
    told = subprocess.run(
        [*STOLON, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input=Path(path).read_text(),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=True,
    )
    assert [f"  {line}" for line in told.stdout.splitlines()] == tree


def test_the_printed_command_works_in_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the whole path of the program that was started; what is no program is told by its plain name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "stolon").write_text("#!/bin/sh\n")
    assert started_as("bin/stolon") == "stolon"
    (tmp_path / "bin" / "stolon").chmod(0o755)
    assert started_as("bin/stolon") == str(tmp_path / "bin" / "stolon")
    assert [started_as("stolon"), started_as("bin"), started_as("-c")] == ["stolon"] * 3


def test_the_demo_serves_three_callers_and_ends_without_a_trace() -> None:
    """One token a line, each works at once, as does what it says to try; the promised query costs three calls;
    SIGTERM ends every process.
    """
    with demo("--port", "0") as running:
        assert list(running.tokens) == NAMES
        assert list(running.services) == SERVICES
        promised = "{me{orders(first:20){edges{node{total payments{state} customer{name}}}}}}"
        status, body = running.ask(running.tokens["ana"], promised)
        assert (status, "errors" in body) == (200, False)
        assert len(body["data"]["me"]["orders"]["edges"]) == 20
        assert calls(running) == {
            "users.getUser": 1,
            "orders.listOrders": 1,
            "payments.listPayments": 1,
        }
        # The story of five services, which needs each of the gateway's credentials.
        status, body = running.ask(running.tokens["ana"], DASHBOARD.read_text())
        assert (status, "errors" in body, None in body["data"]["me"].values()) == (200, False, False)
        seen = {name: running.ask(running.tokens[name], "{me{id name email}}") for name in NAMES}
        assert [body["data"]["me"]["id"] for _, body in seen.values()] == ["u-0001", "u-0002", "u-0003"]
        assert [body["data"]["me"]["name"].split()[0].lower() for _, body in seen.values()] == NAMES
        assert [body["data"]["me"]["email"] is None for _, body in seen.values()] == [False, True, True]
        assert running.ask("no.such.token", "{me{id}}")[0] == 401

        hint = "\n".join(running.lines[running.lines.index("try:") + 1 : -1])
        (query,) = re.findall(r"\{\"query\": \"(.*)\"\}", hint)
        status, body = running.ask(running.tokens["ana"], query)
        assert (running.url in hint, status, "errors" in body, list(body["data"])) == (
            True,
            200,
            False,
            ["me"],
        )

        pids = [pid for _, pid in running.services.values()]
        printed, logged = running.stop()
        assert (running.process.returncode, printed) == (0, "")
        # The log tells of each request, and nothing of who sent it or what came back.
        assert [line for line in logged.splitlines() if not re.match(r"\d\d:\d\d:\d\d \w+ ", line)] == []
        secrets = [*running.tokens.values(), "@example.com", "u-0001", "no.such.token"]
        assert [secret for secret in secrets if secret in logged] == []
        assert [ended(pid) for pid in pids] == [True] * 9
        others = [line for line in running.lines if not line.startswith("token ")]
        assert [token for token in running.tokens.values() for line in others if token in line] == []


def test_keys_are_made_anew_at_each_start_and_a_taken_port_is_passed_over() -> None:
    """A second demo on the same port takes the next free one, and does not accept the first one's tokens."""
    with demo("--port", "0") as first:
        port = int(first.url.split(":")[2].split("/")[0])
        with demo("--port", str(port)) as second:
            other = int(second.url.split(":")[2].split("/")[0])
            assert port < other < port + 100
            assert set(first.tokens.values()).isdisjoint(second.tokens.values())
            assert second.ask(first.tokens["ana"], "{me{id}}")[0] == 401
            assert second.ask(second.tokens["ana"], "{me{id}}")[0] == 200
            assert first.ask(first.tokens["ana"], "{me{id}}")[0] == 200
            # Ctrl-C ends one as SIGTERM does, and leaves the other alone.
            pids = [pid for _, pid in second.services.values()]
            printed, logged = second.stop(signal.SIGINT)
            assert (printed, "Traceback" in logged) == ("", False)
            assert (second.process.returncode, [ended(pid) for pid in pids]) == (0, [True] * 9)
            assert first.ask(first.tokens["ana"], "{me{id}}")[0] == 200


def test_a_service_of_the_demo_can_be_stopped_and_started_again() -> None:
    """The printed pid stops a service, the printed command starts it again; the graph lives through both."""
    with demo("--port", "0") as running:
        token = running.tokens["ana"]
        query = "{me{name orders(first: 1){nodes{total}}}}"
        whole = running.ask(token, query)
        pid = running.services["orders"][1]
        (again,) = [
            command
            for (command,), line in zip(
                running.found(r"  start again: (.*)"),
                [line for line in running.lines if line.startswith("service ")],
                strict=True,
            )
            if line.startswith("service orders ")
        ]
        os.kill(pid, signal.SIGTERM)
        assert ended(pid)
        partly = running.ask(token, query)[1]
        assert partly["data"] == {"me": {**whole[1]["data"]["me"], "orders": None}}
        assert [one["path"] for one in partly["errors"]] == [["me", "orders"]]
        started = subprocess.Popen(["/bin/sh", "-c", f"exec {again}"], stdout=subprocess.PIPE, text=True)
        try:
            assert started.stdout is not None
            assert started.stdout.readline() == f"listening {running.services['orders'][0]}\n"
            assert running.ask(token, query) == whole
        finally:
            started.terminate()
            started.communicate(timeout=STOP_SECONDS)


def test_no_free_port_is_told_as_wrong_usage() -> None:
    """Where every port that may be taken is taken, the demo says so and ends with code 2, its services too."""
    with socket.create_server(("127.0.0.1", 65535)):
        done = subprocess.run(
            [*STOLON, "demo", "--port", "65535"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=START_SECONDS,
        )
    assert done.returncode == 2
    assert "taken" in done.stderr
    assert done.stdout == ""


async def test_a_demo_whose_services_do_not_start_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that cannot start is a mistake of the bundled project, told in one line, and no traceback."""

    class LaunchError(Exception):
        pass

    def launch(_folder: Path) -> None:
        raise LaunchError("orders did not start (exit code 1)")

    launcher = ModuleType("launcher")
    launcher.__dict__.update(LaunchError=LaunchError, launch=launch)
    monkeypatch.setattr("graph.demo._launcher", lambda: launcher)
    with pytest.raises(ProjectError) as refused:
        await run_demo(lambda _: None, host="127.0.0.1", port=0)
    assert [one.message for one in refused.value.mistakes] == ["orders did not start (exit code 1)"]
