"""Builds the image of this checkout's Dockerfile without an engine, runs it as one would, and shows what it keeps to.

    scripts/image-root FOLDER [--bare | --memory] [--project DIR] [--query TEXT] [--beside COMMAND]

FOLDER gets about a gigabyte: the base (used again by a later run) and one root for each stage; with `--memory`
it is in memory, quicker, and leaves nothing. The container has a
network of its own, in which nothing else listens; COMMAND is run beside it there, for the services that the project
calls, and has to write a line to stdout once it listens. Each thing shown is one line on stdout; the first that does
not hold ends the run with 1. With `--bare`, and where there is no root or no debootstrap, `bare.py` shows what a bare
venv can.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from scripts.image_root.bare import BareBuild, BareContainer
from scripts.image_root.build import Build
from scripts.image_root.container import Container, DoesNotHold, alone_on_the_network, ask, in_memory
from scripts.image_root.dockerfile import NotUnderstood
from scripts.image_root.process import StepFailed
from scripts.image_root.stage import Stage, files_of

CHECKOUT = Path(__file__).resolve().parents[2]
TOOLS = ("debootstrap", "unshare", "nsenter", "setpriv", "chroot", "mount")
UNWANTED = frozenset({"pip", "pip3", "cc", "gcc", "c++", "g++", "ld", "make", "strip", "curl", "wget"})
STOP_SECONDS = 10.0
PROJECT = {
    "stolon.toml": '[graph]\nschema = "schema:schema"\n',
    "schema.py": (
        "import strawberry\nfrom stolon import rest\n\n\n@strawberry.type\nclass Query:\n"
        "    @strawberry.field\n    def answer(self) -> int:\n        return 42\n\n\n"
        "schema = rest.Schema(query=Query)\n"
    ),
}
Start = Callable[..., Container]

BROKEN = {
    "while nothing listens": "import time; time.sleep(60)",
    "when the answer is 503": (
        "import http.server as h\n"
        "class No(h.BaseHTTPRequestHandler):\n"
        "    def do_GET(self): self.send_error(503)\n"
        "h.HTTPServer(('0.0.0.0', 8000), No).serve_forever()"
    ),
    "when no answer comes": (
        "import socket, time\ns = socket.create_server(('0.0.0.0', 8000))\ntime.sleep(60)"
    ),
}


def main(arguments: list[str]) -> int:
    """Runs the command line. Returns the exit code: 0 all holds, 1 something does not, 2 it cannot be tried."""
    parser = argparse.ArgumentParser(prog="scripts/image-root", description="The image without an engine.")
    parser.add_argument("folder", type=Path, help="where the roots are made; kept afterwards")
    parser.add_argument("--bare", action="store_true", help="no root and no mounts: a venv in the folder")
    parser.add_argument("--memory", action="store_true", help="FOLDER in memory, gone afterwards (root only)")
    parser.add_argument("--project", type=Path, help="mounted at /project; without it, one small schema")
    parser.add_argument("--query", default="{ __typename }", help="a GraphQL query that the project answers")
    parser.add_argument("--beside", type=shlex.split, help="run in the container's network meanwhile")
    asked = parser.parse_args(arguments)
    if reasons := [*(["asked for"] if asked.bare else []), *missing()]:
        print(f"a bare venv instead of a root ({', '.join(reasons)})")
    builder, container = (BareBuild, BareContainer) if reasons else (Build, Container)
    asked.folder.mkdir(parents=True, exist_ok=True)
    try:
        if asked.memory and not reasons:
            in_memory(asked.folder)
        image = builder(CHECKOUT, asked.folder.resolve(), lambda line: print(line, flush=True)).taken()
        if reasons in ([], ["asked for"]):
            alone_on_the_network()
        if not reasons:
            _holds_only_what_serves(image)
        with ExitStack() as ended:
            project = (asked.project or _sample(ended)).resolve()
            prove(image, partial(container, image, project), asked.query, asked.beside)
    except (NotUnderstood, StepFailed, DoesNotHold) as error:
        print(f"image-root: {error}", file=sys.stderr)
        return 1
    return 0


def missing() -> list[str]:
    """What this machine lacks for an empty root of its own, in words; empty where all is there."""
    lacks = [f"no {tool}" for tool in TOOLS if shutil.which(tool) is None]
    return lacks if os.geteuid() == 0 else ["no root", *lacks]


def prove(image: Stage, start: Start, query: str, beside: list[str] | None) -> None:
    """Shows what the image keeps to, a line each. `start` makes a container of it. Raises DoesNotHold."""
    for step, size in image.layers:
        _show(f"layer of {size / 1e6:.1f} MB: {step[:72]}")
    _show(f"size: {sum(size for _, size in image.layers) / 1e6:.0f} MB in the image's own layers")
    before = files_of(image.root)
    with ExitStack() as ended:
        if beside:
            process = ended.enter_context(subprocess.Popen(beside, stdout=subprocess.PIPE))
            ended.callback(process.kill)
            if process.stdout is None or not process.stdout.readline():
                raise DoesNotHold(f"{shlex.join(beside)} ended without a line")
        _serves(image, start, query)
    for when, script in BROKEN.items():
        with start(["python3", "-c", script]) as container:
            if "listens" not in when:
                container.wait_for_port(image.ports[0])
            code = container.health()
            if code != 1:
                raise DoesNotHold(f"HEALTHCHECK ended with {code} {when}: 1 is unhealthy\n{container.log()}")
        _show(f"health: HEALTHCHECK ends with 1 {when}")
    if before != files_of(image.root):
        raise DoesNotHold("the image's root was written to")
    _show("root: nothing in it was written")


def _holds_only_what_serves(image: Stage) -> None:
    """No installer, no compiler, and of the other stages only what was copied."""
    places = [image.root / place.lstrip("/") for place in image.environ["PATH"].split(":")]
    commands = {path.name for place in places if place.is_dir() for path in place.iterdir()}
    left = sorted(commands & UNWANTED)
    left += [str(path.relative_to(image.root)) for path in image.root.glob("**/site-packages/pip")]
    left += [path for path in ("opt/build", "src", "dist", "root/.cache") if (image.root / path).exists()]
    if left or not {"stolon", "python"} <= commands:
        raise DoesNotHold(f"the image holds {', '.join(left) or 'no stolon'}")
    _show("holds: no pip, no compiler, nothing of the build but what was copied")


def _serves(image: Stage, start: Start, query: str) -> None:
    port = image.ports[0]
    with start() as container:
        container.wait_for_port(port)
        _show(f"process: {container.rights()}")
        status, body = ask(port, "/health/live")
        if status != 200:
            raise DoesNotHold(f"/health/live answered {status}: {body!r}\n{container.log()}")
        _show("live: /health/live answers 200")
        status, body = ask(port, "/graphql", json.dumps({"query": query}).encode())
        if status != 200 or "errors" in json.loads(body):
            raise DoesNotHold(f"the query was answered with {status}: {body!r}\n{container.log()}")
        _show(f"query: {body.decode()}")
        if code := container.health():
            raise DoesNotHold(f"HEALTHCHECK ended with {code} on a server that is well\n{container.log()}")
        _show("health: HEALTHCHECK ends with 0 on a server that is well")
        code = container.stop(STOP_SECONDS)
        if code != 0:
            raise DoesNotHold(f"{image.stop_signal} ended the server with {code}\n{container.log()}")
        _show(f"stop: {image.stop_signal} ends it with 0")


def _sample(ended: ExitStack) -> Path:
    folder = Path(ended.enter_context(tempfile.TemporaryDirectory()))
    folder.chmod(0o755)
    for name, text in PROJECT.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _show(line: str) -> None:
    print(f"ok  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
