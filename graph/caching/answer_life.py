"""What clients are told of how they may use an answer again: `Cache-Control`, `Age`, `Vary`, `ETag`, and whether the
answer that they have still holds (RFC 9111, RFC 9110). Pure.

`graph/caching/kept_answers.py` gives an answer its life; `graph/http/exchange.py` writes these headers. An answer
without a life is `no-store`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

import msgspec

from graph.http import media_types

NO_STORE: Final = "no-store"
MOST_READ: Final = 4_096
"""Characters of an `If-None-Match` that are read: of a longer one nothing matches, and the answer is sent whole."""
_TAG: Final = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_FORMS: Final = {media_types.GRAPHQL: b"g", media_types.JSON: b"j"}


class AnswerLife(msgspec.Struct, frozen=True):
    """How an answer may be used again. It is fresh for `left` seconds, of which clients' own caches have `client` at
    most, and its oldest part is `age` seconds old. `public`: by all clients, else by the one that asked. `strict`:
    never when it is no longer fresh. `vary` are the request's headers, beside `Accept`, that it depends on.
    """

    left: float
    age: float
    public: bool
    vary: tuple[str, ...] = ()
    client: float = math.inf
    strict: bool = False


def life_headers(life: AnswerLife) -> dict[str, str]:
    """The headers of an answer with this life.

    `Age` counts from when the oldest part was made, and `max-age` with it, as a cache behind this one reckons (RFC
    9111, sections 4.2.3 and 5.1): the difference is what is left, never rounded up.
    """
    age, left = int(max(0.0, life.age)), max(0.0, life.left)
    said = ["public" if life.public else "private", f"max-age={age + int(max(0.0, min(left, life.client)))}"]
    if life.public and life.client < left:
        said.append(f"s-maxage={age + int(left)}")
    if life.strict:
        said.append("must-revalidate")
    return {
        "cache-control": ", ".join(said),
        "age": str(age),
        "vary": ", ".join(("accept", *life.vary)),
    }


def entity_tag(body: bytes, media_type: str) -> str:
    """The strong validator of these bytes in this form (RFC 9110, section 8.8.3): other bytes, or another media
    type, have another one.
    """
    return f'"{blake2b(body, digest_size=16, person=_FORMS[media_type]).hexdigest()}"'


def holds(headers: Mapping[str, str], tag: str) -> bool:
    """Whether `If-None-Match` names the answer, so that a GET is answered with 304 (RFC 9110, section 13.1.2; tags
    are compared weakly).
    """
    stated = headers.get("if-none-match")
    if stated is None or len(stated) > MOST_READ:
        return False
    return stated.strip() == "*" or tag in _TAG.findall(stated)
