"""What the world's services hold: values made from the contracts' own schemas, the same for the same seed.

`services.py` puts them together to answers. Every value is decided by the seed and by what is asked for, never by
the order of calls, so that both lanes meet the same world however they cut their batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, Final

from tests.graph.projects import Doc
from tests.lanes.contracts import CONTRACTS

PEOPLE: Final = tuple(f"p{n}" for n in range(8))
TENANTS: Final = ("t1", "t2")
NUMBERS: Final = tuple(range(1, 7))
PRODUCTS: Final = tuple(f"d{n}" for n in range(5))
ASSETS: Final = tuple(f"x{n}" for n in range(5))
CLAIMS: Final = tuple(f"c{n}" for n in range(4))
ARTICLES: Final = tuple(f"a{n}" for n in range(5))
VIDEOS: Final = tuple(f"v{n}" for n in range(3))
TEAMS: Final = (1, 2, 3)

# Properties that name other objects; those that nobody holds are among them, and one person more often than others.
_SOMEBODY: Final = (*PEOPLE, "p9", "p1", "p1")
_NAMES: Final[Mapping[str, tuple[Any, ...]]] = {
    **dict.fromkeys(
        ("boss_id", "keeper_id", "lead_id", "giver_id", "customer_id", "payer_id", "who_id"), _SOMEBODY
    ),
    **dict.fromkeys(("author_id", "maker_id", "poster_id", "person_id"), _SOMEBODY),
    **dict.fromkeys(("issuer_id", "owner_id", "driver_id", "claimant_id"), _SOMEBODY),
    **dict.fromkeys(("claim_id", "above_id"), (*CLAIMS, "c9")),
    "team_id": (*TEAMS, 9),
    "parent": (*NUMBERS, 99),
    "order": (*NUMBERS, 99),
    "tenant": TENANTS,
    "product_id": (*PRODUCTS, "d9"),
    "related_id": (*ARTICLES, "a9"),
    "kind": ("article", "video", "note", "none"),
    "of": (*ARTICLES, *VIDEOS, "a9", "v9"),
}
_TEXTS: Final = ("", "Ana", "Bo", "Çelik", "a\tb", "🍓", "null", "12")
_WRONG: Final[tuple[Any, ...]] = (
    None,
    "text",
    "",
    7,
    -1,
    True,
    3.0,
    0.5,
    [],
    [None],
    {},
    {"id": "p1"},
    2**31,
    2**63,
    10**30,
    "12",
    "NaN",
    "2026-02-30",
    Decimal("1.10"),
)
_BREAKING: Final = (*_WRONG, Decimal("1e400"))
_MISSING: Final = object()


def choice_of(*parts: object) -> Random:
    """Randomness that is the same for the same parts."""
    return Random("/".join(map(str, parts)))  # noqa: S311 - a test's data


@dataclass(frozen=True, slots=True)
class World:
    """A world of one seed. `wrongness` is how likely each value breaks its contract, from 0 to 1; where it is
    `breaking`, some values cannot be read at all, which breaks all that came in the same body.
    """

    seed: int
    wrongness: float = 0.0
    breaking: bool = False

    def row(self, service: str, schema: str, of: object, /, **fixed: object) -> Any:
        """One object of a component schema; `fixed` are properties that are never wrong."""
        random = choice_of(self.seed, service, schema, of)
        wrong = _BREAKING if self.breaking else _WRONG
        return _Maker(CONTRACTS[service], random, self.wrongness, wrong).object_of(
            CONTRACTS[service]["components"]["schemas"][schema], fixed
        )

    def chosen(self, of: object, among: Iterable[Any], most: int) -> list[Any]:
        """Some of these, at most so many, in an order of their own; as often as not none twice."""
        random = choice_of(self.seed, "chosen", of)
        pool = list(among)
        count = 0 if random.random() < 0.15 else random.randint(1, most)
        return [random.choice(pool) for _ in range(count)]

    def happens(self, chance: float, *of: object) -> bool:
        """Whether something of this likelihood is so."""
        return choice_of(self.seed, *of).random() < chance


def variants_of(document: Doc, schema: Doc) -> dict[str, str]:
    """The values of a schema's discriminator, with the components that they lead to."""
    mapping = schema["discriminator"].get("mapping")
    if mapping is not None:
        return dict(mapping)
    listed = schema.get("oneOf") or schema.get("anyOf")
    if listed is not None:
        return {_name(one): _name(one) for one in listed}
    known = document["components"]["schemas"]
    return {
        name: name
        for name, one in known.items()
        if any(known.get(_name(above)) is schema for above in one.get("allOf", ()))
    }


