"""The project file: `stolon.toml` read into frozen Structs, or refused with every mistake at once, each with
its line.

`graph/app.py` reads settings first and hands each part to whom it concerns: `Service` to the adapters,
`IdentitySettings` to `graph/identity/auth.py`, `GraphSettings` to `graph/serving/server.py`. `repr` of a setting
never shows a value: it may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar

import msgspec

from adapters.caching.cache_rule import CacheRule
from adapters.credentials.credential_kinds import Credentials, Tls
from adapters.mistake import ProjectError
from adapters.policies.breaker_state import BreakerRule
from adapters.policies.known_keys import Idempotency
from adapters.policies.limit_rule import LimitRule
from adapters.policies.retry_decision import Retry
from adapters.service import OperationRules
from graph.settings import setting_kinds as kinds
from graph.settings.address import Address
from graph.settings.admin_settings import TABLE as ADMIN
from graph.settings.admin_settings import AdminSettings, admin_of
from graph.settings.cache_settings import CacheSettings, cache_of
from graph.settings.credential_settings import CREDENTIALS, TLS, credentials_of
from graph.settings.limits import READERS as _LIMITS
from graph.settings.limits import Limits
from graph.settings.service_tables import OPERATIONS, TABLES, tables_of
from graph.settings.toml_document import Document

FILE: Final = "stolon.toml"
ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512"),
    *("PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
    "EdDSA",
)


class _Setting(msgspec.Struct, frozen=True, kw_only=True):
    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.__struct_fields__)})"


class GraphSettings(_Setting, frozen=True, kw_only=True):
    """`[graph]`. `schema` is `module:attribute`; `path` the endpoint; `body_limit` bytes of one client
    request.
    """

    schema: str
    path: str = "/graphql"
    body_limit: int = 1 << 20
    playground: bool = False  # GraphiQL for browsers at the endpoint; `stolon demo` opens it
    origins: tuple[str, ...] = ()  # of pages on other hosts, `https://app.example`, that may ask in a browser
    introspection: bool = False  # whether `__schema` and `__type` are answered; `stolon demo` opens it
    lane: Literal["fast", "plan", "reference"] = "fast"  # plan: value by value; reference: graphql-core


class IdentitySettings(_Setting, frozen=True, kw_only=True):
    """`[identity]`: whose tokens are believed (RFC 7519). `leeway` in seconds; `tenant_header` in lower
    case. Callers with the `diagnostic_scope` see which service and operation an error is of.
    """

    issuer: str
    audience: tuple[str, ...]
    jwks: str
    anonymous: bool = False
    algorithms: tuple[str, ...] = ALGORITHMS
    leeway: float = 30.0
    scopes_claim: str = "scope"
    roles_claim: str = "roles"
    tenant_claim: str = "tenant"
    tenant_header: str = "x-tenant-id"
    diagnostic_scope: str | None = None


class ObserveSettings(_Setting, frozen=True, kw_only=True):
    """`[observe]`: what operators see. `address` is the second address, for `/metrics` and
    `/health/integrations`: `HOST:PORT`, or a port of loopback; nothing listens without it. `operations` is how many
    names of operations get figures of their own. `otlp` is the base URL of an OpenTelemetry collector, such as
    `http://127.0.0.1:4318`; `otlp_share`, 0 to 1, of the traces that begin here are recorded.
    """

    address: Address | None = None
    operations: int = 200
    otlp: str | None = None
    otlp_share: float = 1.0


class HeaderSettings(_Setting, frozen=True, kw_only=True):
    """`[headers]`: which of the caller's headers services get, names in lower case."""

    forward: tuple[str, ...] = ("accept-language", "traceparent", "x-request-id")


class Service(_Setting, frozen=True, kw_only=True):
    """`[services.NAME]`. `url` has no slash at its end; `contract` is an absolute path inside the project's
    folder.

    `timeout` in seconds; `connections` kept to the service at most; `concurrency` calls of one batch at once;
    `batch_limit` keys in one call where the contract states no `maxItems`; `answer_limit` bytes of one body;
    `page_limit` pages of a list that is followed to its end. `slow` seconds are the 95th percentile above which the
    service counts as degraded; the milliseconds left for a call are sent in `budget_header`; `health` is a path to
    probe every `health_interval` seconds. The tables within it are those of `graph/settings/service_tables.py`.
    """

    name: str
    url: str
    contract: Path
    credentials: Credentials = "none"
    tls: Tls | None = None
    timeout: float = 10.0
    connections: int = 64
    concurrency: int = 8
    batch_limit: int = 100
    answer_limit: int = 8 << 20
    page_limit: int = 50
    owner: str | None = None
    budget_header: str | None = None
    slow: float = 0.5
    health: str | None = None
    health_interval: float = 30.0
    retry: Retry = Retry()
    breaker: BreakerRule = BreakerRule()
    limit: LimitRule = LimitRule()
    idempotency: Idempotency = Idempotency()
    cache: CacheRule = CacheRule()
    operations: Mapping[str, OperationRules] = MappingProxyType({})


class Settings(_Setting, frozen=True, kw_only=True):
    """A whole project file. `identity` is None where the project has no `[identity]`; `services` by name, in
    order.
    """

    folder: Path
    graph: GraphSettings
    headers: HeaderSettings
    services: Mapping[str, Service]
    identity: IdentitySettings | None = None
    limits: Limits = Limits()
    observe: ObserveSettings = ObserveSettings()
    cache: CacheSettings = CacheSettings()
    admin: AdminSettings | None = None


