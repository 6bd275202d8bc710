"""Where in an operation's answer the value of a field lies: what `pick` says, or what the contract shows
plainly. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from adapters.contract.contract import Contract, Kind, Operation, Schema, Use
from adapters.mistake import nearest


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a field takes from an answer: an object or a list of objects that `fits`, or anything where `fits`
    is None. `as_list` is how a list of it would be annotated; empty where there is no annotation to change.
    """

    fits: Callable[[Schema], bool] | None
    is_list: bool
    name: str
    as_list: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The path of the value in the answer, and its use. `use` is None where the operation answers without a
    body.
    """

    pick: tuple[str, ...]
    use: Use | None


_ENVELOPE_DEPTH = 2


def find_result(contract: Contract, operation: Operation, pick: str | None, wanted: Wanted) -> Result | str:
    """The result of an operation for a field, or what is wrong, as a sentence."""
    success = operation.success
    if success is None:
        return f"operation {operation.id!r} declares no successful answer"
    if success.use is None:
        if pick is not None:
            return f"the answer of {operation.id!r} has no JSON body to pick {pick!r} from"
        return Result((), None) if wanted.fits is None else f"the answer of {operation.id!r} has no JSON body"
    if pick is not None:
        found_there = _picked(contract, success.use, tuple(pick.split(".")), pick, wanted)
        if isinstance(found_there, str) and _is_list_of(contract, operation, pick, wanted):
            return f"pick={pick!r} is a list of {wanted.name}: annotate `{wanted.as_list} | None`"
        return found_there
    if wanted.fits is None:
        return Result((), success.use)
    if _is_wanted(contract, success.use, wanted):
        return Result((), success.use)
    found = [
        result
        for result in _below(contract, success.use, _ENVELOPE_DEPTH)
        if _is_wanted(contract, result.use, wanted)
    ]
    if found:
        # Of several, the shallowest is the envelope's content; two beside each other must be told apart by
        # `pick`.
        least = min(len(one.pick) for one in found)
        found = [one for one in found if len(one.pick) == least]
    what = f"a list of {wanted.name}" if wanted.is_list else wanted.name
    if len(found) == 1:
        return found[0]
    if found:
        places = ", ".join(repr(".".join(one.pick)) for one in found)
        return f"the answer of {operation.id!r} holds {what} in several places: say pick= one of {places}"
    if _is_list_of(contract, operation, pick, wanted):
        return f"the answer of {operation.id!r} holds a list of {wanted.name}: annotate `{wanted.as_list} | None`"
    holds = _shown(contract, success.use)
    what = what.removeprefix("a ")
    return f"the answer of {operation.id!r} holds no {what}: say where it lies with pick= (it holds {holds})"


def _is_list_of(contract: Contract, operation: Operation, pick: str | None, wanted: Wanted) -> bool:
    """Whether a list of what is wanted lies where one alone was looked for."""
    if wanted.is_list or not wanted.as_list:
        return False
    return isinstance(find_result(contract, operation, pick, replace(wanted, is_list=True)), Result)


def _picked(contract: Contract, use: Use, path: tuple[str, ...], pick: str, wanted: Wanted) -> Result | str:
    here = use
    nullable = use.nullable
    for step in path:
        schema = contract.schema(here)
        found = schema.property(step)
        if found is None:
            known = [one.name for one in schema.properties]
            has = f"has {', '.join(map(repr, known))}" if known else f"is {schema.kind}"
            return f"pick={pick!r}: there is no {step!r} (the answer {has} there){nearest(step, known)}"
        here = found.use
        nullable = nullable or here.nullable or not found.required
    result = Use(here.schema, nullable, here.description, here.deprecated)
    if wanted.fits is not None and not _is_wanted(contract, result, wanted):
        what = f"a list of {wanted.name}" if wanted.is_list else wanted.name
        return f"pick={pick!r} is no {what.removeprefix('a ')}, but {_shown(contract, here)}"
    return Result(path, result)


def _is_wanted(contract: Contract, use: Use | None, wanted: Wanted) -> bool:
    if use is None or wanted.fits is None:
        return use is not None
    schema = contract.schema(use)
    if wanted.is_list:
        return (
            schema.kind is Kind.ARRAY
            and schema.items is not None
            and wanted.fits(contract.schema(schema.items))
        )
    return wanted.fits(schema)


def _below(
    contract: Contract, use: Use, depth: int, path: tuple[str, ...] = (), nullable: bool = False
) -> Iterator[Result]:
    schema = contract.schema(use)
    for one in schema.properties if depth else ():
        absent = nullable or use.nullable or one.use.nullable or not one.required
        here = (*path, one.name)
        yield Result(here, Use(one.use.schema, absent, one.use.description, one.use.deprecated))
        yield from _below(contract, one.use, depth - 1, here, absent)


def _shown(contract: Contract, use: Use) -> str:
    schema = contract.schema(use)
    if schema.properties:
        return "properties " + ", ".join(repr(one.name) for one in schema.properties[:12])
    return f"{schema.kind} {schema.name}" if schema.name else str(schema.kind)


def property_at(contract: Contract, schema: Schema, path: tuple[str, ...]) -> tuple[Use, bool] | str:
    """The use at a path of upstream names below an object schema, and whether it is always there; or what is
    wrong.
    """
    required = True
    here = schema
    use: Use | None = None
    for step in path:
        found = here.property(step)
        if found is None:
            known = [one.name for one in here.properties]
            return f"schema {here.name or here.pointer!r} has no property {step!r}{nearest(step, known)}"
        required = required and found.required and not (use is not None and use.nullable)
        use = found.use
        here = contract.schema(use)
    if use is None:
        return "an empty path"
    return use, required
