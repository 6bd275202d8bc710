"""A contract with a property of every kind, for tests of bound properties."""

from __future__ import annotations

from tests.graph.projects import BIG, INT, MONEY, TEXT, an, contract, listed, nullable, operation, ref

DATE, TIME, UUID = ({"type": "string", "format": one} for one in ("date", "date-time", "uuid"))
COLOR = {"type": "string", "enum": ["red", "dark-blue"]}
THING = an(
    {
        "id": BIG,
        "name": TEXT,
        "count": INT,
        "big": BIG,
        "ratio": {"type": "number"},
        "money": MONEY,
        "cost": {"type": "number", "format": "decimal"},
        "on": {"type": "boolean"},
        "day": DATE,
        "placedAt": TIME,
        "uuid": UUID,
        "free": {"type": "object", "additionalProperties": True},
        "any": {},
        "color": COLOR,
        "shade": ref("Shade"),
        "place": an({"street": TEXT, "at": an({"lat": {"type": "number"}})}, optional="at"),
        "tags": listed(TEXT),
        "colors": listed(ref("Shade")),
        "parts": listed(ref("Part")),
        "matrix": listed(listed(INT)),
        "holes": listed(nullable(TEXT)),
        "note": nullable(TEXT),
        "extra": TEXT,
        "secret": {"type": "string", "writeOnly": True},
        "old": {"type": "string", "deprecated": True, "description": "As it was."},
    },
    optional="extra secret",
    description="A thing.",
)
PART = an({"label": TEXT, "parts": listed(ref("Part")), "whole": nullable(ref("Thing"))}, optional="whole")
THINGS = contract(
    operation("GET /things/{id}", "getThing", ref("Thing"), statuses=("404",)),
    Thing=THING,
    Part=PART,
    Shade={"type": "string", "enum": ["light", "deep"], "description": "How dark."},
)
