"""A secret as credentials are held: given for each call, and read anew when a service refuses it.

`adapters/credentials/api_key.py` and `adapters/credentials/basic.py` hold theirs so;
`adapters/credentials/renewal.py` asks.
"""

from __future__ import annotations

from adapters.credentials.secrets import KeptSecret, NoSecret, Secret
from adapters.facts import Clock
from adapters.failures import NotSent


class HeldSecret:
    """A `Holder` of one secret of a service."""

    def __init__(self, service: str, secret: Secret, clock: Clock) -> None:
        self._service = service
        self._secret = KeptSecret(secret, clock)

    async def current(self) -> str:
        """The secret now. Raises NotSent where it cannot be had."""
        try:
            return self._secret.current()
        except NoSecret as failure:
            raise NotSent(f"{self._service}: {failure}") from None

    async def renewed(self, refused: str) -> str | None:
        """The secret that its file holds by now, or None where that is the refused one."""
        text = self._secret.reread()
        return None if text == refused else text
