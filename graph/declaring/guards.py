"""Who may see a field: what the field, its type and the type it stands on declare together, and how it is
printed.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy

from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.union import StrawberryUnion

from graph.declaring.access import AccessExtension
from graph.declaring.annotations import Annotated, members, take_apart
from graph.declaring.declare import DECLARATION, OPEN, Access, TypeDeclaration
from graph.declaring.fields import BoundField
from graph.declaring.mistakes import Mistakes
from graph.types.directives import Authenticated, RequiresScopes, SourceDirective, access_directives

NOT_FOR_EVERYONE = "a field that not everyone may see must be nullable: write `… | None`"


def declared_access(cls: object) -> Access:
    """What a bound type asks of callers; of any other class, nothing."""
    declaration: TypeDeclaration | None = getattr(cls, "__dict__", {}).get(DECLARATION)
    return OPEN if declaration is None else declaration.access


def access_of(apart: Annotated | None) -> Access:
    """What the type of a field asks of callers. Of a union, nothing: each member's own fields ask it."""
    if apart is None or isinstance(apart.of, StrawberryUnion):
        return OPEN
    found = OPEN
    for definition in members(apart.of):
        found = found | declared_access(definition.origin)
    return found


def printed(directives: Iterable[object], access: Access, source: SourceDirective | None) -> list[object]:
    """The directives of a field: the project's own, then its provenance and who may see it."""
    own = [one for one in directives if not isinstance(one, (SourceDirective, RequiresScopes, Authenticated))]
    return [*own, *([] if source is None else [source]), *access_directives(access)]


def guard(definition: StrawberryObjectDefinition, one: StrawberryField, mistakes: Mistakes) -> None:
    """Let a field with a resolver of its own decide, before that runs, who may see it and what it leads to."""
    apart = take_apart(one.resolve_type(type_definition=definition))
    stated = access_of(apart)
    access = stated | declared_access(definition.origin)
    if isinstance(one, BoundField):
        stated = stated | one.declaration.access
        one.access = stated | access
        if stated and not apart.nullable:
            mistakes.at(one.declaration.position, f"{definition.name}.{one.python_name}", NOT_FOR_EVERYONE)
        one.directives = printed(one.directives, stated, None)
        return
    own = [extension for extension in one.extensions if not isinstance(extension, AccessExtension)]
    if not access and len(own) == len(one.extensions):
        return
    if one.origin is not definition.origin:
        # A field of a base class, an interface or an extension stands on several types: each decides for itself.
        place = next(at for at, other in enumerate(definition.fields) if other is one)
        one = definition.fields[place] = copy(one)
    one.extensions = [*own, AccessExtension(access)] if access else own
    one.directives = printed(one.directives, stated, None)
