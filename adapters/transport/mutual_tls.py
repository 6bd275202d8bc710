"""How a service is known and how the gateway shows itself to it: the TLS context of one service's connections, and
the policy that keeps the gateway's own certificate as its files are (mutual TLS).

A context is made when the service is opened; `adapters/transport/transport.py` connects with it. A certificate
that was rotated is loaded into the same context, so that the next connection shows it; connections that are kept
go on until they are closed. What is verified is never less than aiohttp's default: name and chain, always.
"""

from __future__ import annotations

import logging
import ssl
from pathlib import Path
from typing import Final, TypeAlias

from adapters.credentials.credential_kinds import Tls
from adapters.credentials.secrets import LOOKED, signature
from adapters.facts import Clock
from adapters.messages import Policy, Request, Response, Send
from adapters.service import base_url

_log: Final = logging.getLogger("stolon.credentials")
_Signatures: TypeAlias = tuple[tuple[int, int, int], ...]


def tls_context(service: str, url: str, tls: Tls) -> ssl.SSLContext:
    """A context that verifies the service by these authorities, or the system's, and shows the gateway's certificate.

    Raises ValueError, which repeats nothing of the files, where they cannot be used, or the URL is not https.
    """
    if base_url(url).scheme != "https":
        raise ValueError(f"service {service!r} has tls settings, which an http:// URL makes no use of")
    try:
        context = ssl.create_default_context(cafile=tls.authority)
    except (OSError, ssl.SSLError):
        raise ValueError(
            f"service {service!r}: tls.authority cannot be read as certificates in PEM"
        ) from None
    try:
        _load(context, tls)
    except (OSError, ssl.SSLError):
        raise ValueError(
            f"service {service!r}: tls.certificate and tls.key cannot be read as a certificate and its key in PEM"
        ) from None
    return context


def fresh_certificate(service: str, tls: Tls, context: ssl.SSLContext, clock: Clock) -> Policy:
    """The policy that loads the certificate again when its files have changed; they are looked at at most once in
    `LOOKED` seconds. While they do not belong together, as between the renewal of one and the other, the one before
    stays in use.
    """
    files = tuple(file for file in (tls.certificate, tls.key) if file is not None)
    seen = _signatures(files)
    looked = clock()

    async def policy(request: Request, send: Send) -> Response:
        nonlocal seen, looked
        now = clock()
        if now - looked >= LOOKED:
            looked = now
            found = _signatures(files)
            if found is not None and found != seen and _renewed(service, tls, context):
                seen = found
        return await send(request)

    return policy


def _signatures(files: tuple[Path, ...]) -> _Signatures | None:
    try:
        return tuple(signature(file) for file in files)
    except OSError:
        return None  # one is being replaced: the next look finds it


def _renewed(service: str, tls: Tls, context: ssl.SSLContext) -> bool:
    try:
        # Elsewhere first: a certificate that does not fit its key would leave the context without either.
        _load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), tls)
        _load(context, tls)
    except (OSError, ssl.SSLError) as failure:
        _log.warning(
            "%s: its client certificate cannot be renewed (%s); the one before stays in use",
            service,
            type(failure).__name__,
        )
        return False
    return True


def _load(context: ssl.SSLContext, tls: Tls) -> None:
    if tls.certificate is not None and tls.key is not None:
        # A key that is locked asks for its password at the terminal, unless it gets one.
        context.load_cert_chain(tls.certificate, tls.key, password="")
