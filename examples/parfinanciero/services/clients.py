"""Who may ask the identity provider's token endpoint: programs, each with its secret and what it may get.

`tokens.py` decides with it. A program acts for every tenant; the service that it calls keeps it to the one that
its request names.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MOST_SECRET_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Client:
    """What a program may get: `scopes` of its own, and the audiences that it may exchange callers' tokens for."""

    scopes: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()


CLIENTS: Mapping[str, Client] = {
    "gateway": Client(("reports:read", "storage:read"), ("api://expenses", "api://projections")),
    "expenses": Client(("storage:read", "storage:write")),
    "projections": Client(("expenses:read",)),
}


@dataclass(frozen=True, slots=True)
class Secrets:
    """The clients' secrets by client id; a client without one gets nothing."""

    by_client: Mapping[str, str] = field(default_factory=dict, repr=False)

    def known(self, client_id: str, secret: str) -> Client | None:
        """The client that this id and secret show, or None. Takes as long for a wrong secret as for a right one."""
        client, kept = CLIENTS.get(client_id), self.by_client.get(client_id, "")
        right = hmac.compare_digest(kept.encode(), secret.encode())
        return client if right and kept else None


def read_secret(file: Path) -> str:
    """The secret that a file holds, without the line's end. Raises `OSError`, `ValueError` for none."""
    with file.open("rb") as stream:
        content = stream.read(MOST_SECRET_BYTES + 1)
    secret = content.decode("ascii").strip() if len(content) <= MOST_SECRET_BYTES else ""
    if not secret:
        raise ValueError(f"{file.name} holds no secret")
    return secret


def read_secrets(folder: Path) -> Secrets:
    """The secrets in `folder`, each in a file `CLIENT.secret`. Raises `OSError`, `ValueError`."""
    return Secrets({name: read_secret(folder / f"{name}.secret") for name in CLIENTS})


def audiences_of(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """The audiences that scopes belong to: `storage:read` to `api://storage`."""
    return tuple(dict.fromkeys(f"api://{scope.partition(':')[0]}" for scope in scopes))
