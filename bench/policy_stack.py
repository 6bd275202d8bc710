"""What each policy of a service's stack costs a call when it has nothing to do: `adapters/stack.py`, over a
transport that answers at once.

    python bench/policy_stack.py [--calls 5000] [--rounds 15]

The policies are those that a service gets by default, in their order, as `Upstream` puts them together: a new one
has a row here by itself. Each stands alone over the transport, less what the transport and one frame around it cost;
`all` is the whole stack. A policy is idle on the kind of call that it does not concern: a flight on a change, for
instance, while a read flies. So the lesser column is held against the target. CPU time of this process; the least of
all rounds, since noise only ever adds.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import time
from pathlib import Path
from typing import Final
from unittest.mock import patch

import uvloop

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import adapters.stack  # noqa: E402  # after the path
from adapters.caching.cache_store import InProcessStore  # noqa: E402
from adapters.messages import Identity, Once, Policy, Request, Response, Send  # noqa: E402
from adapters.service import Service  # noqa: E402
from adapters.sharing.shared_keys import Mine  # noqa: E402

TARGET: Final = 5.0  # µs a policy
CALLER: Final = Identity("caller", token="t0ken")  # noqa: S106  # made up
READ: Final = Request("users", "listUsers", "GET", "/users?ids=1", safe=True, identity=CALLER)
CHANGE: Final = Request("users", "createUser", "POST", "/users", body=b"{}", identity=CALLER)
ANSWER: Final = Response(200, {"content-type": "application/json"}, b"{}")


async def transport(request: Request) -> Response:
    """Answers at once, as if by the wire."""
    request.departure.mark()
    return ANSWER


class NoStore:
    """The keys of replicas whose store is away; no call here has one."""

    async def claim(self, service: str, once: Once, *, lease: float, keep: float) -> None:
        """Nobody can say."""

    async def land(
        self, service: str, once: Once, mine: Mine, answer: Response | None, *, sent: bool, keep: float
    ) -> None:
        """There is nobody to tell."""


async def unchanged(request: Request, send: Send) -> Response:
    """The least that a policy can do."""
    return await send(request)


def policies_of(service: Service) -> list[Policy]:
    """The policies that calls to the service pass, outermost first."""
    composed: list[tuple[Policy, ...]] = []
    put_together = adapters.stack.stack

    def noted(*policies: Policy, transport: Send) -> Send:
        composed.append(policies)
        return put_together(*policies, transport=transport)

    with patch("adapters.stack.stack", noted):
        clock = asyncio.get_running_loop().time
        store = InProcessStore(1 << 20, clock)
        adapters.stack.open_service(service, clock, store=store, keys=NoStore())
    longest = max(composed, key=len)  # the other one is that of the health probe
    return list(longest)


def name_of(policy: Policy) -> str:
    """The function that made a policy, its class, or the method that it is."""
    name: str = getattr(policy, "__qualname__", type(policy).__qualname__)
    return name.partition(".<locals>.")[0]


async def once(send: Send, request: Request, calls: int) -> float:
    """Microseconds of CPU time for one call, over so many in a row."""
    gc.collect()
    started = time.process_time_ns()
    for _ in range(calls):
        await send(request)
    return (time.process_time_ns() - started) / calls / 1_000


async def measured(stacks: dict[str, tuple[Policy, ...]], calls: int, rounds: int) -> dict[str, list[float]]:
    """The least microseconds of each stack for a read and for a change, the stacks in turn in every round."""
    sends = {name: adapters.stack.stack(*policies, transport=transport) for name, policies in stacks.items()}
    least = {name: [float("inf")] * 2 for name in stacks}
    for _ in range(rounds):
        for name, send in sends.items():
            for column, request in enumerate((READ, CHANGE)):
                least[name][column] = min(least[name][column], await once(send, request, calls))
    return least


async def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    policies = policies_of(Service("users", "http://127.0.0.1:9", credentials="forward"))
    stacks = {f"`{name_of(one)}`": (one,) for one in policies}
    found = await measured(
        {"": (unchanged,), **stacks, "**all**": tuple(policies)}, options.calls, options.rounds
    )
    floor = found.pop("")
    print(f"a policy that has nothing to do; the target is {TARGET:g} µs each\n")
    print("| policy | a read, µs | a change, µs | idle |\n| --- | ---: | ---: | --- |")
    for name, columns in found.items():
        read, change = (max(0.0, one - less) for one, less in zip(columns, floor, strict=True))
        held = "" if name == "**all**" else "yes" if min(read, change) <= TARGET else "**too much**"
        print(f"| {name} | {read:.1f} | {change:.1f} | {held} |")


if __name__ == "__main__":
    uvloop.run(main())  # as in production