def _name(reference: Doc) -> str:
    return str(reference.get("$ref", "")).rpartition("/")[2]


@dataclass(slots=True)
class _Maker:
    """Makes values of schemas of one contract document."""

    document: Doc
    random: Random
    wrongness: float
    wrong: tuple[Any, ...]

    def object_of(self, schema: Doc, fixed: Mapping[str, object]) -> Any:
        """An object that keeps its schema, or one of its variants, or as likely as stated does not."""
        if "discriminator" in schema:
            return self._variant(schema, fixed)
        made: dict[str, Any] = {}
        properties, required = self._stated(schema)
        for name, of in properties.items():
            value = fixed[name] if name in fixed else self._property(name, of, name in required)
            if value is not _MISSING:
                made[name] = value
        return made

    def _variant(self, schema: Doc, fixed: Mapping[str, object]) -> Any:
        named = schema["discriminator"]["propertyName"]
        values = variants_of(self.document, schema)
        told = self.random.choice(list(values))
        of = self.document["components"]["schemas"][values[told]]
        if self._errs():
            # What is said of another kind is as likely as what nobody knows.
            said = self.random.choice((_MISSING, "unheard-of", *values, *self.wrong))
        else:
            said = told
        return self.object_of(of, {named: said, **fixed})

    def _stated(self, schema: Doc) -> tuple[dict[str, Doc], set[str]]:
        """The properties of an object schema, with those of what it extends, and which are required."""
        properties, required = dict(schema.get("properties", {})), set(schema.get("required", ()))
        for one in schema.get("allOf", ()):
            above = self.document["components"]["schemas"][_name(one)] if "$ref" in one else one
            found = self._stated(above)
            properties, required = {**found[0], **properties}, required | found[1]
        return properties, required

    def _property(self, name: str, schema: Doc, required: bool) -> Any:
        if self._errs():
            return self.random.choice((_MISSING, *self.wrong))
        if not required and self.random.random() < 0.1:
            return self.random.choice((_MISSING, None))
        return self.value(schema, name)

    def _errs(self) -> bool:
        return self.wrongness > 0 and self.random.random() < self.wrongness

    def value(self, schema: Doc, name: str = "") -> Any:
        """A value that keeps its schema, or, as likely as stated, has something in it that does not."""
        random = self.random
        if "anyOf" in schema and "discriminator" not in schema:
            return None if random.random() < 0.1 else self.value(schema["anyOf"][0], name)
        if "$ref" in schema:
            return self.value(self.document["components"]["schemas"][_name(schema)], name)
        if "discriminator" in schema or "allOf" in schema:
            return self.object_of(schema, {})
        kind = schema.get("type")
        if isinstance(kind, list):
            if random.random() < 0.1:
                return None
            kind = kind[0]
        if "enum" in schema:
            return random.choice(schema["enum"])
        if name in _NAMES:
            return random.choice(_NAMES[name])
        if kind == "array":
            return [
                random.choice(self.wrong) if self._errs() else self.value(schema["items"])
                for _ in range(random.randint(0, 2))
            ]
        if kind == "object" and "properties" in schema:
            return self.object_of(schema, {})
        return self._leaf(kind, schema.get("format"))

    def _leaf(self, kind: str | None, form: str | None) -> Any:
        random = self.random
        match kind, form:
            case "string", "decimal":
                return random.choice(("1.10", "-0.00", "12345678901234567890.123456789", "1e3"))
            case "string", "date-time":
                return random.choice(("2026-01-02T03:04:05Z", "2026-01-02t03:04:05.123456789+01:00"))
            case "string", "date":
                return "2026-02-28"
            case "string", "uuid":
                return "6f1c1a52-0d2e-4f5a-9d0c-0A0B0C0D0E0F"
            case "string", _:
                return random.choice(_TEXTS)
            case "integer", "int64":
                return random.choice((0, 7, -(2**53) - 1, 2**63 - 1, 10**25))
            case "integer", _:
                return random.choice((0, 1, 41, 3.0, -(2**31)))
            case "number", "decimal":
                return random.choice((Decimal("0.10"), 3, Decimal("12345678901234567890.5")))
            case "number", _:
                return random.choice((0.5, 2, 1e20, -0.0))
            case "boolean", _:
                return random.random() < 0.5
            case "object", _:
                return {"a": [1, 2.5, None], "b": {"c": "d"}}
        return random.choice((None, 1, "x", [True, {"y": 0.1}], {}))
