"""Runs one service as a process until SIGTERM or SIGINT: reads the command line, listens, says where, stops
cleanly.

Standard output gets the one line `listening http://HOST:PORT`; logs go to standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from . import identity
from .catalogue import SERVICES
from .clients import Secrets, read_secret, read_secrets
from .options import ServiceOptions

# Set by whoever starts this process with a pipe as its standard input: the pipe's end is then the end of the
# starter, and this process ends with it, even where the starter was killed.
STOP_WITH_INPUT = "PARFINANCIERO_STOP_WITH_INPUT"
GRACE_SECONDS = 1.0


def main(arguments: Sequence[str]) -> int:
    """Runs the service that the command line names; 0 after a clean stop, 1 when it cannot start, 2 for wrong
    usage.
    """
    options = _parser().parse_args(arguments)
    if options.service != "identity" and not (options.database and options.jwks and options.issuer):
        _parser().error(f"{options.service} needs --database, --jwks and --issuer")
    logging.basicConfig(level=logging.INFO if options.access_log else logging.WARNING, stream=sys.stderr)
    try:
        asyncio.run(_run(options))
    except (OSError, ValueError, sqlite3.Error) as error:
        sys.stderr.write(f"{options.service} cannot start: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="services", description="Starts one service of Parfinanciero.")
    parser.add_argument("service", choices=["identity", *SERVICES])
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=int, default=0, help="port to listen on; 0, the default, takes a free one"
    )
    parser.add_argument("--database", type=Path, help="the service's SQLite file")
    parser.add_argument("--jwks", help="URL of the identity provider's keys")
    parser.add_argument(
        "--issuer", help="the issuer of tokens; the identity provider's own URL where it is left out"
    )
    parser.add_argument(
        "--slow-seconds", type=float, default=30.0, help="delay of pm_slow (payments; %(default)s)"
    )
    parser.add_argument(
        "--work-seconds", type=float, default=1.0, help="time of a projection (projections; %(default)s)"
    )
    parser.add_argument("--storage-url", default="", help="where storage is (expenses)")
    parser.add_argument("--expenses-url", default="", help="where expenses are (projections)")
    # Files, since a command line is seen by everybody on the machine.
    parser.add_argument(
        "--secret-file",
        type=Path,
        help="file with the service's own secret (expenses, projections), or the key that it takes (notifications)",
    )
    parser.add_argument(
        "--secrets", type=Path, help="folder with the clients' secrets, CLIENT.secret each (identity)"
    )
    parser.add_argument("--access-log", action="store_true", help="log every call to standard error")
    return parser


async def _run(options: argparse.Namespace) -> None:
    # Bound before the application is made: the identity provider's issuer is its own address.
    listener = socket.create_server((options.host, options.port))
    url = f"http://{options.host}:{listener.getsockname()[1]}"
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if os.environ.get(STOP_WITH_INPUT):
        await loop.connect_read_pipe(lambda: _UntilEnd(stopped), sys.stdin)
    runner = web.AppRunner(_application(options, url), access_log=None, shutdown_timeout=GRACE_SECONDS)
    try:
        await runner.setup()
        await web.SockSite(runner, listener).start()
        sys.stdout.write(f"listening {url}\n")
        sys.stdout.flush()
        await stopped.wait()
    finally:
        await runner.cleanup()
        listener.close()


def _application(options: argparse.Namespace, url: str) -> web.Application:
    if options.service == "identity":
        return identity.create_app(
            identity.IdentityOptions(
                issuer=options.issuer or url,
                access_log=options.access_log,
                secrets=read_secrets(options.secrets) if options.secrets else Secrets(),
            )
        )
    return SERVICES[options.service](
        ServiceOptions(
            database=options.database,
            jwks=options.jwks,
            issuer=options.issuer,
            access_log=options.access_log,
            slow_seconds=options.slow_seconds,
            work_seconds=options.work_seconds,
            storage_url=options.storage_url,
            expenses_url=options.expenses_url,
            secret=read_secret(options.secret_file) if options.secret_file else "",
        )
    )


class _UntilEnd(asyncio.Protocol):
    """Sets `stopped` when the pipe that it reads ends."""

    def __init__(self, stopped: asyncio.Event) -> None:
        self._stopped = stopped

    def connection_lost(self, exc: Exception | None) -> None:
        self._stopped.set()
