"""The whole of Parfinanciero as processes: its services behind doors, and the gateway, as `stolon serve` runs it."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from examples.parfinanciero.launch import Launched, launch
from tests.serving.processes import Started, started
from tests.soak.sky import Sky, sky

PROJECT: Final = Path(__file__).resolve().parents[2] / "examples" / "parfinanciero"
STALE_SECONDS: Final = 60
_VARIABLE: Final = re.compile(r"\$\{(\w+)(?::-[^}]*)?\}")
_SECRETS: Final = {
    'client_secret = "${GATEWAY_SECRET:-unset}"': 'client_secret_file = "secrets/gateway.secret"',
    'key = "${NOTIFICATIONS_KEY:-unset}"': 'key_file = "secrets/notifications.secret"',
}
"""Secrets come from the environment or from files; here from those that the launcher wrote."""
_POLICIES: Final = """
[observe]
address = "127.0.0.1:{port}"

[cache]
bytes = "8MiB"

[services.users.operations.getUser.fallback]
stale = "{stale}s"
"""
_BREAKER: Final = """
[services.{name}.breaker]
window = "5s"
calls = 10
pause = "1s"
"""


@dataclass(frozen=True)
class World:
    """What runs. `url` is the endpoint, `second` the gateway's second address; `folder` has the databases."""

    folder: Path
    launched: Launched
    sky: Sky
    gateway: Started
    url: str
    second: str


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    """Started in the folder, which is empty; ended on leaving."""
    project, kept = folder / "project", "secrets"
    async with launch(folder) as launched, sky(launched, folder / kept, project / kept) as above:
        urls = {f"{name.upper()}_URL": f"http://127.0.0.1:{door.port}" for name, door in above.doors.items()}
        port = _free_port()
        _write(project, {**launched.environ, **urls}, port, list(above.doors))
        async with started("serve", "--project", str(project), "--port", "0") as gateway:
            url = await gateway.url()
            yield World(folder, launched, above, gateway, url, f"http://127.0.0.1:{port}")


def _write(folder: Path, environ: Mapping[str, str], port: int, services: list[str]) -> None:
    """A copy of the project, impatient and with short breakers, so that a few minutes are enough for everything."""
    shutil.copytree(folder.parent / "secrets", folder / "secrets")
    shutil.copytree(
        PROJECT,
        folder,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("services", "__pycache__", "*.sqlite*"),
    )
    file = folder / "stolon.toml"
    text = file.read_text(encoding="utf-8")
    for from_environment, from_file in _SECRETS.items():
        text = text.replace(from_environment, from_file)
    text = _VARIABLE.sub(lambda found: environ[found[1]], text)
    text = text.replace('timeout = "2s"', 'timeout = "1s"')
    text += _POLICIES.format(port=port, stale=STALE_SECONDS)
    text += "".join(_BREAKER.format(name=name) for name in services)
    file.write_text(text, encoding="utf-8")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
