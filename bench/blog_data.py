"""The posts and users that the benchmark of the gateway is about: the same rows at every run, none of them stored.

`bench/gateway_upstream.py` serves them, `bench/scripted.py` hands them out without any HTTP.
"""

from __future__ import annotations

import random
from typing import Any, Final

import msgspec

SEED: Final = 20261121
POSTS: Final = 100
USERS: Final = 10
_WORDS: Final = (
    *("runner", "leaf", "crown", "root", "bed", "frost", "mulch", "row", "straw"),
    *("hedge", "bloom", "seed", "garden", "spade", "basket", "summer", "water"),
)
_NAMES: Final = (
    *("Ada Brook", "Ben Carver", "Cora Dale", "Dan Ellis", "Eve Field"),
    *("Finn Grove", "Gil Heath", "Hana Ivers", "Ines Jory", "Jon Keel"),
)


def posts(count: int = POSTS) -> list[dict[str, Any]]:
    """So many posts, each of one of the ten users, its body of four lines."""
    draw = random.Random(SEED)  # noqa: S311 - the same rows every time is what is wanted
    return [
        {
            "userId": number % USERS + 1,
            "id": number + 1,
            "title": " ".join(draw.choices(_WORDS, k=draw.randint(4, 9))),
            "body": "\n".join(" ".join(draw.choices(_WORDS, k=7)) for _ in range(4)),
        }
        for number in range(count)
    ]


def users() -> list[dict[str, Any]]:
    """The ten users. Each has members that no operation asks for, as users of real services do."""
    return [
        {
            "id": number,
            "name": name,
            "username": name.split()[0].lower() + str(number),
            "email": f"{name.split()[0].lower()}@garden.example",
            "address": {
                "street": "Hedge Lane",
                "suite": f"No. {number}",
                "city": "Bedford",
                "geo": {"lat": "52.1356", "lng": "-0.4685"},
            },
            "phone": f"+44 1234 5678{number:02d}",
            "website": "garden.example",
            "company": {"name": "Stolon and Sons", "motto": "What runs, roots"},
        }
        for number, name in enumerate(_NAMES, 1)
    ]


def bodies(rows: list[dict[str, Any]]) -> dict[str, bytes]:
    """What each path of the blog answers where `rows` are its posts."""
    people = users()
    found: dict[str, Any] = {"/posts": rows, "/users": people}
    found |= {f"/posts/{row['id']}": row for row in rows[:POSTS]}
    found |= {f"/users/{row['id']}": row for row in people}
    return {path: msgspec.json.format(msgspec.json.encode(value), indent=2) for path, value in found.items()}
