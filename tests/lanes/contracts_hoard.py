"""The world's contract of things that people own, which are of several kinds: told apart by discriminators, listed by
`oneOf` or extending a base by `allOf`, alone, in lists, in lists of lists, within each other and page by page.
"""

from __future__ import annotations

from typing import Final

from tests.graph.projects import (
    BIG,
    INT,
    MONEY,
    TEXT,
    Doc,
    an,
    contract,
    listed,
    nullable,
    operation,
    parameter,
    ref,
)

EXACT: Final[Doc] = {"type": "number", "format": "decimal"}
SIZE: Final[Doc] = {**INT, "minimum": 1, "maximum": 5, "default": 2}
FORMS: Final = {"bond": "Bond", "coin": "Coin", "title-deed": "Deed"}


def _several(name: str) -> Doc:
    return parameter(name, listed(TEXT), required=True, explode=False)


HOARD: Final = contract(
    operation("GET /assets", "listAssets", listed(ref("Asset")), parameter("form")),
    operation("GET /assets/{id}", "getAsset", an({"data": ref("Asset")}), statuses=("404",)),
    operation("GET /bonds/{id}", "getBond", ref("Bond"), statuses=("404",)),
    operation("GET /holdings", "listHoldings", listed(ref("Asset")), _several("people"), parameter("form")),
    operation(
        "GET /vault",
        "pageAssets",
        an({"items": listed(nullable(ref("Asset"))), "total": INT}),
        parameter("page", INT),
        parameter("per_page", SIZE),
        parameter("owner"),
    ),
    operation("GET /claims/{id}", "getClaim", ref("Claim"), statuses=("404",)),
    operation("GET /claims", "listClaims", listed(ref("Claim")), _several("ids")),
    operation(
        "GET /filed",
        "listFiled",
        an({"data": listed(ref("Claim")), "next_cursor": nullable(TEXT)}, optional="next_cursor"),
        parameter("cursor"),
        parameter("limit", SIZE),
        parameter("claimant"),
    ),
    operation("GET /rides/{id}", "getRide", ref("Vehicle"), statuses=("404",)),
    operation("GET /rides", "listRides", listed(ref("Vehicle")), _several("people")),
    operation("GET /signals", "listSignals", an({"data": listed(ref("Signal"))}), parameter("level", INT)),
    operation("POST /assets", "addAsset", ref("Asset"), body=an({"form": TEXT, "of": TEXT})),
    operation("PUT /rides/{id}", "tow", ref("Vehicle"), body=an({"by": TEXT})),
    Asset={
        "oneOf": [ref("Bond"), ref("Coin"), ref("Deed")],
        "discriminator": {"propertyName": "form", "mapping": FORMS},
    },
    Bond=an(
        {"form": TEXT, "id": TEXT, "owner_id": TEXT, "issuer_id": TEXT, "rate": EXACT, "claim_id": TEXT},
        optional="rate claim_id",
    ),
    Coin=an({"form": TEXT, "id": TEXT, "owner_id": TEXT, "weight": MONEY, "minted": BIG}, optional="minted"),
    Deed=an(
        {
            "form": TEXT,
            "id": TEXT,
            "owner_id": TEXT,
            "claim_id": nullable(TEXT),
            "within": nullable(ref("Asset")),
        },
        optional="within",
    ),
    Vehicle=an(
        {"type": TEXT, "plate": nullable(TEXT), "driver_id": TEXT, "owner_id": TEXT},
        discriminator={"propertyName": "type"},
    ),
    Car={"allOf": [ref("Vehicle"), an({"seats": INT, "spare": ref("Vehicle")}, optional="spare")]},
    Truck={"allOf": [ref("Vehicle"), an({"load": listed(ref("Asset")), "claim_id": TEXT}, optional="load")]},
    Signal={"anyOf": [ref("Beep"), ref("Flash")], "discriminator": {"propertyName": "sent"}},
    Beep=an({"sent": TEXT, "pitch": INT}),
    Flash=an({"sent": TEXT, "colour": TEXT, "after": nullable(ref("Signal"))}, optional="after"),
    Claim=an(
        {
            "id": TEXT,
            "main": ref("Asset"),
            "second": nullable(ref("Asset")),
            "all": listed(ref("Asset")),
            "rows": listed(listed(nullable(ref("Asset")))),
            "ride": ref("Vehicle"),
            "claimant_id": TEXT,
            "above_id": nullable(TEXT),
        },
        optional="second all rows ride above_id",
    ),
)
