"""Whether a document keeps the form that its OpenAPI version asks for, by the official schemas of
openapi-spec-validator.

Of that library only the schemas are taken, run by jsonschema-rs: its further checks lose the place of a
mistake, split property names at `#`, and are redone in `adapters/` with places. From OpenAPI 3.1 on the
official schema leaves Schema Objects open; JSON Schema's own meta-schema is bound in where it says so (its
`$dynamicAnchor` named `meta`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Final, Literal

import jsonschema_rs
from openapi_spec_validator.schemas import schema_v30, schema_v31, schema_v32

from adapters.json_path import JsonPath, Tell

Version = Literal["3.0", "3.1", "3.2"]
MOST_MISTAKES: Final = 500
"""Mistakes of form told of one document; a document with more of them is hardly an OpenAPI document."""

_META: Final = "https://json-schema.org/draft/2020-12/schema"
_SCHEMAS: Final = {"3.0": schema_v30, "3.1": schema_v31, "3.2": schema_v32}
_Error = jsonschema_rs.ValidationError


def check_structure(version: Version, root: Mapping[str, object], tell: Tell) -> None:
    """Tell every place where the document breaks its version's form."""
    errors = _validator(version).iter_errors(root)
    for error in islice(errors, MOST_MISTAKES):
        _tell_causes(error, root, tell)
    if next(iter(errors), None) is not None:
        tell((), f"has more than {MOST_MISTAKES} mistakes of form")


def check_schema(version: Version, path: JsonPath, value: object, tell: Tell) -> None:
    """Tell every mistake of form in a Schema Object that stands where the official schema does not look for one."""
    for error in islice(_schema_validator(version).iter_errors(value), MOST_MISTAKES):
        _tell_causes(error, value, lambda below, message: tell((*path, *below), message))


@lru_cache(maxsize=3)
def _validator(version: Version) -> jsonschema_rs.Validator:
    schema = dict(_SCHEMAS[version])
    if version == "3.0":
        return jsonschema_rs.Draft4Validator(schema, offline=True)
    return _bound(schema, schema["$id"])


@lru_cache(maxsize=3)
def _schema_validator(version: Version) -> jsonschema_rs.Validator:
    schema = dict(_SCHEMAS[version])
    if version == "3.0":
        oneof = [{"$ref": "#/definitions/Schema"}, {"$ref": "#/definitions/Reference"}]
        return jsonschema_rs.Draft4Validator(
            {"definitions": schema["definitions"], "oneOf": oneof}, offline=True
        )
    return _bound(schema, _META)


def _bound(schema: dict[str, object], reference: object) -> jsonschema_rs.Validator:
    registry = jsonschema_rs.Registry([(str(schema["$id"]), schema)], draft=jsonschema_rs.Draft202012)
    whole = {
        "$id": "urn:stolon:contract",
        "$schema": _META,
        "$ref": reference,
        "$defs": {"schema": {"$dynamicAnchor": "meta", "$ref": _META}},
    }
    return jsonschema_rs.Draft202012Validator(whole, registry=registry, offline=True)


def _tell_causes(error: _Error, root: object, tell: Tell) -> None:
    for cause in _causes(error):
        path = _real_path(cause.instance_path, root)
        tell(path, _message(cause))


def _causes(error: _Error) -> Iterator[_Error]:
    """What made a value fail, said of the alternative that it was most likely meant to be: the one that
    failed deepest."""
    pending = [error]
    while pending:
        one = pending.pop()
        branches = _meant(one)
        if branches is None:
            yield one
        else:
            pending.extend(branches)


def _meant(error: _Error) -> list[_Error] | None:
    kind = error.kind
    if not isinstance(
        kind, (jsonschema_rs.ValidationErrorKind.AnyOf, jsonschema_rs.ValidationErrorKind.OneOfNotValid)
    ):
        return None
    here = len(error.instance_path)
    # A choice by `in`, `type` and the like fails in each branch at one place: the choice itself is then the
    # clearer thing to say.
    branches = [branch for branch in kind.context if branch and not _other_choice(branch)]
    deeper = [branch for branch in branches if max(len(one.instance_path) for one in branch) > here]
    if deeper:
        return max(deeper, key=lambda branch: max(len(one.instance_path) for one in branch))
    said = {tuple(one.message for one in branch) for branch in branches}
    return branches[0] if len(said) == 1 else None


def _other_choice(branch: list[_Error]) -> bool:
    """Whether a branch was never meant: a Reference for what has no `$ref`, or a parameter of another location."""
    for one in branch:
        kind = one.kind
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required) and kind.property == "$ref":
            return True
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.Enum) and one.instance_path[-1:] == ["in"]:
            return True
    return False


def _real_path(steps: list[str | int], root: object) -> JsonPath:
    # The library gives every step that looks like a number as an int, `200` among response codes too.
    path: list[str | int] = []
    value = root
    for step in steps:
        if isinstance(value, dict):
            path.append(str(step))
            value = value.get(str(step))
        else:
            path.append(step)
            value = (
                value[step]
                if isinstance(value, list) and isinstance(step, int) and step < len(value)
                else None
            )
    return tuple(path)


def _message(error: _Error) -> str:
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        return f"lacks {kind.property!r}"
    if isinstance(
        kind,
        (
            jsonschema_rs.ValidationErrorKind.AdditionalProperties,
            jsonschema_rs.ValidationErrorKind.UnevaluatedProperties,
        ),
    ):
        return "has unknown keys: " + ", ".join(repr(name) for name in sorted(kind.unexpected)[:10])
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.PropertyNames):
        return f"has a key of the wrong form: {_found(kind.error.instance)}"
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Type):
        return f"is {_found(error.instance)} where {' or '.join(sorted(kind.types))} is expected"
    if isinstance(error.instance, (dict, list)):
        return f"is not of the form that OpenAPI asks for here (`{kind.name}`)"
    return error.message if len(error.message) <= 300 else error.message[:300] + "…"


def _found(value: object) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, str):
        return repr(value if len(value) <= 100 else value[:100] + "…")
    return "null" if value is None else str(value).lower()
