"""The example as processes: started, found, stopped; alone and all together."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from examples.parfinanciero import launch as launching
from examples.parfinanciero.launch import Launched, LaunchError, launch

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ROOT / "examples" / "parfinanciero" / "services"
NAMES = launching.NAMES


async def read(launched: Launched, service: str, path: str, token: str = "") -> tuple[int, Any]:
    """Status and body of a call."""
    headers = {"X-Tenant-ID": "acme", "Authorization": f"Bearer {token}"} if token else {}
    url = launched.url(service) + path
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
        return response.status, await response.json(content_type=None)


def gone(pid: int) -> bool:
    """Whether no process has this id (any more)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def wait_until_gone(pids: list[int]) -> bool:
    """Waits, ten seconds at most each, for processes that are no children of this one."""
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            if not select.select([descriptor], [], [], 10)[0]:
                return False
        finally:
            os.close(descriptor)
    return True


async def test_the_whole_example_runs_as_processes(tmp_path: Path) -> None:
    """Nine processes answer; a stopped one refuses, comes back on its port, and all end with the block."""
    async with launch(tmp_path, slow_seconds=0.01) as launched:
        pids = [launched.services[name].pid for name in NAMES]
        token = launched.tokens["ana"]
        assert sorted(launched.tokens) == ["ana", "bruno", "carla"]
        assert [(await read(launched, name, "/internal/calls"))[0] for name in NAMES] == [200] * 9
        before = await read(launched, "users", "/v1/users/u-0001", token)
        assert before[0] == 200

        with pytest.raises(LaunchError, match=r"^users is running already$"):
            await launched.start("users")
        url = launched.url("users")
        await launched.stop("users")
        assert (launched.services["users"].running, gone(pids[1])) == (False, True)
        with pytest.raises(aiohttp.ClientConnectorError):
            await read(launched, "users", "/v1/users/u-0001", token)
        await launched.start("users")
        assert launched.url("users") == url
        assert await read(launched, "users", "/v1/users/u-0001", token) == before

        await launched.stop("orders")
        command = launched.services["orders"].command
        by_hand = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        assert by_hand.stdout is not None
        assert (await by_hand.stdout.readline()).decode() == f"listening {launched.url('orders')}\n"
        assert (await read(launched, "orders", "/v1/orders", token))[0] == 200
        by_hand.send_signal(signal.SIGINT)
        assert await by_hand.wait() == 0

        # No secret stands in a command, which everybody may see, but in files that only this user may read.
        said = f"{launched!r}{[service.command for service in launched.services.values()]}"
        hidden = [*launched.tokens.values(), *launched.secrets.values()]
        assert [secret for secret in hidden if secret in said] == []
        kept = {
            file.stem: (file.read_text(), file.stat().st_mode & 0o777)
            for file in (tmp_path / "secrets").iterdir()
        }
        assert kept == {name: (secret, 0o600) for name, secret in launched.secrets.items()}
        assert launched.environ == {
            **{f"{name.upper()}_URL": launched.url(name) for name in NAMES},
            "GATEWAY_SECRET": launched.secrets["gateway"],
            "NOTIFICATIONS_KEY": launched.secrets["notifications"],
        }
        pids.append(launched.services["users"].pid)
    assert [gone(pid) for pid in pids] == [True] * 10


async def test_processes_end_when_the_block_raises(tmp_path: Path) -> None:
    """An exception in the block leaves no process behind."""
    pids: list[int] = []

    async def fail_within() -> None:
        async with launch(tmp_path, access_log=True) as launched:
            pids.extend(service.pid for service in launched.services.values())
            raise RuntimeError("within")

    with pytest.raises(RuntimeError, match="within"):
        await fail_within()
    assert [gone(pid) for pid in pids] == [True] * 9


