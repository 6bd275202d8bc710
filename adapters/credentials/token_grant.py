"""What is said to a token endpoint and what its answer means: RFC 6749, sections 4.4 and 5, and RFC 8693, section 2.
Pure.

`adapters/credentials/token_client.py` sends it.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote_plus, urlencode

import msgspec
from yarl import URL

from adapters.credentials.basic import basic_credentials
from adapters.credentials.credential_kinds import ClientCredentials, TokenEndpoint, TokenExchange
from adapters.credentials.token_life import MOST, Token, ends
from adapters.messages import Request, Response

ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 (the name of a kind; RFC 8693, section 3)
EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_B64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"

_SAID: Final = frozenset(
    {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
     "invalid_scope", "invalid_target"}
)  # fmt: skip
"""RFC 6749, section 5.2, and RFC 8693, section 2.2.2: the words of an endpoint that may stand in a log."""

_SUBJECT: Final = frozenset({"invalid_request", "invalid_grant"})

Form = tuple[tuple[str, str], ...]


class Refused(Exception):
    """The endpoint grants no token. `of_subject`: because of the token that was to be exchanged."""

    def __init__(self, message: str, *, of_subject: bool = False) -> None:
        super().__init__(message)
        self.of_subject = of_subject


def is_b64token(text: str) -> bool:
    """Whether a text is a bearer token in form (RFC 6750, section 2.1)."""
    # Every call that carries a caller's token asks, and a regular expression takes twice the time.
    characters = text.rstrip("=")
    return characters != "" and characters.isascii() and not characters.encode().translate(None, _B64)


class _Granted(msgspec.Struct):
    access_token: str
    token_type: str
    expires_in: float | None = None


class _Error(msgspec.Struct):
    error: str


def client_form(way: ClientCredentials) -> Form:
    """The form of RFC 6749, section 4.4.2."""
    return (
        ("grant_type", "client_credentials"),
        *((("scope", " ".join(way.scopes)),) if way.scopes else ()),
        *_for_whom(way.audience, way.resource),
    )


def exchange_form(way: TokenExchange, subject: str) -> Form:
    """The form of RFC 8693, section 2.1."""
    return (
        ("grant_type", EXCHANGE),
        ("subject_token", subject),
        ("subject_token_type", ACCESS_TOKEN),
        ("requested_token_type", ACCESS_TOKEN),
        *((("scope", " ".join(way.scopes)),) if way.scopes else ()),
        *_for_whom(way.audience, way.resource),
    )


def _for_whom(audience: str | None, resource: str | None) -> Form:
    named = (("audience", audience), ("resource", resource))
    return tuple((name, text) for name, text in named if text is not None)


def token_request(service: str, endpoint: TokenEndpoint, secret: str, form: Form) -> Request:
    """The request for a token. The client shows itself by basic credentials, its id and secret encoded as forms are
    (RFC 6749, section 2.3.1), or in the form.
    """
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    if endpoint.in_body:
        form = (*form, ("client_id", endpoint.client_id), ("client_secret", secret))
    else:
        headers["authorization"] = basic_credentials(quote_plus(endpoint.client_id), quote_plus(secret))
    return Request(
        service=service,
        operation="token",
        method="POST",
        target=URL(endpoint.url).raw_path or "/",
        headers=headers,
        body=urlencode(form).encode("ascii"),
    )


def granted(response: Response, now: float, most: float = MOST) -> Token:
    """The token of an answer (RFC 6749, section 5.1), got at `now` and used for `most` seconds at most.

    Raises Refused, which repeats nothing of the answer but an error code of the RFCs.
    """
    if response.status != 200:
        raise _refused(response)
    try:
        answer = msgspec.json.decode(response.body, type=_Granted, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Refused("its answer is no token answer") from None
    if answer.token_type.lower() != "bearer":
        raise Refused("its token is no bearer token")
    if not is_b64token(answer.access_token):
        raise Refused("its token is not a bearer token in form")
    return Token(answer.access_token, now, ends(now, answer.expires_in, most))


def _refused(response: Response) -> Refused:
    try:
        code = msgspec.json.decode(response.body, type=_Error).error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        code = ""
    said = f" {code}" if code in _SAID else ""
    return Refused(
        f"it answered {response.status}{said}", of_subject=response.status == 400 and code in _SUBJECT
    )
