"""What nobody binds: arguments of the field, headers that the gateway itself supplies, or a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.unset import UNSET

from adapters.constraints import Constraints
from adapters.contract import Body, Contract, Kind, Parameter, Use
from graph.call_site import Site
from graph.naming import pascal, snake, stated_name
from graph.type_factory import DEPRECATED, TypeFactory, input_properties
from resolvers.paging import LINK_PARAMETERS, ByLink, Paging
from resolvers.source import Argument, Binding, Header, Key, Target

# Headers that belong to the gateway's own work with the service: caching, tracing. Nobody's arguments.
_GATEWAY_HEADERS: Final = frozenset(
    {
        "if-none-match",
        "if-modified-since",
        "range",
        "if-range",
        "traceparent",
        "tracestate",
        "baggage",
        "x-request-id",
    }
)


@dataclass(slots=True)
class ArgumentBinder:
    """Binds what is left of a call. `passed_on` are the headers that the project passes on, in lower case."""

    types: TypeFactory
    passed_on: frozenset[str]
    _constraints: dict[tuple[str, Use, frozenset[str]], Constraints] = field(default_factory=dict)

    def bind_rest(
        self, site: Site, bindings: list[Binding], paging: Paging | None
    ) -> list[StrawberryArgument]:
        """The arguments of the call's field; their bindings, and those of headers and keys, are added to
        `bindings`.
        """
        taken = {one.target.parameter for one in bindings if one.target.parameter is not None}
        taken |= set() if paging is None else set(_paging_parameters(site, paging))
        keyed = site.ask.role in ("one", "many")
        arguments: list[StrawberryArgument] = []
        missing: list[str] = []
        for parameter in site.operation.parameters:
            lowered = parameter.name.lower() if parameter.location == "header" else ""
            if parameter in taken or lowered in _GATEWAY_HEADERS:
                continue
            if lowered in self.passed_on:
                bindings.append(Binding(Target(parameter, None, parameter.use), Header(lowered)))
            elif not keyed:
                arguments.append(self._argument(site, parameter, bindings))
            elif parameter.required and not _takes_key(site, parameter, bindings):
                missing.append(parameter.name)
        if site.operation.body is not None:
            if keyed:
                missing += _missing_of_body(site, site.operation.body, bindings)
            else:
                arguments += self._body_arguments(site, site.operation.body, bindings)
        if missing:
            site.wrong(f"nobody binds {', '.join(map(repr, missing))} of {site.operation.id!r}")
        _check_twins(site, arguments)
        return arguments

    def constraints(self, contract: Contract, use: Use, without: frozenset[str] = frozenset()) -> Constraints:
        """The checks of an input, made once."""
        key = (contract.name, use, without)
        found = self._constraints.get(key)
        if found is None:
            found = self._constraints[key] = Constraints(contract, use, without)
        return found

    def _argument(self, site: Site, parameter: Parameter, bindings: list[Binding]) -> StrawberryArgument:
        name, use = snake(parameter.name), parameter.use
        optional = not parameter.required
        if parameter.name in site.ask.ids:
            annotation: Any = strawberry.ID | None if optional else strawberry.ID
            default: Any = UNSET
        else:
            named = pascal(site.ask.named) + pascal(parameter.name)
            annotation = self.types.input(site.contract, use, named, nullable=optional)
            default = self.types.default(site.contract, use, named)
        checks = self.constraints(site.contract, use)
        bindings.append(Binding(Target(parameter, None, use, checks), Argument(name)))
        return _made(name, annotation, use, default, optional)

    def _body_arguments(
        self, site: Site, body: Body, bindings: list[Binding]
    ) -> Iterator[StrawberryArgument]:
        schema = site.contract.schema(body.use)
        bound = [one.target.body for one in bindings if one.target.body is not None]
        top = frozenset(path[0] for path in bound if path)
        if bound and not input_properties(schema, top):
            return
        base = schema.name if schema.name and not top else site.operation.id
        annotation = self.types.input(site.contract, body.use, pascal(base), not body.required, top)
        to = Target(None, (), body.use, self.constraints(site.contract, body.use, top))
        # First, so that what the declaration binds is placed into the client's body, and wins.
        bindings.insert(0, Binding(to, Argument("input")))
        yield _made("input", annotation, body.use, UNSET, not body.required)


def _takes_key(site: Site, parameter: Parameter, bindings: list[Binding]) -> bool:
    """What a `one` needs can only be its key: told by name, or because there is one part only."""
    if site.ask.role != "one":
        return False
    key = site.ask.key
    given = {one.supplier.part for one in bindings if isinstance(one.supplier, Key)}
    free = [place for place in range(len(key)) if place not in given]
    by_name = [place for place in free if snake(parameter.name) == snake(key[place])]
    chosen = by_name or (free if len(key) == 1 else [])
    if chosen:
        bindings.append(Binding(Target(parameter, None, parameter.use), Key(chosen[0])))
    return bool(chosen)


def _missing_of_body(site: Site, body: Body, bindings: list[Binding]) -> list[str]:
    schema = site.contract.schema(body.use)
    bound = [one.target.body for one in bindings if one.target.body is not None]
    top = frozenset(path[0] for path in bound if path)
    if schema.kind is not Kind.OBJECT:
        return ["the body"] if body.required and not bound else []
    return [one.name for one in input_properties(schema, top) if one.required and (body.required or bound)]


def _check_twins(site: Site, arguments: list[StrawberryArgument]) -> None:
    names = [one.python_name for one in arguments]
    for name in sorted({name for name in names if names.count(name) > 1}):
        site.wrong(f"two parameters become the argument {name!r}: bind one of them, as 'query:{name}'")


def _paging_parameters(site: Site, paging: Paging) -> Iterator[Parameter]:
    if isinstance(paging, ByLink):
        # The next URL sets these: whoever could set them too would hold the list at one page.
        yield from (
            one
            for one in site.operation.parameters
            if one.location == "query" and one.name in LINK_PARAMETERS
        )
    for name in ("page", "size", "offset", "cursor"):
        parameter = getattr(paging, name, None)
        if isinstance(parameter, Parameter):
            yield parameter


def _made(name: str, annotation: Any, use: Use, default: Any, optional: bool) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=name,
        graphql_name=stated_name(name),
        type_annotation=StrawberryAnnotation(annotation),
        description=use.description,
        default=default,
        # GraphQL lets nobody deprecate what must be given.
        deprecation_reason=DEPRECATED if use.deprecated and (optional or default is not UNSET) else None,
    )
