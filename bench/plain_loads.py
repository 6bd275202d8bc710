"""What one request to `bench/plain_parfinanciero.py` knows: the services as its caller sees them, and its loaders."""

from __future__ import annotations

from typing import Any, Final

from aiodataloader import DataLoader

from bench.plain_services import Services

MOST_KEYS: Final = {"users": 50, "expenses": 50, "storage": 100, "payments": 100}  # as the contracts say

Row = dict[str, Any]


class Parfinanciero:
    """What one request knows: the services as its caller sees them, and what was loaded."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.users = self._by_id("users", "/v1/users?per_page=50&ids=", "data")
        self.categories = self._by_id("expenses", "/v1/categories?ids=", "categories")
        self.objects = self._by_id("storage", "/v1/objects?ids=", "objects")
        self.payments: DataLoader[str, list[Row]] = DataLoader(
            self._payments, max_batch_size=MOST_KEYS["payments"]
        )

    async def get(self, service: str, path: str) -> Any:
        """What a service answers."""
        return await self.services.get(service, path)

    def _by_id(self, service: str, path: str, pick: str) -> DataLoader[str, Row | None]:
        async def load(keys: list[str]) -> list[Row | None]:
            rows = (await self.get(service, path + ",".join(keys)))[pick]
            found = {row["id"]: row for row in rows}
            return [found.get(key) for key in keys]

        return DataLoader(load, max_batch_size=MOST_KEYS[service])

    async def _payments(self, keys: list[str]) -> list[list[Row]]:
        found: dict[str, list[Row]] = {key: [] for key in keys}
        cursor = ""
        while True:
            path = f"/v1/payments?limit=500&order_ids={','.join(keys)}{cursor}"
            page = await self.get("payments", path)
            for row in page["payments"]:
                found[row["order_id"]].append(row)
            if page["next_cursor"] is None:
                return [found[key] for key in keys]
            cursor = f"&cursor={page['next_cursor']}"
