"""What nobody binds: arguments of the field, headers that the gateway itself supplies, or a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.schema.name_converter import NameConverter
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.unset import UNSET

from adapters.contract.constraints import Constraints
from adapters.contract.contract import Body, Contract, Kind, Parameter, Use
from graph.binding.call_site import Site
from graph.paging.connection_arguments import CONNECTION_ARGUMENTS
from graph.types.naming import distinct, graphql_name, pascal, snake, stated_name
from graph.types.type_factory import DEPRECATED, TypeFactory, input_properties
from resolvers.paging.paging import LINK_PARAMETERS, ByLink, Paging
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
    converter: NameConverter
    _constraints: dict[tuple[str, Use, frozenset[str]], Constraints] = field(default_factory=dict)

    def bind_rest(
        self, site: Site, bindings: list[Binding], paging: Paging | None, given: Parameter | None = None
    ) -> list[StrawberryArgument]:
        """The arguments of the call's field; their bindings, and those of headers and keys, are added to
        `bindings`. `given` is what each request gives by itself: no argument.
        """
        taken = {one.target.parameter for one in bindings if one.target.parameter is not None}
        taken |= set() if given is None else {given}
        taken |= set() if paging is None else set(_paging_parameters(site, paging))
        keyed = site.ask.role in ("one", "many")
        names = _reserved(site)
        arguments: list[StrawberryArgument] = []
        unbound: list[Parameter] = []
        for parameter in site.operation.parameters:
            lowered = parameter.name.lower() if parameter.location == "header" else ""
            if parameter in taken or lowered in _GATEWAY_HEADERS:
                continue
            if lowered in self.passed_on:
                bindings.append(Binding(Target(parameter, None, parameter.use), Header(lowered)))
            elif not keyed:
                arguments.append(self._argument(site, parameter, bindings, names))
            elif parameter.required:
                unbound.append(parameter)
        missing = _take_keys(site, unbound, bindings)
        if site.operation.body is not None:
            if keyed:
                missing += _missing_of_body(site, site.operation.body, bindings)
            else:
                arguments += self._body_arguments(site, site.operation.body, bindings)
        if missing:
            site.wrong(f"nobody binds {', '.join(map(repr, missing))} of {site.operation.id!r}")
        return arguments

    def constraints(self, contract: Contract, use: Use, without: frozenset[str] = frozenset()) -> Constraints:
        """The checks of an input, made once."""
        key = (contract.name, use, without)
        found = self._constraints.get(key)
        if found is None:
            found = self._constraints[key] = Constraints(contract, use, without)
        return found

    def _argument(
        self, site: Site, parameter: Parameter, bindings: list[Binding], names: set[str]
    ) -> StrawberryArgument:
        name = distinct(snake(parameter.name), names, {graphql_name(one) for one in names})
        names.add(name)
        use = parameter.use
        optional = not parameter.required
        if parameter.name in site.ask.ids:
            annotation: Any = strawberry.ID | None if optional else strawberry.ID
            default: Any = UNSET
        else:
            named = pascal(site.ask.named) + pascal(parameter.name)
            annotation = self.types.input(site.contract, use, named, nullable=optional)
            default = self.types.default(site.contract, use, named)
        checks = self.constraints(site.contract, use)
        made = _made(name, annotation, use, default, optional)
        shown = self.converter.from_argument(made)
        bindings.append(Binding(Target(parameter, None, use, checks), Argument(name, shown)))
        return made

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


def _reserved(site: Site) -> set[str]:
    """The names that parameters can't have: two arguments of one name are told apart by `_2`, `_3`."""
    names = set(CONNECTION_ARGUMENTS) if site.ask.role == "connection" else set()
    return names | ({"input"} if site.operation.body is not None else set())


def _take_keys(site: Site, unbound: list[Parameter], bindings: list[Binding]) -> list[str]:
    """Let what a `one` needs be its key: told by name, or because one part and one parameter are left. The
    names of what is left then.
    """
    key = site.ask.key
    given = {one.supplier.part for one in bindings if isinstance(one.supplier, Key)}
    free = [place for place in range(len(key)) if place not in given and site.ask.role == "one"]
    left: list[Parameter] = []
    for parameter in unbound:
        named = [place for place in free if snake(parameter.name) == snake(key[place])]
        if named:
            free.remove(named[0])
            bindings.append(Binding(Target(parameter, None, parameter.use), Key(named[0])))
        else:
            left.append(parameter)
    if len(free) == len(left) == len(key) == 1:
        bindings.append(Binding(Target(left[0], None, left[0].use), Key(free[0])))
        return []
    return [parameter.name for parameter in left]


def _missing_of_body(site: Site, body: Body, bindings: list[Binding]) -> list[str]:
    schema = site.contract.schema(body.use)
    bound = [one.target.body for one in bindings if one.target.body is not None]
    top = frozenset(path[0] for path in bound if path)
    if schema.kind is not Kind.OBJECT:
        return ["the body"] if body.required and not bound else []
    return [one.name for one in input_properties(schema, top) if one.required and (body.required or bound)]


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
