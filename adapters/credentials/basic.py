"""The basic way: a user and a password in `Authorization: Basic` (RFC 7617)."""

from __future__ import annotations

import base64

from adapters.credentials.carried import AUTHORIZATION, with_header
from adapters.credentials.credential_kinds import Basic
from adapters.credentials.held_secret import HeldSecret
from adapters.credentials.renewal import sent_with
from adapters.facts import Clock
from adapters.messages import Policy, Request, Response, Send


def basic(service: str, way: Basic, clock: Clock) -> Policy:
    """The policy that puts user and password in. Raises NotSent where the password cannot be had."""
    holder = HeldSecret(service, way.password, clock)

    def put(request: Request, password: str) -> Request:
        return with_header(request, AUTHORIZATION, basic_credentials(way.user, password))

    async def policy(request: Request, send: Send) -> Response:
        return await sent_with(request, send, holder, put)

    return policy


def basic_credentials(user: str, password: str) -> str:
    """The header's text, user and password in UTF-8 (RFC 7617, section 2.1)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
