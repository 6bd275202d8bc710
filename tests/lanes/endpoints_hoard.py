"""How the operations about things of several kinds answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.lanes.contracts_hoard import FORMS
from tests.lanes.endpoint import (
    GONE,
    Asked,
    Endpoint,
    Found,
    by_cursor,
    by_page,
    each,
    filters,
    found,
    groups,
    last,
    many_of,
    one_of,
    rows_of,
    whole,
)
from tests.lanes.rows import ASSETS, CLAIMS, PEOPLE, World


def _asset(asked: Asked, world: World) -> Found:
    key = asked.path[-1]
    return Found({"data": world.row("hoard", "Asset", key, id=key)}) if key in ASSETS else GONE


def _ride(asked: Asked, world: World) -> Found:
    key = asked.path[-1]
    return Found(world.row("hoard", "Vehicle", key)) if key in PEOPLE else GONE


def _signals(asked: Asked, world: World) -> Found:
    count = len(world.chosen(("signals", *filters(asked)), PEOPLE, 3))
    return Found({"data": [world.row("hoard", "Signal", (*filters(asked), n)) for n in range(count)]})


def _added(asked: Asked, world: World) -> Found:
    form = asked.body["form"]
    # As services do, it says what it was told; some forms nobody knows.
    stated = {"form": form} if form not in FORMS else {}
    return Found(world.row("hoard", "Asset", ("new", repr(asked.body)), id="n1", **stated))


def _towed(asked: Asked, world: World) -> Found:
    return Found(world.row("hoard", "Vehicle", (asked.path, repr(asked.body)), plate=asked.body["by"]))


ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "listAssets": Endpoint(found(rows_of("hoard", "Asset", 4)), whole),
    "getAsset": Endpoint(_asset, last),
    "getBond": Endpoint(one_of("hoard", "Bond", ASSETS), last),
    "listHoldings": Endpoint(found(groups("hoard", "Asset", 2, "owner_id")), each("people"), "holdings"),
    "pageAssets": Endpoint(by_page("items", rows_of("hoard", "Asset")), whole),
    "getClaim": Endpoint(one_of("hoard", "Claim", CLAIMS), last, "claim"),
    "listClaims": Endpoint(found(many_of("hoard", "Claim", CLAIMS)), each("ids"), "claim"),
    "listFiled": Endpoint(by_cursor(rows_of("hoard", "Claim", 4)), whole),
    "getRide": Endpoint(_ride, last),
    "listRides": Endpoint(found(groups("hoard", "Vehicle", 2, "owner_id")), each("people"), "rides"),
    "listSignals": Endpoint(_signals, whole),
    "addAsset": Endpoint(_added, whole),
    "tow": Endpoint(_towed, whole),
}