_TABLES: Final = ("graph", "identity", "headers", "limits", "observe", "cache", ADMIN, "services")
_GRAPH: Final[Mapping[str, kinds.Reader]] = {
    "schema": kinds.target,
    "path": kinds.url_path,
    "body_limit": kinds.size(1 << 10, 1 << 30),
    "playground": kinds.truth,
    "introspection": kinds.truth,
    "lane": kinds.one_of("fast", "plan", "reference"),
    "origins": kinds.list_of(kinds.origin),
}
_IDENTITY: Final[Mapping[str, kinds.Reader]] = {
    "issuer": kinds.text,
    "audience": kinds.list_of(kinds.text, least=1),
    "jwks": kinds.confidential_url,
    "anonymous": kinds.truth,
    "algorithms": kinds.list_of(kinds.one_of(*ALGORITHMS), least=1),
    "leeway": kinds.duration(0, 600),
    "scopes_claim": kinds.text,
    "roles_claim": kinds.text,
    "tenant_claim": kinds.text,
    "tenant_header": kinds.header,
    "diagnostic_scope": kinds.text,
}
_OBSERVE: Final[Mapping[str, kinds.Reader]] = {
    "address": kinds.listening_address,
    "operations": kinds.whole(1, 10_000),
    "otlp": kinds.base_url,
    "otlp_share": kinds.share,
}
_HEADERS: Final[Mapping[str, kinds.Reader]] = {"forward": kinds.list_of(kinds.header)}
_SERVICE: Final[Mapping[str, kinds.Reader]] = {
    "url": kinds.base_url,
    "contract": kinds.text,
    "timeout": kinds.duration(0.001, 3600),
    "connections": kinds.whole(1, 10_000),
    "concurrency": kinds.whole(1, 1_000),
    "batch_limit": kinds.whole(1, 100_000),
    "answer_limit": kinds.size(1 << 10, 1 << 30),
    "page_limit": kinds.whole(1, 10_000),
    "owner": kinds.text,
    "budget_header": kinds.header,
    "slow": kinds.duration(0.001, 3600),
    "health": kinds.plain_path,
    "health_interval": kinds.duration(1, 86_400),
}
_SERVICE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_Made = TypeVar("_Made", bound=msgspec.Struct)


def read_settings(folder: Path, environ: Mapping[str, str]) -> Settings:
    """The settings of the project in `folder`, with `${NAME}` taken from `environ`.

    Raises `ProjectError` with every mistake of the file. No message holds a value that came from the
    environment.
    """
    folder = folder.resolve()
    document = Document.read(folder / FILE, environ)
    document.check_names((), _TABLES, "table")
    graph = _struct(document, GraphSettings, ("graph",), _GRAPH)
    headers = _struct(document, HeaderSettings, ("headers",), _HEADERS)
    limits = _struct(document, Limits, ("limits",), _LIMITS)
    observe = _struct(document, ObserveSettings, ("observe",), _OBSERVE)
    cache = cache_of(document)
    admin = admin_of(document)
    identity = (
        _struct(document, IdentitySettings, ("identity",), _IDENTITY) if document.has("identity") else None
    )
    services = dict(_services(document, folder))
    if document.mistakes or not (graph and headers and limits and observe):
        raise ProjectError(document.mistakes)
    return Settings(
        folder=folder,
        graph=graph,
        headers=headers,
        identity=identity,
        services=MappingProxyType(services),
        limits=limits,
        observe=observe,
        cache=cache,
        admin=admin,
    )


def _services(document: Document, folder: Path) -> Iterator[tuple[str, Service]]:
    for name in document.table(("services",)):
        path = ("services", name)
        if not _SERVICE_NAME.fullmatch(name):
            document.wrong(path, "a service's name is a letter, then at most 63 letters, digits, '_' or '-'")
            continue
        values = document.values(path, _SERVICE, (*TABLES, OPERATIONS, CREDENTIALS, TLS))
        values |= tables_of(document, path) | credentials_of(document, path, values.get("url"))
        contract = _contract(document, folder, name, values.pop("contract", None))
        service = _made(document, Service, path, {**values, "name": name, "contract": contract})
        if service is None or contract is None:
            continue
        yield name, service


def _contract(document: Document, folder: Path, name: str, stated: str | None) -> Path | None:
    path = ("services", name, "contract")
    if stated is not None:
        file = (folder / stated).resolve()
        if not file.is_relative_to(folder):
            document.wrong(path, "expected a file inside the project's folder")
        elif not file.is_file():
            document.wrong(path, "there is no such file in the project's folder")
        return file
    if document.has(*path):  # stated, but not as text: told already
        return None
    endings = (".yaml", ".yml", ".json")
    found = [file for ending in endings if (file := folder / "contracts" / f"{name}{ending}").is_file()]
    if not found:
        document.wrong(
            path, f"there is no contract; expected contracts/{name}.yaml, .yml or .json, or another name here"
        )
        return None
    if len(found) > 1:
        document.wrong(
            path, f"{' and '.join(file.name for file in found)} stand in contracts/; say which it is"
        )
    elif not found[0].resolve().is_relative_to(folder):
        document.wrong(path, f"contracts/{found[0].name} leads out of the project's folder")
    return found[0]


def _struct(
    document: Document, kind: type[_Made], path: tuple[str, ...], readers: Mapping[str, kinds.Reader]
) -> _Made | None:
    return _made(document, kind, path, document.values(path, readers))


def _made(
    document: Document, kind: type[_Made], path: tuple[str, ...], values: Mapping[str, Any]
) -> _Made | None:
    required = [one.name for one in msgspec.structs.fields(kind) if one.required]
    for name in required:
        if name not in values and not document.has(*path, name):
            document.wrong((*path, name), "is required")
    return kind(**values) if values.keys() >= set(required) else None
