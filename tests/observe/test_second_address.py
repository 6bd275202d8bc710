"""Where operators are answered: how an address is written, in the file and on the command line, and probes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapters.facts import Fact, Probed
from adapters.failures import Unavailable
from adapters.messages import ANONYMOUS, Request, Response
from adapters.mistake import ProjectError
from graph import cli
from graph.observing.probes import Probe, pause, probing
from graph.serving.server import CannotListen
from graph.settings.address import Address, address
from graph.settings.settings import ObserveSettings
from tests.graph import projects
from tests.observe.observed import MODULE, ORDERS, USERS, loaded
from tests.observe.test_tracing import TOML

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("127.0.0.1:9464", Address("127.0.0.1", 9464)),
        ("9464", Address("127.0.0.1", 9464)),
        (":9464", Address("127.0.0.1", 9464)),
        ("0.0.0.0:0", Address("0.0.0.0", 0)),  # noqa: S104 - only read
        ("[::1]:9464", Address("::1", 9464)),
        ("pod-7.example:80", Address("pod-7.example", 80)),
        ("::1:9464", None),
        ("127.0.0.1:65536", None),
        ("127.0.0.1:", None),
        ("127.0.0.1", None),
        ("http://127.0.0.1:1", None),
        ("a b:1", None),
        ("", None),
        ("٣", None),
    ],
)
def test_an_address_is_host_and_port(text, found):
    """`HOST:PORT`, an IPv6 host in brackets, or a port alone, which is one of loopback."""
    assert address(text) == found
    assert found is None or address(str(found)) == found


def test_observing_is_off_by_default(tmp_path):
    """Without a word nothing listens, and nothing is exported."""
    app = loaded(tmp_path, TOML)
    assert app.project.settings.observe == ObserveSettings(
        address=None, operations=200, otlp=None, otlp_share=1.0
    )
    assert app.observe_at is None


def test_the_project_says_what_operators_see(tmp_path):
    """`[observe]` and the services' health settings are read with their units."""
    more = '[observe]\naddress = "9464"\noperations = 5\notlp_share = 0.5\n'
    toml = TOML.replace(
        "[services.orders]",
        'health = "/health/live"\nhealth_interval = "5s"\nslow = "200ms"\n[services.orders]',
    )
    app = loaded(tmp_path, more + toml)
    assert app.observe_at == Address("127.0.0.1", 9464)
    assert app.project.settings.observe.otlp_share == 0.5
    users = app.project.settings.services["users"]
    assert (users.health, users.health_interval, users.slow) == ("/health/live", 5.0, 0.2)


def test_what_is_wrong_is_told(tmp_path):
    """Every mistake of `[observe]` and of a health path is told with its line."""
    more = '[observe]\naddress = "nowhere"\noperations = 0\notlp = "ftp://x"\notlp_share = 2\nadress = "1"\n'
    with pytest.raises(ProjectError) as caught:
        loaded(tmp_path, more + TOML.replace("[services.orders]", 'health = "live"\n[services.orders]'))
    told = {str(one).removeprefix(f"{tmp_path}/stolon.toml:") for one in caught.value.mistakes}
    assert told == {
        "2: observe.address: expected HOST:PORT, such as '127.0.0.1:9464', or a port alone",
        "3: observe.operations: expected an integer from 1 to 10000",
        "4: observe.otlp: expected an absolute http or https URL such as 'https://host/path'",
        "5: observe.otlp_share: expected a number from 0 to 1",
        "6: observe.adress: unknown key; did you mean 'address'?",
        "12: services.users.health: expected a path such as '/graphql': segments of letters, digits and . _ ~ -",
    }


async def test_an_address_that_is_taken_is_told(tmp_path, unused_tcp_port):
    """A second address that cannot be listened on ends the start, and says which it was."""
    app = loaded(tmp_path, TOML)
    app.observe_at = Address("127.0.0.1", unused_tcp_port)
    async with app.observed() as url:
        assert url == f"http://127.0.0.1:{unused_tcp_port}"
        with pytest.raises(CannotListen, match=f"^127.0.0.1:{unused_tcp_port} cannot be listened on: "):
            async with app.observed():
                pass


