"""`credentials` and `[services.NAME.tls]` of a service in `stolon.toml`: a way by its name, or a table of a way that
needs more.

`graph/settings/settings.py` reads them with the service; `adapters/credentials/credentials.py` opens what comes
out. A secret is `${NAME}`, from the environment, or a file, which is read again when it changes: none stands in
the project file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from adapters.credentials.credential_kinds import (
    ApiKey,
    Basic,
    ClientCredentials,
    Credentials,
    Tls,
    TokenEndpoint,
    TokenExchange,
)
from adapters.mistake import nearest
from adapters.transport.mutual_tls import tls_context
from graph.settings import setting_kinds as kinds
from graph.settings.origins import is_confidential
from graph.settings.secret_settings import secret_of
from graph.settings.setting_kinds import Wrong
from graph.settings.toml_document import Document

CREDENTIALS: Final = "credentials"
TLS: Final = "tls"

_NAMED: Final = ("none", "forward")
_SHORTEST: Final = 8
"""Characters of a key in a query: it is taken out of answers, which a shorter one might be in by chance."""
_HEADER_TEXT: Final = re.compile(r"[\x20-\x7e]+")


def _header_of_key(value: object) -> str:
    """The header that a key goes in, lower-cased: any but those that belong to the connection and the body."""
    found = kinds.text(value).lower()
    return found if found == "authorization" else kinds.header(found)


def _user(value: object) -> str:
    found = kinds.text(value)
    if ":" in found:
        raise Wrong("expected a user without a colon (RFC 7617)")
    return found


_ENDPOINT: Final[Mapping[str, kinds.Reader]] = {
    "token_url": kinds.confidential_url,
    "client_id": kinds.text,
    "client_secret": kinds.text,
    "client_secret_file": kinds.text,
    "client_in": kinds.one_of("header", "body"),
    "scopes": kinds.list_of(kinds.text),
    "audience": kinds.text,
    "resource": kinds.text,
}
_WAYS: Final[Mapping[str, Mapping[str, kinds.Reader]]] = {
    "exchange": _ENDPOINT,
    "client_credentials": _ENDPOINT,
    "api_key": {
        "header": _header_of_key,
        "query": kinds.text,
        "prefix": kinds.text,
        "key": kinds.text,
        "key_file": kinds.text,
    },
    "basic": {"user": _user, "password": kinds.text, "password_file": kinds.text},
}
_TLS: Final[Mapping[str, kinds.Reader]] = dict.fromkeys(("authority", "certificate", "key"), kinds.text)


def lending(toml: Mapping[str, Any]) -> frozenset[str]:
    """The services of a project file, as it is written, that are called with credentials of the gateway's own: what
    binding must know before settings are read. What is written wrongly counts too.
    """
    services = toml.get("services")
    named = services.items() if isinstance(services, dict) else ()
    return frozenset(name for name, service in named if isinstance(service, dict) and _lends(service))


def _lends(service: Mapping[str, Any]) -> bool:
    way, tls = service.get(CREDENTIALS), service.get(TLS)
    shown = isinstance(tls, dict) and "certificate" in tls
    return shown or (isinstance(way, dict) and way.get("way") != "exchange")


def credentials_of(document: Document, path: tuple[str, ...], url: str | None) -> dict[str, Any]:
    """The service's `credentials` and `tls`, as far as the file states them rightly. `url` is the service's own,
    where that is right.
    """
    found: dict[str, Any] = {}
    way = _way(document, path)
    if way is not None:
        found[CREDENTIALS] = way
        if url is not None and way != "none" and not is_confidential(url):
            what = "credentials = 'forward' sends tokens" if way == "forward" else "it gets credentials"
            document.wrong((*path, "url"), f"expected https or a loopback address, since {what}")
    tls = _tls(document, path, url)
    if tls is not None:
        found[TLS] = tls
    return found


def _way(document: Document, path: tuple[str, ...]) -> Credentials | None:
    table = document.table(path)
    if CREDENTIALS not in table:
        return None
    if not isinstance(table[CREDENTIALS], dict):
        # The names around it are told of elsewhere.
        return document.values(path, {CREDENTIALS: _name}, table).get(CREDENTIALS)
    within = (*path, CREDENTIALS)
    stated = document.table(within).get("way")
    readers = _WAYS.get(stated) if isinstance(stated, str) else None
    if readers is None:
        document.wrong((*within, "way"), _expected(stated))
        return None
    values = document.values(within, readers, ("way",))
    match stated:
        case "api_key":
            return _api_key(document, within, values)
        case "basic":
            return _basic(document, within, values)
        case _:
            return _token_way(document, within, values, exchange=stated == "exchange")


def _name(value: object) -> str:
    if isinstance(value, str) and value in _WAYS:
        raise Wrong(f"needs a table of its own: [services.NAME.credentials] with way = '{value}'")
    return str(kinds.one_of(*_NAMED)(value))


def _expected(stated: object) -> str:
    ways = " or ".join(repr(one) for one in _WAYS)
    return f"expected {ways}{nearest(stated, _WAYS) if isinstance(stated, str) else ''}"


def _api_key(document: Document, path: tuple[str, ...], values: Mapping[str, Any]) -> ApiKey | None:
    secret = secret_of(document, path, values, "key", _not_printable)
    places = [name for name in ("header", "query") if document.has(*path, name)]
    if len(places) != 1:
        document.wrong(path, "expected 'header' or 'query', one of them: where the key goes")
    elif places == ["query"] and "prefix" in values:
        document.wrong((*path, "prefix"), "stands before a key in a header, not in a query")
    elif places == ["query"] and isinstance(text := values.get("key"), str) and len(text) < _SHORTEST:
        document.wrong((*path, "key"), f"expected a key of {_SHORTEST} characters or more, to go in a query")
    elif secret is not None and places[0] in values:
        return ApiKey(secret, values.get("header"), values.get("query"), values.get("prefix"))
    return None


def _basic(document: Document, path: tuple[str, ...], values: Mapping[str, Any]) -> Basic | None:
    password = secret_of(document, path, values, "password")
    _required(document, path, "user")
    return Basic(values["user"], password) if password is not None and "user" in values else None


def _token_way(
    document: Document, path: tuple[str, ...], values: Mapping[str, Any], *, exchange: bool
) -> ClientCredentials | TokenExchange | None:
    secret = secret_of(document, path, values, "client_secret")
    _required(document, path, "token_url", "client_id")
    if secret is None or not {"token_url", "client_id"} <= values.keys():
        return None
    endpoint = TokenEndpoint(
        values["token_url"], values["client_id"], secret, in_body=values.get("client_in") == "body"
    )
    way = TokenExchange if exchange else ClientCredentials
    return way(
        endpoint,
        scopes=values.get("scopes", ()),
        audience=values.get("audience"),
        resource=values.get("resource"),
    )


def _required(document: Document, path: tuple[str, ...], *names: str) -> None:
    for name in names:
        if not document.has(*path, name):
            document.wrong((*path, name), "is required")


def _not_printable(text: str) -> str | None:
    if _HEADER_TEXT.fullmatch(text):
        return None
    return "expected a secret of printable ASCII characters, since a header or URL holds it"


def _tls(document: Document, path: tuple[str, ...], url: str | None) -> Tls | None:
    within = (*path, TLS)
    if not document.has(*within):
        return None
    before = len(document.mistakes)
    values = document.values(within, _TLS)
    files = {name: document.file.parent / text for name, text in values.items()}
    if document.has(*within, "certificate") != document.has(*within, "key"):
        document.wrong(within, "expected 'certificate' and 'key', or neither")
    if url is None or len(document.mistakes) > before:
        return None
    tls = Tls(**files)
    try:
        tls_context(path[-1], url, tls)
    except ValueError as failure:
        document.wrong(within, str(failure))
        return None
    return tls
