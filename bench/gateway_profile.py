"""Where the CPU time of a request goes: the server is interrupted at every millisecond of CPU time that it spends and
notes whose code it is in.

    python bench/gateway_profile.py [--seconds 6] [--operation 1] [--files 15]

A sample counts for the innermost frame that is this project's or aiohttp's; what the standard library, msgspec or
uvloop do in between counts for their caller. A signal is heard when Python code runs: what uvloop and the kernel do
between two callbacks counts for the code that runs next, if it is not the loop's own (sockets, scheduling, futures).
Looking costs some time itself, so shares are told, and not microseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Final

import msgspec

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.gateway_load import asked, body_of  # noqa: E402  # after the path
from bench.gateway_operations import POSTS  # noqa: E402
from bench.gateway_servers import MADE_UP, PROJECTS, Process, free_port, listens, on, upstream  # noqa: E402
from graph.cli import main as stolon  # noqa: E402

EVERY: Final = 0.001  # seconds of CPU time
LOOP: Final = "the loop: sockets, scheduling, futures"
CONNECTIONS: Final = 48
_RUNNER: Final = "asyncio/runners.py"
_LOGGING: Final = (
    "graph/log",
    "graph/request_log",
    "graph/observe",
    "graph/metrics",
    "graph/tracing",
    "graph/figures",
)
_PARTS: Final = (  # of a path, the first that fits
    ("aiohttp/client", "aiohttp: client"),
    ("aiohttp/connector", "aiohttp: client"),
    ("aiohttp/streams", "aiohttp: server"),
    ("aiohttp/http", "aiohttp: server"),
    ("aiohttp/web", "aiohttp: server"),
    ("adapters/", "adapters: policies and transport"),
    ("resolvers/fast/", "resolvers: compiled plans (decode, build, run)"),
    ("resolvers/", "resolvers: calls, store, sources"),
    *((one, "graph: log line and figures") for one in _LOGGING),
    ("graph/", "graph: the door, and the lanes"),
)


class Samples:
    """Whose code was run, by file and part."""

    def __init__(self) -> None:
        self.files: Counter[str] = Counter()

    def take(self, _: int, frame: FrameType | None) -> None:
        """One sample; a handler of SIGPROF."""
        while frame is not None:
            name = frame.f_code.co_filename
            if name.endswith(_RUNNER):  # whatever is further out only started the loop
                break
            for fragment, _part in _PARTS:
                if fragment in name:
                    self.files[name[name.rindex(fragment) :]] += 1
                    return
            frame = frame.f_back
        self.files[LOOP] += 1


def part_of(file: str) -> str:
    """Which part a sampled file belongs to."""
    return next((part for fragment, part in _PARTS if file.startswith(fragment)), LOOP)


def serve(told: Path, arguments: list[str]) -> None:
    """`stolon serve`, sampled; the samples are written when it ends."""
    samples = Samples()
    signal.signal(signal.SIGPROF, samples.take)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        stolon(arguments)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        told.write_bytes(msgspec.json.encode(samples.files))


def times(pid: int) -> tuple[int, int]:
    """Ticks that a process spent in its own code and in the kernel's (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(fields[11]), int(fields[12])


def sampled(text: str, seconds: float) -> tuple[Counter[str], float]:
    """The samples by file, of a server that is asked this for so many seconds, and the kernel's share of its time."""
    with TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder = Path(name)
        told = upstream("posts", folder, stack)
        port, out = free_port(), folder / "samples.json"
        with ExitStack() as serving:
            command = (sys.executable, str(Path(__file__).resolve()), "--serve", str(out))
            options = ("serve", "--project", str(PROJECTS["posts"]), "--port", str(port))
            process = Process((*command, *options), told.environ, 0, folder / "log", serving)
            on(1, 0)
            while not listens(port):
                if process.ended:
                    raise RuntimeError((folder / "log").read_text(encoding="utf-8"))
                time.sleep(0.05)
            before = times(process.pid)
            asyncio.run(asked(port, body_of(text), MADE_UP, seconds, CONNECTIONS))
            user, kernel = (now - then for now, then in zip(times(process.pid), before, strict=True))
        return Counter(msgspec.json.decode(out.read_bytes(), type=dict[str, int])), kernel / (user + kernel)


def main() -> None:
    """Sample, and print two tables in Markdown."""
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]), sys.argv[3:])
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--operation", type=int, default=1, help="which of the posts' operations, from 0")
    parser.add_argument("--files", type=int, default=15)
    given = parser.parse_args()
    operation = POSTS[given.operation]
    files, kernel = sampled(operation.text, given.seconds)
    parts: Counter[str] = Counter()
    for file, count in files.items():
        parts[part_of(file)] += count
    for title, found in ((operation.name, parts.most_common()), ("file", files.most_common(given.files))):
        print(f"\n| {title} | share |\n| --- | ---: |")
        for name, count in found:
            print(f"| {name} | {count / files.total():.1%} |")
    print(f"\n{kernel:.0%} of the time was the kernel's; it counts for the code that ran next.")


if __name__ == "__main__":
    main()
