"""The contracts of a project: where they lie, read once each when the schema is built."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from adapters.contract.contract import Contract
from adapters.contract.openapi import read_contract
from adapters.mistake import ProjectError, nearest
from graph.declaring.calls import Contract as ContractName
from graph.declaring.declare import Position
from graph.declaring.mistakes import Mistakes
from graph.project.project_modules import values_of

SETTINGS_FILE = "stolon.toml"
_ENDINGS = (".yaml", ".yml", ".json")


def project_of(file: Path) -> Path | None:
    """The project's folder that a file belongs to: the nearest one above it with a `stolon.toml`, or
    `contracts/`.
    """
    for folder in file.resolve().parents:
        if (folder / SETTINGS_FILE).is_file() or (folder / "contracts").is_dir():
            return folder
    return None


class Contracts:
    """Contracts by name. What can't be read is a mistake, noted once, and None from then on."""

    def __init__(self, project: Path, mistakes: Mistakes) -> None:
        self.project = project
        self._mistakes = mistakes
        self._read: dict[str, Contract | None] = {}

    def get(self, name: str, position: Position, path: str) -> Contract | None:
        """The contract of that name, read on first use; None, with a mistake noted once, where there is none
        to use.
        """
        if name in self._read:
            return self._read[name]
        file = self.files.get(name)
        if file is None:
            self._read[name] = None
            known = ", ".join(sorted(self.files)) or "none"
            self._mistakes.at(
                position, path, f"no contract {name!r} (the project has {known}){nearest(name, self.files)}"
            )
            return None
        try:
            found: Contract | None = read_contract(name, file)
        except ProjectError as error:
            self._mistakes.add(error.mistakes)
            found = None
        self._read[name] = found
        return found

    def read_declared(self) -> None:
        """Read what the project's modules name with `rest.contract(...)`: resolvers use contracts, too, and
        reading is nothing for the time of a request.
        """
        for one in values_of(self.project):
            if isinstance(one, ContractName):
                self.get(one.name, one.position, f"rest.contract({one.name!r})")

    @property
    def all_read(self) -> Mapping[str, Contract]:
        """Every contract that was read."""
        return {name: contract for name, contract in self._read.items() if contract is not None}

    @cached_property
    def files(self) -> Mapping[str, Path]:
        """The file of each contract: those in `contracts/`, and those that `stolon.toml` names."""
        found = {
            file.stem: file
            for file in sorted((self.project / "contracts").glob("*"), reverse=True)
            if file.suffix in _ENDINGS
        }
        for name, service in _services(self.project).items():
            stated = service.get("contract") if isinstance(service, dict) else None
            if isinstance(stated, str):
                # Settings check that it stays inside of the project (graph/settings/settings.py).
                found[name] = self.project / stated
        return found


def read_toml(project: Path) -> dict[str, Any]:
    """`stolon.toml` as it is, empty where there is none or it can't be read: settings say what is wrong with
    it.
    """
    try:
        return tomllib.loads((project / SETTINGS_FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def _services(project: Path) -> dict[str, Any]:
    services = read_toml(project).get("services", {})
    return services if isinstance(services, dict) else {}
