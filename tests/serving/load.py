"""A load generator, run as a process of its own: `python load.py URL LEAST`, ended by a line on stdin.

Half of its clients keep their connections, as HTTP/1.1 does until the server says `Connection: close`; the other half
open one for each request. Every answer that is not as expected is counted under its own name, and nothing is
asked twice. On stdout: `begun` after the first answers, and one JSON object at the end.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from urllib.parse import urlsplit

CLIENTS = 12
BEGUN = 50
BODY = json.dumps({"query": "{version pid}"}).encode()


class Load:
    """What was asked, and how it went."""

    def __init__(self, host: str, port: int, least: int) -> None:
        self.host, self.port, self.least = host, port, least
        self.over = False
        self.asked = 0
        self.kept = 0
        self.closed_kindly = 0
        self.failures: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.pids: set[int] = set()

    @property
    def goes_on(self) -> bool:
        return not self.over or self.asked < self.least

    async def client(self, keeps: bool) -> None:
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nContent-Type: application/json\r\n"
            f"{'' if keeps else 'Connection: close' + chr(13) + chr(10)}Content-Length: {len(BODY)}\r\n\r\n"
        ).encode()
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while self.goes_on:
            self.asked += 1
            reused = connection is not None
            try:
                async with asyncio.timeout(30):
                    if connection is None:
                        connection = await asyncio.open_connection(self.host, self.port)
                    reader, writer = connection
                    writer.write(head + BODY)
                    closes = await self.answer(reader)
            except Exception as error:  # noqa: BLE001 - each kind is counted
                self.failures[f"{type(error).__name__} on a {'kept' if reused else 'fresh'} connection"] += 1
                closes = True
            else:
                if sum(self.answers.values()) == BEGUN:
                    sys.stdout.write("begun\n")
                    sys.stdout.flush()
                self.kept += reused
                self.closed_kindly += closes and keeps
            if closes and connection is not None:
                connection[1].close()
                connection = None
        if connection is not None:
            connection[1].close()

    async def answer(self, reader: asyncio.StreamReader) -> bool:
        """Read one answer; whether it is the last on its connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        fields = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(fields["content-length"]))
        if not head[0].startswith("http/1.1 200"):
            self.failures[head[0]] += 1
        else:
            data = json.loads(body)["data"]
            self.answers[data["version"]] += 1
            self.pids.add(data["pid"])
        return fields.get("connection") == "close"


async def main(url: str, least: int) -> None:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    load = Load(parts.hostname, parts.port, least)
    clients = [asyncio.create_task(load.client(number % 2 == 0)) for number in range(CLIENTS)]
    await asyncio.to_thread(sys.stdin.readline)
    load.over = True
    await asyncio.gather(*clients)
    told = {
        "asked": load.asked,
        "kept": load.kept,
        "closed_kindly": load.closed_kindly,
        "failures": load.failures,
        "answers": load.answers,
        "pids": sorted(load.pids),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
