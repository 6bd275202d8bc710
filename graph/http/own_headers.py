"""The headers of a client's request as executors and services may see them: without credentials, and with what
the endpoint says in their place.

`graph/http/http.py` makes them for each request; `graph/http/exchange.py` gives them to the executor, which takes
out the few that services get. Nothing is copied before somebody asks for it.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping
from typing import Final

from multidict import MultiMapping

_CREDENTIALS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})


class OwnHeaders(Mapping[str, str]):
    """Values by name in lower case, equal names joined (RFC 9110, section 5.3).

    `said` goes before what the client sent: a value, or None where the client's does not count.
    """

    __slots__ = ("_joined", "_said", "_sent")

    def __init__(self, sent: MultiMapping[str], said: Mapping[str, str | None]) -> None:
        self._sent = sent
        self._said = said
        self._joined: dict[str, str] | None = None

    def __getitem__(self, name: str) -> str:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def items(self) -> ItemsView[str, str]:
        """All of them at once, where `Mapping` would look up one after the other."""
        return self._all().items()

    def __repr__(self) -> str:
        return f"OwnHeaders({sorted(self)})"  # names only: values may be anybody's secrets

    def _all(self) -> dict[str, str]:
        if self._joined is None:
            self._joined = _joined(self._sent)
            for name, value in self._said.items():
                if value is None:
                    self._joined.pop(name, None)
                else:
                    self._joined[name] = value
        return self._joined


def _joined(sent: MultiMapping[str]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in sent.items():
        lower = name.lower()
        if lower not in _CREDENTIALS:
            joined[lower] = f"{joined[lower]}, {value}" if lower in joined else value
    return joined
