"""Where a bound value goes: a label of `op(...)` is a parameter's name, or the path of a body's property."""

from __future__ import annotations

from adapters.contract.contract import Contract, Operation, Use
from adapters.mistake import nearest
from graph.binding.call_site import Site
from graph.types.naming import attribute_names, snake
from resolvers.source import Target

_PLACES = ("path", "query", "header", "body")


def find_target(site: Site, label: str) -> Target | None:
    """The one target of a label; None with a mistake noted where there is none, or more than one."""
    place, _, rest = label.partition(":")
    place, plain = (place, rest) if rest and place in _PLACES else ("", label)
    found = [*_parameters(site.operation, place, plain), *_body(site.contract, site.operation, place, plain)]
    # A name as the contract spells it goes before one that only becomes it in Python.
    exact = [one for one in found if one.parameter is not None and one.parameter.name == plain]
    if len(exact) == 1 and all(one.parameter is not None for one in found):
        return exact[0]
    if len(found) == 1:
        return found[0]
    if found:
        places = " or ".join(
            repr(f"{one.parameter.location if one.parameter else 'body'}:{plain}") for one in found
        )
        site.wrong(f"{label!r} stands in several places of {site.operation.id!r}: write {places}")
        return None
    known = _known_names(site.contract, site.operation)
    has = ", ".join(known) or "nothing"
    site.wrong(f"operation {site.operation.id!r} has no {label!r} (it has {has}){nearest(plain, known)}")
    return None


def _parameters(operation: Operation, place: str, name: str) -> list[Target]:
    return [
        Target(one, None, one.use)
        for one in operation.parameters
        if place in ("", one.location) and name in (one.name, snake(one.name))
    ]


def _body(contract: Contract, operation: Operation, place: str, label: str) -> list[Target]:
    if operation.body is None or place not in ("", "body"):
        return []
    use: Use = operation.body.use
    path: list[str] = []
    for step in label.split("."):
        schema = contract.schema(use)
        names = attribute_names(one.name for one in schema.properties)
        found = schema.property(step) or schema.property(names.get(step, ""))
        if found is None:
            return []
        path.append(found.name)
        use = found.use
    return [Target(None, tuple(path), use)]


def _known_names(contract: Contract, operation: Operation) -> list[str]:
    known = [one.name for one in operation.parameters]
    if operation.body is not None:
        known += [one.name for one in contract.schema(operation.body.use).properties]
    return known
