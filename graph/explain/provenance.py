"""Where the values of a step come from: which operations serve it, what each of their parameters is bound to,
how it batches, and who may see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from graph.declaring.access import AccessExtension
from graph.declaring.declare import OPEN, Access
from graph.declaring.fields import BoundField
from resolvers.paging.paging import ByCursor, ByOffset, ByPage
from resolvers.plan.meaning import Call, Meaning
from resolvers.plan.needs import operations_of as _operations_of
from resolvers.plan.plan import Field
from resolvers.plan.price import Bounds, bounds_of
from resolvers.plan.price import batch_of as _batch_of
from resolvers.source import (
    Argument,
    Binding,
    BoundOperation,
    Claim,
    Constant,
    Each,
    Fetch,
    Grouped,
    Header,
    Key,
    Keys,
    Lookup,
    Pages,
    Source,
    Supplier,
    This,
)

Kind = Literal["fetch", "list", "lookup", "group", "pages", "change", "resolver"]

_BACK: Final = "strawberry-definition"


def kind_of(meaning: Meaning) -> Kind:
    """What kind of step serves a field."""
    if not isinstance(meaning, Call):
        return "resolver"
    match meaning.source:
        case Lookup():
            return "lookup"
        case Grouped():
            return "group"
        case Pages():
            return "pages"
        case Fetch(call) if not call.safe:
            return "change"
        case Fetch():
            return "list" if meaning.source.whole else "fetch"


def operations_of(meaning: Meaning) -> list[dict[str, str]]:
    """The operations that may be called; of a lookup the one by many keys first."""
    return [
        {
            "service": one.service,
            "operation": one.operation.id,
            "method": one.operation.method,
            "path": one.operation.path,
        }
        for one in _calls(meaning)
    ]


def parameters_of(meaning: Meaning) -> list[dict[str, str]]:
    """What the parameters are bound to, operation by operation; a name that two of them have alike stands once."""
    if not isinstance(meaning, Call):
        return []
    source = meaning.source
    found = [
        {
            "name": binding.target.parameter.name if binding.target.parameter else _body(binding),
            "in": binding.target.parameter.location if binding.target.parameter else "body",
            "from": _from(binding.supplier, source),
        }
        for call in _calls(meaning)
        for binding in call.bindings
    ]
    if not isinstance(source, Lookup):
        found += [{"name": name, "in": "query", "from": "paging"} for name in _paging(source.call)]
    return [one for at, one in enumerate(found) if one not in found[:at]]


def batch_of(meaning: Meaning, services: Mapping[str, Bounds]) -> dict[str, Any] | None:
    """By what a step batches, and how many go into one call."""
    source = meaning.source if isinstance(meaning, Call) else None
    if isinstance(source, Grouped):
        return {"by": "parent", "most": _batch_of(source.call, bounds_of(source.call, services))}
    many = source.entity.many if isinstance(source, Lookup) else None
    return None if many is None else {"by": "key", "most": _batch_of(many, bounds_of(many, services))}


def pick_of(meaning: Meaning) -> str | None:
    """Where in the answer the value lies; None where it is the answer."""
    for call in _calls(meaning):
        path = call.pick or (call.paging.items if call.paging is not None else ())
        return ".".join(path) or None
    return None


def access_of(one: Field) -> Access:
    """Who may see a field, as far as Stolon decides it: a project's own permissions are its own."""
    if isinstance(one.meaning, Call):
        return one.meaning.access if isinstance(one.meaning.access, Access) else OPEN
    declared = one.definition.extensions.get(_BACK)
    found = declared.access if isinstance(declared, BoundField) else OPEN
    for extension in getattr(declared, "extensions", None) or ():
        if isinstance(extension, AccessExtension):
            found = found | extension.access
    return found


def _calls(meaning: Meaning) -> tuple[BoundOperation, ...]:
    return _operations_of(meaning.source) if isinstance(meaning, Call) else ()


def _body(binding: Binding) -> str:
    return ".".join(binding.target.body or ("body",))


def _from(supplier: Supplier, source: Source) -> str:
    match supplier:
        case Argument(name, shown):
            return f"argument {shown or name}"
        case This(path):
            return f"parent's {'.'.join(path)}"
        case Each(path):
            return f"each parent's {'.'.join(path)}"
        case Key(part):
            return f"the key: {_keys(source, (part,), each=False)}"
        case Keys(part):
            parts = tuple(range(len(_key(source)))) if part is None else (part,)
            return f"the keys: {_keys(source, parts, each=True)}"
        case Claim(name):
            return f"claim {name}"
        case Constant():
            return "constant"
        case Header(name):
            return f"header {name}"


def _keys(source: Source, parts: tuple[int, ...], *, each: bool) -> str:
    """Where the parts of a lookup's key come from: asked for together, they are each parent's."""
    return ", ".join(
        f"each {said}" if each and isinstance(supplier, This) else said
        for supplier, said in ((_key(source)[part], _from(_key(source)[part], source)) for part in parts)
    )


def _key(source: Source) -> tuple[Supplier, ...]:
    assert isinstance(source, Lookup)  # only a lookup's operations take keys
    return source.key


def _paging(call: BoundOperation) -> Iterator[str]:
    paging = call.paging
    match paging:
        case None:
            return
        case ByPage():
            yield paging.page.name
        case ByOffset():
            yield paging.offset.name
        case ByCursor():
            yield paging.cursor.name
        case _:
            pass
    if paging.size is not None:
        yield paging.size.name
