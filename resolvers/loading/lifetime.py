"""How long, and for whom, all that one request was answered with may be used again: what its shortest-lived part
allows, and no longer.

`resolvers/loading/store.py` has one for each request; each answer of a service is told to it, and each entity that
needed no call. Whoever keeps whole answers (`graph/caching/kept_answers.py`), or says to clients how long they
may, reads it when the request has ended.
"""

from __future__ import annotations

from collections.abc import Iterable

from adapters.caching.cache_control import directives
from adapters.caching.cache_keys import differing, tags_of
from adapters.messages import Freshness, Request, Response


class Lifetime:
    """`left`: seconds, None before anything was heard; `age`: that of its oldest part; `private`: it is for its own
    caller's partition alone. `tags` are those of all parts. `stale`: a part was used though it was fresh no more.
    `alone`: a part must not be kept for other requests, whoever sends them. `client`: seconds for which clients may
    use it, where a service has it live shorter in caches of their own than in shared ones; `strict`: whoever keeps it
    must not use it beyond its life. `substitutes`: what services did not answer themselves, by service, operation and
    whether it is a constant; with the age, in seconds, of the oldest.
    """

    __slots__ = ("age", "alone", "client", "left", "private", "stale", "strict", "substitutes", "tags")

    def __init__(self) -> None:
        self.left: float | None = None
        self.age = 0.0
        self.private = False
        self.stale = False
        self.alone = False
        self.client: float | None = None
        self.strict = False
        self.substitutes: dict[tuple[str, str, bool], float] = {}
        self.tags: set[str] = set()

    def heard(self, freshness: Freshness | None, tags: Iterable[str]) -> None:
        """One more part. None is for what must not be used again."""
        if tags:
            self.tags.update(tags)
        if freshness is None:
            self.left = 0.0
            return
        left = max(0.0, freshness.left)
        if self.left is None or left < self.left:
            self.left = left
        if freshness.age > self.age:
            self.age = freshness.age
        self.private |= freshness.private
        self.stale |= freshness.stale

    def kept(self, freshness: Freshness, tags: Iterable[str], control: str) -> None:
        """The same of a part of an earlier answer, which said `control` of caches."""
        self.heard(freshness, tags)
        self._controlled(control, freshness)

    def answered(self, request: Request, response: Response) -> None:
        """The same of a call's answer, with all tags by which it is dropped: its place is one of them."""
        freshness = response.freshness
        if freshness is None or freshness.left <= 0:  # as most are, and then it makes no difference what else
            self.heard(freshness, request.tags)
            if freshness is not None and (freshness.stale or freshness.constant):
                what = (request.service, request.operation, freshness.constant)
                self.substitutes[what] = max(freshness.age, self.substitutes.get(what, 0.0))
            return
        self.heard(freshness, tags_of(request))
        if differing(response.headers, by_headers=True) != ():
            # `Vary` names what stands in no key, such as the very token: equal callers may get different answers.
            self.alone = self.private = True
        if response.shared:
            # The call was another request's, and may have begun before something that this one knows to be dropped.
            self.alone = True
        self._controlled(response.headers.get("cache-control", ""), freshness)

    def _controlled(self, control: str, freshness: Freshness) -> None:
        control = control.lower()  # names are the same in any case (RFC 9111, section 5.2)
        if "revalidate" not in control and "s-maxage" not in control:
            return
        said = directives(control)
        self.strict |= "must-revalidate" in said or "proxy-revalidate" in said
        # RFC 9111, section 5.2.2.10: for shared caches alone; `max-age` is for all others.
        if "s-maxage" in said and not freshness.private:
            left = max(0.0, (said.seconds("max-age") or 0) - freshness.age)
            self.client = left if self.client is None else min(self.client, left)

    def failed(self) -> None:
        """A call brought no answer, or one that this request could not use: what is left is not the whole."""
        self.left = 0.0
