"""Rows of things of several kinds, in a few words: each keeps its contract, unless a test says otherwise."""

from __future__ import annotations

from typing import Any


def bond(key: str, **more: Any) -> dict[str, Any]:
    """A bond's row that keeps its contract."""
    return {"form": "bond", "id": key, "owner_id": "p1", "issuer_id": "p2", **more}


def coin(key: str, **more: Any) -> dict[str, Any]:
    """A coin's."""
    return {"form": "coin", "id": key, "owner_id": "p1", "weight": "1.10", **more}


def deed(key: str, **more: Any) -> dict[str, Any]:
    """A deed's."""
    return {"form": "title-deed", "id": key, "owner_id": "p1", "claim_id": None, **more}


def car(plate: str, **more: Any) -> dict[str, Any]:
    """A car's."""
    return {"type": "Car", "plate": plate, "driver_id": "p1", "owner_id": "p1", "seats": 5, **more}


def truck(plate: str, **more: Any) -> dict[str, Any]:
    """A truck's."""
    return {"type": "Truck", "plate": plate, "driver_id": "p2", "owner_id": "p1", "claim_id": "c1", **more}


def claim(key: str, **more: Any) -> dict[str, Any]:
    """A claim's."""
    return {"id": key, "main": coin("m"), "second": None, "claimant_id": "p1", **more}
