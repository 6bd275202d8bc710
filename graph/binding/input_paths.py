"""From what a service complains about back to the GraphQL argument that supplied it: paths in clients' own
names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from strawberry.schema.name_converter import NameConverter
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryList, StrawberryOptional, get_object_definition

from adapters.problem import FieldProblem
from graph.binding.arguments import INPUT_NAMES
from resolvers.source import Argument, Binding, Locate

Step = str | int


@dataclass(frozen=True, slots=True)
class InputPaths:
    """The arguments of one call. Called with a field problem, it gives the path below the field's arguments."""

    parameters: dict[tuple[str, str], StrawberryArgument]
    body: StrawberryArgument | None
    converter: NameConverter

    @staticmethod
    def of(
        bindings: Sequence[Binding], arguments: Sequence[StrawberryArgument], converter: NameConverter
    ) -> Locate:
        """The paths of a call's arguments."""
        by_name = {one.python_name: one for one in arguments}
        parameters: dict[tuple[str, str], StrawberryArgument] = {}
        body: StrawberryArgument | None = None
        for binding in bindings:
            if not isinstance(binding.supplier, Argument):
                continue
            argument = by_name[binding.supplier.name]
            parameter = binding.target.parameter
            if parameter is None:
                body = argument
            else:
                parameters[parameter.location, parameter.name.lower()] = argument
        return InputPaths(parameters, body, converter)

    def __call__(self, problem: FieldProblem) -> tuple[Step, ...] | None:
        """The path of the argument; None where the client supplied nothing of the kind."""
        if problem.location in (None, "path", "query", "header") and problem.name is not None:
            for (location, name), argument in self.parameters.items():
                if problem.location in (None, location) and name == problem.name.lower():
                    below = problem.pointer if problem.location is not None and problem.pointer else ()
                    within = inside(argument.type, below, self.converter)
                    return (self.converter.from_argument(argument), *(within or ()))
        if problem.location in (None, "body") and self.body is not None:
            pointer = problem.pointer
            if pointer is None and problem.name is not None:
                pointer = (problem.name,)
            if pointer is not None:
                below_body = inside(self.body.type, pointer, self.converter)
                return None if below_body is None else (self.converter.from_argument(self.body), *below_body)
        return None


def inside(type_: Any, pointer: tuple[Step, ...], converter: NameConverter) -> tuple[Step, ...] | None:
    """A pointer in upstream names as a path in the names of an input type; None where it leads to nothing of
    it.
    """
    if not pointer:
        return ()
    while isinstance(type_, StrawberryOptional):
        type_ = type_.of_type
    step, rest = pointer[0], pointer[1:]
    if isinstance(type_, StrawberryList):
        if not isinstance(step, int):
            return None
        below = inside(type_.of_type, rest, converter)
        return None if below is None else (step, *below)
    definition = get_object_definition(type_)
    names: dict[str, str] | None = getattr(type_, INPUT_NAMES, None)
    if definition is None or names is None:
        # Free-form JSON, or a leaf: what lies below is in the upstream's own names.
        return pointer
    for one in definition.fields:
        if names.get(one.python_name) == step:
            below = inside(one.type, rest, converter)
            return None if below is None else (converter.from_field(one), *below)
    return None
