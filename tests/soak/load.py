"""Clients: each asks one thing after another, as somebody, and notes what it was told. Drawn from a seed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from random import Random
from typing import Any, Final

import aiohttp

from tests.soak.answers import Caller, faults
from tests.soak.books import Books, Change, Purchase, Told
from tests.soak.questions import (
    ANA,
    CALLERS,
    CHECKOUT,
    EVERYBODY,
    MARKED,
    NULLABLE,
    READS,
    Marked,
    Read,
    document,
)
from tests.soak.world import STALE_SECONDS, World

PATIENCE: Final = 30.0
"""Seconds in which the gateway has answered, whatever its services do."""
TRIES: Final = 6
"""How often a checkout is sent again, one way or the other."""
_PAUSE: Final = 0.03
_CHANGES: Final = 0.25
_CHECKOUTS: Final = 0.6
_GIVEN_UP: Final = 0.1
_MOST_PAGES: Final = 100
_NOT_ADMITTED: Final = frozenset({"401", "UNAUTHENTICATED"})
_TRIED: Final = 0.1
_OPEN: Final = frozenset({"OUTCOME_UNKNOWN", "CONTRACT_VIOLATION", "UPSTREAM_TIMEOUT"})
"""Codes with which a change may have been made: nobody knows, or an answer came that cannot be read."""


class Load:
    """All clients of one soak, and the books that they keep together."""

    def __init__(self, world: World, session: aiohttp.ClientSession, seed: int) -> None:
        self.books = Books()
        self.names: dict[str, str] = {}
        self._world = world
        self._session = session
        self._chance = Random(seed)  # noqa: S311 - it is to be drawn again from the same seed
        self._tokens = dict(world.launched.tokens)
        self._newer: dict[str, str] = {}
        self._renewing = asyncio.Lock()
        self._marks = 0

    # --- who asks

    async def _given(self) -> dict[str, str]:
        """New tokens for all, if the identity provider gives any."""
        given: dict[str, str] = {}
        for caller in CALLERS:
            try:
                url = f"{self._world.launched.issuer}/internal/tokens/{caller.person}"
                async with self._session.post(url, timeout=aiohttp.ClientTimeout(total=2)) as response:
                    response.raise_for_status()
                    given[caller.person] = (await response.json())["token"]
            except (aiohttp.ClientError, TimeoutError):
                return {}  # it is down itself: whoever needs a token asks again
        return given

    async def rotate(self) -> None:
        """The identity provider signs with another key from now on. Tokens that it signed are used as soon as they
        are taken: the gateway asks for unknown keys at a limited rate, and the old ones are good as long.
        """
        try:
            url = f"{self._world.launched.issuer}/internal/rotate"
            async with self._session.post(url, timeout=aiohttp.ClientTimeout(total=2)) as response:
                response.raise_for_status()
        except (aiohttp.ClientError, TimeoutError):
            return
        self._newer = await self._given()

    def _token(self, person: str) -> str:
        newer = self._newer.get(person)
        return newer if newer is not None and self._chance.random() < _TRIED else self._tokens[person]

    def _taken(self, token: str, person: str) -> None:
        if self._newer.get(person) == token:
            self._tokens[person] = self._newer.pop(person)

    async def _refused(self, token: str, person: str) -> None:
        async with self._renewing:
            if self._tokens[person] == token:
                self._tokens |= await self._given()
                self._newer.clear()
                await asyncio.sleep(_PAUSE)

    async def admitted(self) -> None:
        """Waits until everybody's token is taken by the gateway and its services, a minute at most."""
        async with asyncio.timeout(60):
            for caller in CALLERS:
                while set(await self.read(READS[1], caller)) & _NOT_ADMITTED:  # noqa: ASYNC110 - a process's news
                    await asyncio.sleep(_PAUSE * 10)

    # --- asking

    async def ask(
        self, caller: Caller | None, body: Mapping[str, Any], *, within: float | None = None
    ) -> dict[str, Any] | None:
        """The answer; None where it was not waited for `within` so many seconds, and where the token did not do."""
        token = None if caller is None else self._token(caller.person)
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        url = f"{self._world.url}/graphql"
        try:
            async with asyncio.timeout(PATIENCE if within is None else within):
                async with self._session.post(url, json=body, headers=headers) as response:
                    answer: dict[str, Any] = await response.json(content_type=None)
                    status = response.status
        except TimeoutError:
            if within is None:
                self.books.note("the gateway did not answer", f"within {PATIENCE} s: {body}")
            return None
        except (aiohttp.ClientError, ValueError) as failed:
            self.books.note("the gateway's answer did not arrive whole", repr(failed))
            return None
        if status == 401 and caller is not None and token is not None:
            self.books.answers["401"] += 1
            await self._refused(token, caller.person)
            return None
        if status != 200:
            self.books.note("an answer that is no 200", f"{status}: {answer}")
            return None
        codes = [one.get("extensions", {}).get("code") for one in answer.get("errors", ())]
        self.books.codes.update(codes)
        self.books.answers["with errors" if codes else "whole"] += 1
        self.books.stale += "stale" in answer.get("extensions", {})
        if caller is not None and token is not None:
            if "UNAUTHENTICATED" in codes:
                await self._refused(token, caller.person)
            else:
                self._taken(token, caller.person)
        return answer

    async def read(self, read: Read, caller: Caller | None) -> list[str]:
        """Asks, notes what is wrong, and gives the codes of the answer's errors."""
        answer = await self.ask(caller, document(read.query))
        if answer is None:
            return ["401"]
        for kind, what in faults(answer, caller, self.names, stale=STALE_SECONDS + 2):
            self.books.note(kind, f"{read.name}: {what}")
        return [
            one["extensions"]["code"]
            for one in answer.get("errors", ())
            if one.get("path") != ["me", "email"]
        ]

    async def learn(self) -> None:
        """Who is called how, while all is well."""
        after: str | None = None
        for _ in range(_MOST_PAGES):
            answer = await self.ask(ANA, document(EVERYBODY, {"after": after}))
            assert answer is not None
            users = answer["data"]["users"]
            self.names.update((one["id"], one["name"]) for one in users["nodes"])
            after = users["pageInfo"]["endCursor"]
            if not users["pageInfo"]["hasNextPage"]:
                return
        raise AssertionError("there are more people than can be")

    # --- changing

    async def buy(self, purchase: Purchase, *, within: float | None = None) -> None:
        """Sends a checkout, for the first time or again, and notes what was told."""
        price = {"key": purchase.key, "method": purchase.method, "price": purchase.amount}
        answer = await self.ask(ANA, document(CHECKOUT, price), within=within)
        if answer is None:
            return
        for kind, what in faults(answer, ANA, self.names, stale=0, nullable=NULLABLE):
            self.books.note(kind, f"checkout: {what}")
        told = (answer.get("data") or {}).get("checkout")
        if told is None:
            return
        purchase.states.append(told["state"])
        if told["order"] is not None:
            purchase.orders.add(told["order"]["id"])
        if told["payment"] is not None and told["state"] == "PAID":
            purchase.payments.add(told["payment"]["id"])

    async def change(self, marked: Marked, mark: str, *, within: float | None = None) -> None:
        """Sends a change, once, and notes what was told."""
        noted = Change(marked.kind, mark)
        self.books.changes.append(noted)
        answer = await self.ask(ANA, document(marked.query, {"mark": mark}), within=within)
        if answer is None:
            return
        for kind, what in faults(answer, ANA, self.names, stale=0):
            self.books.note(kind, f"{marked.field}: {what}")
        made = (answer.get("data") or {}).get(marked.field)
        codes = {one["extensions"]["code"] for one in answer.get("errors", ())}
        if made is not None:
            noted.told, noted.made = Told.MADE, made["id"]
        elif codes and not codes & _OPEN:
            noted.told = Told.NOT_MADE

    def _purchase(self) -> Purchase:
        self._marks += 1
        method = "pm_declined" if self._chance.random() < 0.1 else "pm_ok"
        made = Purchase(
            ANA.subject, f"k-{self._marks}", f"{self._marks // 100 + 1}.{self._marks % 100:02}", method
        )
        self.books.purchases[made.name] = made
        return made

    # --- the clients

    async def client(self, stopped: asyncio.Event) -> None:
        """One client, until it is stopped."""
        while not stopped.is_set():
            if self._chance.random() < _CHANGES:
                await self._one_change()
            else:
                read = self._chance.choice(READS)
                await self.read(read, self._chance.choice(read.callers))
            await asyncio.sleep(self._chance.uniform(0, _PAUSE))

    async def _one_change(self) -> None:
        # Now and then a client goes away before it is answered: the change runs to its end all the same.
        within = self._chance.uniform(0.001, 0.05) if self._chance.random() < _GIVEN_UP else None
        if self._chance.random() >= _CHECKOUTS:
            self._marks += 1
            await self.change(self._chance.choice(MARKED), f"soak {self._marks}", within=within)
            return
        purchase = self._purchase()
        await self.buy(purchase, within=within)
        if purchase.outcome is None and self._chance.random() < 0.5:  # the others wait until all is well
            await self.buy(purchase)

    async def settle(self) -> None:
        """All is well: what became of each checkout can be learned now."""
        for purchase in self.books.purchases.values():
            for _ in range(TRIES):
                if purchase.outcome is not None:
                    break
                await self.buy(purchase)
