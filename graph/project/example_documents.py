"""The project's example operations: `operations/*.graphql`, read and checked once, when the project is.

`graph/project/project.py` reads them with the rest of the project; `graph/playground.py` offers them. One file
holds one operation, its fragments, and above it a comment that says what it shows; `NAME.json` beside
`NAME.graphql` holds its variables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, parse, validate

from adapters.mistake import Mistake

FOLDER: Final = "operations"
MOST_FILES: Final = 100
MOST_BYTES: Final = 64 << 10
MOST_ERRORS: Final = 20


@dataclass(frozen=True, slots=True)
class ExampleDocument:
    """One example. `kind` is query, mutation or subscription; `variables` is the text of a JSON object."""

    name: str
    kind: str
    description: str
    query: str = field(repr=False)
    variables: str | None = field(default=None, repr=False)


def read_examples(
    project: Path, schema: GraphQLSchema | None
) -> tuple[tuple[ExampleDocument, ...], list[Mistake]]:
    """The examples of a project's folder by file name, and what is wrong with them: each is checked against the
    schema, where there is one. At most 100 files are read, of 64 KiB each.
    """
    folder = project / FOLDER
    files = sorted(folder.glob("*.graphql")) if folder.is_dir() else []
    mistakes: list[Mistake] = []
    if len(files) > MOST_FILES:
        mistakes.append(Mistake(folder, 0, "", f"holds {len(files)} examples; at most {MOST_FILES} are read"))
    found = [_read(project.resolve(), file, schema, mistakes) for file in files[:MOST_FILES]]
    return tuple(one for one in found if one is not None), mistakes


def _read(
    project: Path, file: Path, schema: GraphQLSchema | None, mistakes: list[Mistake]
) -> ExampleDocument | None:
    text = _text(project, file, mistakes)
    if text is None:
        return None
    try:
        document = parse(text)
    except GraphQLError as error:
        mistakes.append(_of(file, error))
        return None
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if len(operations) != 1:
        mistakes.append(
            Mistake(file, 0, "", f"has {len(operations)} operations; expected one, and any fragments")
        )
        return None
    if schema is not None:
        mistakes += [_of(file, error) for error in validate(schema, document, max_errors=MOST_ERRORS)]
    (operation,) = operations
    return ExampleDocument(
        name=operation.name.value if operation.name is not None else file.stem,
        kind=operation.operation.value,
        description=_description(text),
        query=text,
        variables=_variables(project, file.with_suffix(".json"), mistakes),
    )


def _text(project: Path, file: Path, mistakes: list[Mistake]) -> str | None:
    if not file.resolve().is_relative_to(project):
        mistakes.append(Mistake(file, 0, "", "leads out of the project's folder"))
        return None
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            mistakes.append(Mistake(file, 0, "", f"is larger than {MOST_BYTES} bytes"))
            return None
        return content.decode()
    except OSError as error:
        mistakes.append(Mistake(file, 0, "", f"cannot be read: {error.strerror}"))
    except UnicodeDecodeError:
        mistakes.append(Mistake(file, 0, "", "is not UTF-8"))
    return None


def _variables(project: Path, file: Path, mistakes: list[Mistake]) -> str | None:
    text = _text(project, file, mistakes) if file.exists() else None
    if text is None:
        return None
    try:
        msgspec.json.decode(text, type=dict)
    except (msgspec.DecodeError, RecursionError):
        mistakes.append(Mistake(file, 0, "", "expected a JSON object: the values of the example's variables"))
        return None
    return text


def _description(text: str) -> str:
    words: list[str] = []
    for line in text.lstrip().splitlines():
        if not line.startswith("#"):
            break
        words.append(line.lstrip("# ").rstrip())
    return " ".join(word for word in words if word)


def _of(file: Path, error: GraphQLError) -> Mistake:
    line = error.locations[0].line if error.locations else 0
    return Mistake(file, line, "", error.message)
