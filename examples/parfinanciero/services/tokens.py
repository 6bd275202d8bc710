"""The identity provider's token endpoint: client credentials (RFC 6749, section 4.4) and exchanges of callers' tokens
(RFC 8693). `grant` decides without I/O; errors are those of RFC 6749, section 5.2, not problem documents.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import unquote_plus

import jwt
from aiohttp import web

from .application import answer
from .clients import Client, Secrets, audiences_of
from .security import ANY_TENANT
from .signing import KeyRing

LIFE = timedelta(minutes=5)
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 (the name of a kind of token)
SUBJECT_KINDS = (ACCESS_TOKEN, "urn:ietf:params:oauth:token-type:jwt")
GRANTS = ("client_credentials", EXCHANGE)
AUDIENCE = "api://parfinanciero"
SECRETS: Final = web.AppKey("secrets", Secrets)


class Refused(Exception):
    """No token: `code` is the RFC's word, the message is for people."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def grant(keys: KeyRing, client_id: str, client: Client, form: Mapping[str, str]) -> dict[str, object]:
    """The answer to a client that is known. Raises `Refused`."""
    kind = form.get("grant_type", "")
    if kind == "client_credentials":
        return _own(keys, client_id, client, form)
    if kind == EXCHANGE:
        return _exchanged(keys, client_id, client, form)
    raise Refused("unsupported_grant_type", f"Known are {', '.join(GRANTS)}")


def _own(keys: KeyRing, client_id: str, client: Client, form: Mapping[str, str]) -> dict[str, object]:
    scopes = _narrowed(client.scopes, form)
    audiences = audiences_of(scopes)
    wanted = form.get("audience")
    if wanted is not None and wanted not in audiences:
        raise Refused("invalid_target", "The scopes are not of this audience")
    audience = audiences if wanted is None else (wanted,)
    scopes = tuple(one for one in scopes if audiences_of((one,))[0] in audience)
    token = keys.sign(
        client_id, ANY_TENANT, scopes, audience=audience, life=LIFE, claims={"client_id": client_id}
    )
    return _granted(token, scopes, LIFE)


def _exchanged(keys: KeyRing, client_id: str, client: Client, form: Mapping[str, str]) -> dict[str, object]:
    audience = form.get("audience", "")
    if audience not in client.audiences:
        raise Refused("invalid_target", "This client may not exchange tokens for this audience")
    if form.get("subject_token_type") not in SUBJECT_KINDS:
        raise Refused("invalid_request", "subject_token_type must be that of an access token")
    try:
        claims = keys.verified(form.get("subject_token", ""), AUDIENCE)
    except jwt.PyJWTError:
        raise Refused("invalid_grant", "The subject token is not valid here") from None
    held = tuple(one for one in str(claims["scope"]).split() if audiences_of((one,)) == (audience,))
    scopes = _narrowed(held, form)
    # No longer than the token that it stands for: rights that end there end here, too.
    life = min(LIFE, keys.left(claims))
    token = keys.sign(
        claims["sub"],
        claims["tenant"],
        scopes,
        audience=(audience,),
        life=life,
        claims={"act": {"sub": client_id}},
    )
    return {**_granted(token, scopes, life), "issued_token_type": ACCESS_TOKEN}


def _narrowed(held: tuple[str, ...], form: Mapping[str, str]) -> tuple[str, ...]:
    """The scopes that were asked for, or all that are held. Raises `Refused` for one that is not."""
    wanted = tuple(dict.fromkeys(form.get("scope", "").split())) or held
    if not wanted or not set(wanted) <= set(held):
        raise Refused("invalid_scope", "These scopes are not to be had")
    return wanted


def _granted(token: str, scopes: tuple[str, ...], life: timedelta) -> dict[str, object]:
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": int(life.total_seconds()),
        "scope": " ".join(scopes),
    }


async def give_token(request: web.Request, keys: KeyRing) -> web.Response:
    """`POST /oauth/token`: a form, and the client's id and secret in it or as basic credentials."""
    try:
        form = await _form(request)
        client_id, secret = _credentials(request.headers.get("Authorization"), form)
        client = request.app[SECRETS].known(client_id, secret)
        if client is None:
            raise Refused("invalid_client", "The client is not known", 401)
        given = grant(keys, client_id, client, form)
    except Refused as refused:
        headers = {"Cache-Control": "no-store"}
        if refused.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="token"'
        body = {"error": refused.code, "error_description": str(refused)}
        return answer(body, status=refused.status, headers=headers)
    return answer(given, headers={"Cache-Control": "no-store"})


async def _form(request: web.Request) -> dict[str, str]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refused("invalid_request", "The body must be a form")
    form = await request.post()
    if len(form) != len(set(form)):
        raise Refused("invalid_request", "A parameter stands more than once")
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _credentials(authorization: str | None, form: Mapping[str, str]) -> tuple[str, str]:
    """Id and secret of the client, as RFC 6749, section 2.3.1, lets it show them; empty where it does not."""
    if authorization is None:
        return form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, text = authorization.partition(" ")
    try:
        shown = base64.b64decode(text, validate=True).decode("ascii") if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        shown = ""
    client_id, _, secret = shown.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)