async def test_a_port_that_is_taken_fails_the_launch(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """When one service cannot start, the launch says which, and the others are stopped."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LaunchError, match=r"^orders did not start \(exit code 1\)$"):
            async with launch(tmp_path, ports={"orders": port}):
                pytest.fail("it started")
    assert "orders cannot start: " in capfd.readouterr().err


def stand_in(folder: Path, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a launch start this program in place of each service, with short patience."""
    folder.mkdir()
    (folder / "__main__.py").write_text(program)
    monkeypatch.setattr(launching, "SERVICES_FOLDER", folder)
    monkeypatch.setattr(launching, "STOP_SECONDS", 0.2)


async def test_a_service_that_does_not_stop_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Services that heed no SIGTERM are killed; an identity provider without tokens fails the launch."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    stubborn = (
        "import os, pathlib, signal, sys\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "(pathlib.Path(sys.argv[0]) / f'{os.getpid()}.pid').touch()\n"
        f"print('listening {url}', flush=True)\n"
        "while True:\n"
        "    signal.pause()\n"
    )
    stand_in(tmp_path / "stubborn", stubborn, monkeypatch)
    with pytest.raises(LaunchError, match=r"^the identity provider gave no token: "):
        async with launch(tmp_path):
            pytest.fail("it started")
    pids = [int(path.stem) for path in (tmp_path / "stubborn").glob("*.pid")]
    assert [gone(pid) for pid in pids] == [True] * 9


async def test_a_service_that_never_listens_fails_the_launch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that does not say where it listens is ended when patience is."""
    stand_in(tmp_path / "silent", "import sys\nsys.stdin.read()\n", monkeypatch)
    monkeypatch.setattr(launching, "START_SECONDS", 0.1)
    with pytest.raises(LaunchError, match=r"^identity did not start within 0.1 seconds$"):
        async with launch(tmp_path):
            pytest.fail("it started")


def test_services_end_with_a_starter_that_was_killed(tmp_path: Path) -> None:
    """A launching process that is killed takes its services with it."""
    program = (
        "import asyncio, json, pathlib, sys\n"
        "from examples.parfinanciero.launch import launch\n"
        "async def main():\n"
        "    async with launch(pathlib.Path(sys.argv[1])) as launched:\n"
        "        print(json.dumps([each.pid for each in launched.services.values()]), flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    pids = json.loads(starter.stdout.readline())
    starter.kill()
    starter.wait()
    starter.stdout.close()
    assert len(pids) == 9
    assert wait_until_gone(pids)


@pytest.mark.parametrize(
    "program",
    [[str(SERVICES)], ["-m", "examples.parfinanciero.services"]],
    ids=["by path", "as a module"],
)
def test_a_service_is_started_by_path_and_as_a_module(program: list[str], tmp_path: Path) -> None:
    """Both forms print one line, answer there, and stop cleanly on SIGTERM with nothing on standard error."""
    service = subprocess.Popen(
        [sys.executable, *program, "identity"],
        cwd=ROOT if program[0] == "-m" else tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert service.stdout is not None
    line = service.stdout.readline()
    assert line.startswith("listening http://127.0.0.1:")
    with socket.create_connection(("127.0.0.1", int(line.rpartition(":")[2]))) as connection:
        connection.sendall(
            b"POST /internal/tokens/ana HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        assert connection.recv(12) == b"HTTP/1.1 200"
    service.terminate()
    assert service.communicate(timeout=20) == ("", "")
    assert service.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["users"], 2, "users needs --database, --jwks and --issuer"),
        (["books"], 2, "invalid choice: 'books'"),
        (
            [
                "orders",
                "--database",
                "{folder}/no/such/folder.sqlite",
                "--jwks",
                "http://x/",
                "--issuer",
                "x",
            ],
            1,
            "orders cannot start: unable to open database file",
        ),
    ],
)
def test_a_service_that_cannot_start_says_why(
    arguments: list[str], code: int, said: str, tmp_path: Path
) -> None:
    """Wrong usage is exit code 2, a database that cannot be opened 1; standard error says what is wrong."""
    done = subprocess.run(
        [sys.executable, str(SERVICES), *(each.format(folder=tmp_path) for each in arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stdout, said in done.stderr) == (code, "", True)