def test_the_command_line_names_the_address(tmp_path, monkeypatch):
    """`serve --observe` takes the place of what the project says; anything but an address is a matter of usage."""
    served = []

    class Served:
        warnings = ()
        observe_at: Address | None = None

        async def serve(self, *_: object, **__: object) -> None:
            served.append(self.observe_at)

    monkeypatch.setattr(cli, "load", lambda *_: Served())
    command = ["serve", "--project", str(tmp_path)]
    assert CliRunner().invoke(cli.main, [*command, "--observe", "[::1]:9464"]).exit_code == 0
    assert CliRunner().invoke(cli.main, command).exit_code == 0
    assert served == [Address("::1", 9464), None]
    wrong = CliRunner().invoke(cli.main, [*command, "--observe", "metrics"])
    assert (wrong.exit_code, "expected HOST:PORT, or a port of loopback" in wrong.stderr) == (2, True)


async def test_serve_logs_json_and_tells_where_it_is_observed(tmp_path):
    """`stolon serve` writes every line of its log to stderr as JSON, requests among them, and its URL to stdout."""
    projects.write(tmp_path, MODULE, {"users": USERS, "orders": ORDERS}, TOML)
    arguments = ["serve", "--project", str(tmp_path), "--port", "0", "--observe", "0"]
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "import sys; from graph.cli import main; main(sys.argv[1:])", *arguments),
        cwd=ROOT,
        env=dict(os.environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert server.stdout is not None
    url = (await server.stdout.readline()).decode().split()[1]

    def ask() -> None:
        body = json.dumps({"query": 'query Hi { echo(text: "x") }'}).encode()
        request = urllib.request.Request(f"{url}/graphql", body, {"content-type": "application/json"})
        with urllib.request.urlopen(request) as response:
            assert json.load(response) == {"data": {"echo": "x"}}

    await asyncio.get_running_loop().run_in_executor(None, ask)
    server.send_signal(signal.SIGTERM)
    out, err = await server.communicate()
    assert (server.returncode, out) == (0, b"")
    lines = [json.loads(line) for line in err.splitlines() if not line.startswith(b"warning: ")]
    told = [re.sub(r":\d+$", "", line["event"]) for line in lines]
    assert "metrics and the health of integrations are told at http://127.0.0.1" in told
    [request] = [line for line in lines if line["event"] == "request"]
    assert (request["operation"], request["status"]) == ("Hi", 200)
    assert {line["level"] for line in lines} == {"info", "warning"}


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 24.0), (0.5, 30.0), (1.0, 36.0)])
def test_probes_are_spread(chance, seconds):
    """The pause is the interval, a fifth less to a fifth more."""
    assert pause(30.0, chance) == pytest.approx(seconds)


async def test_a_probe_asks_again_and_again():
    """A probe asks at once and after every pause, tells how it went, and ends with whoever entered it."""
    facts: list[Fact] = []
    pauses: list[float] = []
    asked: list[Request] = []
    times = iter(range(0, 100, 2))
    third = asyncio.Event()

    async def send(request: Request) -> Response:
        asked.append(request)
        if len(asked) == 2:
            raise Unavailable("refused", sent=False)
        return Response(204 if len(asked) == 1 else 503, {}, b"")

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            third.set()
            await asyncio.Event().wait()

    probe = Probe(
        "users", "/up", 10.0, send, (facts.append,), lambda: float(next(times)), lambda: 0.25, sleep
    )
    before = asyncio.all_tasks()
    async with probing([probe]):
        await third.wait()
    assert asyncio.all_tasks() == before
    assert facts == [
        Probed("users", 204, None, 2.0),
        Probed("users", None, "Unavailable", 2.0),
        Probed("users", 503, None, 2.0),
    ]
    assert [one.passed for one in facts if isinstance(one, Probed)] == [True, False, False]
    assert pauses == [9.0] * 3
    assert asked[0] == Request("users", "health", "GET", "/up", safe=True, identity=ANONYMOUS)
