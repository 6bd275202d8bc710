"""One OpenAPI document (3.0, 3.1, 3.2) as a frozen `Contract`, or every mistake in it at once.

`read_contract` reads a file; `contract_of` is the pure part. Form is checked by `adapters/contract/structure.py`,
references by `adapters/contract/references.py`; `adapters/contract/schemas.py`,
`adapters/contract/discriminators.py` and `adapters/contract/operations.py` make the model, which goes to `graph/`
and `resolvers/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, cast

from adapters.contract.components import Components
from adapters.contract.constraints import Constraints, compiles
from adapters.contract.contract import Contract
from adapters.contract.discriminators import Discriminators
from adapters.contract.document import load_document
from adapters.contract.operations import OperationReader
from adapters.contract.parameters import ParameterReader, check_styles
from adapters.contract.references import References
from adapters.contract.schemas import SchemaTable
from adapters.contract.structure import Version, check_schema, check_structure
from adapters.json_path import JsonPath, json_path
from adapters.mistake import Mistake, ProjectError

_VERSION: Final = re.compile(r"(3\.[012])\.\d+(-.+)?")
_COMPONENTS: Final = ("components", "schemas")


def read_contract(name: str, file: Path) -> Contract:
    """The contract in a file. Raises ProjectError with every mistake: file, line, JSON path."""
    document = load_document(file)
    return contract_of(name, file, document.root, document.line)


def contract_of(
    name: str, file: Path, document: Mapping[str, object], locate: Callable[[JsonPath], int]
) -> Contract:
    """The contract that a document (as `load_document` gives it) describes; `locate` says on which line a
    value stands.

    Raises ProjectError. What follows from a mistake of form is not told beside it. The result shares the
    document's values, which nobody changes.
    """
    notes: list[tuple[JsonPath, str]] = []
    form: list[tuple[JsonPath, str]] = []
    meaning: list[tuple[JsonPath, str]] = []

    version = _version(document, _teller(notes))
    contract = None
    if version is not None:
        check_structure(version, document, _teller(form))
        references = References(document)
        references.check(_teller(notes))
        table = SchemaTable(references, _teller(meaning), old=version == "3.0")
        contract = _read(name, file, document, references, table, meaning)
        for target in table.targets:
            if target[:2] != _COMPONENTS or len(target) != 3:
                check_schema(version, target, references.at(target)[1], _teller(form))
        if not (notes or form or meaning):
            _check_defaults(contract, table, _teller(meaning))
    broken = [path for path, _ in form if path] + [path[:-1] for path, _ in notes]
    notes += form
    notes += [(path, message) for path, message in meaning if not any(_touch(path, one) for one in broken)]
    if contract is None or notes:
        raise ProjectError(Mistake(file, locate(path), json_path(path), message) for path, message in notes)
    return contract


def _teller(notes: list[tuple[JsonPath, str]]) -> Callable[[JsonPath, str], None]:
    return lambda path, message: notes.append((path, message))


def _touch(one: JsonPath, other: JsonPath) -> bool:
    """Whether one of two places lies within the other."""
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


def _version(document: Mapping[str, object], tell: Callable[[JsonPath, str], None]) -> Version | None:
    stated = document.get("openapi")
    if "swagger" in document and stated is None:
        tell(("swagger",), "OpenAPI 2.0 (Swagger) is not read; convert the document to OpenAPI 3.0 or later")
    elif stated is None:
        tell((), "is no OpenAPI document: it lacks the key `openapi`")
    elif not isinstance(stated, str):
        tell(("openapi",), "the version is a text: write it in quotes, in full, such as '3.1.0'")
    elif found := _VERSION.fullmatch(stated):
        return cast("Version", found[1])
    else:
        tell(("openapi",), f"OpenAPI {stated[:40]} is not read; 3.0.x, 3.1.x and 3.2.x are")
    return None


def _read(
    name: str,
    file: Path,
    document: Mapping[str, object],
    references: References,
    table: SchemaTable,
    meaning: list[tuple[JsonPath, str]],
) -> Contract:
    tell = _teller(meaning)
    openapi = str(document["openapi"])
    old = openapi.startswith("3.0")
    components = document.get("components")
    schemas = components.get("schemas") if isinstance(components, dict) else None
    named = {
        key: table.use((*_COMPONENTS, key), node).schema
        for key, node in (schemas.items() if isinstance(schemas, dict) else ())
    }
    parameters = ParameterReader(references, table, tell, old=old)
    operations = OperationReader(name, references, table, parameters, tell, old=old).read(
        document.get("paths")
    )
    table.read()
    named_nodes = Components(references, schemas if isinstance(schemas, dict) else {}, old=old)
    table.schemas.update(Discriminators(named_nodes, table.schemas, tell).read(table.discriminated))
    check_styles(parameters.styled, table.schemas, tell)
    for path, pattern in table.patterns:
        if not compiles(pattern):
            tell(path, "is no regular expression of ECMA-262 that can be checked")
    info = document.get("info")
    said: Mapping[str, object] = info if isinstance(info, dict) else {}
    description = said.get("description")
    return Contract(
        name=name,
        file=file,
        title=str(said.get("title", "")),
        version=str(said.get("version", "")),
        openapi=openapi,
        operations=MappingProxyType(operations),
        schemas=MappingProxyType(table.schemas),
        components=MappingProxyType(named),
        description=description if isinstance(description, str) else None,
    )


def _check_defaults(contract: Contract, table: SchemaTable, tell: Callable[[JsonPath, str], None]) -> None:
    checked: set[tuple[JsonPath, str, bool]] = set()
    for stated in table.defaults:
        key = (stated.path, stated.use.schema, stated.use.nullable)
        if key in checked:
            continue
        checked.add(key)
        for violation in Constraints(contract, stated.use).check(stated.use.default):
            tell(
                (*stated.path, *violation.path), f"the default breaks its own schema: it {violation.message}"
            )
