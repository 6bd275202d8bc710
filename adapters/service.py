"""The settings of one service, as `graph/settings/settings.py` reads them and `adapters/stack.py` opens them; and its
base URL, checked.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from yarl import URL

from adapters.caching.cache_rule import UNSAID, CacheRule, Reuse
from adapters.credentials.credential_kinds import Credentials, Tls, TokenExchange
from adapters.policies.breaker_state import BreakerRule
from adapters.policies.fallback_rule import Fallback
from adapters.policies.known_keys import Idempotency
from adapters.policies.limit_rule import LimitRule
from adapters.policies.retry_decision import Retry


@dataclass(frozen=True, slots=True)
class OperationRules:
    """What one operation has of its own; where it is None, the service's holds."""

    breaker: BreakerRule | None = None
    limit: LimitRule | None = None
    timeout: float | None = None
    reuse: Reuse = UNSAID
    fallback: Fallback | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """One running upstream. Only `name` and `url` have no safe default.

    `timeout` is seconds for one call, queueing included. `connections` bounds the sockets to the service,
    `concurrency` the calls that one batch runs at once, `batch_limit` the keys in one call where the contract
    states no `maxItems`, `answer_limit` the bytes of one body after decompression, `page_limit` the pages
    that a whole list is followed; `retry` says what is tried again, `breaker` when no call is made, `limit`
    how many are, `idempotency` what is kept of clients' keys, `cache` what of answers; the service reads in
    `budget_header`, in lower case, how many milliseconds are left; `operations` has the rules that some of
    them have of their own, by id. Raises ValueError for a URL or a bound that cannot work.
    """

    name: str
    url: str = field(repr=False)  # it may name hosts that are nobody's business in a log
    credentials: Credentials = "none"
    tls: Tls | None = None
    timeout: float = 10.0
    connections: int = 64
    concurrency: int = 8
    batch_limit: int = 100
    answer_limit: int = 8 * 1024 * 1024
    page_limit: int = 50
    owner: str | None = None
    budget_header: str | None = None
    retry: Retry = field(default_factory=Retry)
    breaker: BreakerRule = field(default_factory=BreakerRule)
    limit: LimitRule = field(default_factory=LimitRule)
    idempotency: Idempotency = field(default_factory=Idempotency)
    cache: CacheRule = field(default_factory=CacheRule)
    operations: Mapping[str, OperationRules] = field(default_factory=dict)

    @property
    def timeouts(self) -> dict[str, float]:
        """The operations' own timeouts, in seconds, by id."""
        return {name: one.timeout for name, one in self.operations.items() if one.timeout is not None}

    @property
    def fallbacks(self) -> dict[str, Fallback]:
        """What is given in place of operations' answers, by id."""
        return {name: one.fallback for name, one in self.operations.items() if one.fallback is not None}

    @property
    def of_caller(self) -> bool:
        """Whether calls carry the caller's own credentials, or what was got for them."""
        return self.credentials == "forward" or isinstance(self.credentials, TokenExchange)

    @property
    def lends(self) -> bool:
        """Whether calls carry credentials of the gateway's own, which are not for everybody."""
        shown = self.tls is not None and self.tls.certificate is not None
        return shown or not (isinstance(self.credentials, str) or self.of_caller)

    def __post_init__(self) -> None:
        base_url(self.url)
        for bound in ("timeout", "connections", "concurrency", "batch_limit", "answer_limit", "page_limit"):
            if not getattr(self, bound) > 0:
                raise ValueError(f"{bound} of service {self.name!r} must be greater than 0")


def base_url(text: str) -> URL:
    """A service's base URL, its path prefix without a trailing slash.

    Raises ValueError, which never repeats the URL, unless it is http or https with a host and without user
    information, query and fragment (RFC 3986, section 3).
    """
    parts = _split(text)
    if parts.scheme not in ("http", "https"):
        raise ValueError("a service's URL must start with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a service's URL must not hold a user name or password")
    if "?" in text or "#" in text:
        raise ValueError("a service's URL must not hold a query or a fragment")
    try:
        url = URL(text)
        port = url.explicit_port
    except ValueError:
        raise ValueError("a service's URL must be a valid URL") from None
    if not url.host or port == 0:
        raise ValueError("a service's URL must name a host, and a port from 1 to 65535 if any")
    return url.with_path(url.raw_path.rstrip("/"), encoded=True)


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:
        raise ValueError("a service's URL must be a valid URL") from None


def private_enough(url: URL) -> bool:
    """Whether a caller's token may travel there: https, or a loopback address that no network sees (RFC 6750,
    section 5.3).
    """
    if url.scheme == "https":
        return True
    host = url.host or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
