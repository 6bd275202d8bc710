"""The bound types of one graph that have a key, and which of them answers show: what kept answers are dropped by.

`graph/binding/bound_types.py` adds each; `graph/binding/bind_changes.py` asks, for the tags of calls
(`resolvers/loading/call_tags.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from adapters.contract.contract import Contract, Kind, Operation, Schema, Use
from graph.binding.operation_paths import lacks_the_key_of, segments
from resolvers.source import BoundOperation


@dataclass(slots=True, eq=False)
class KeyedType:
    """A bound type with a key. `pointer` is its schema's, `kinds` are those of the parts of its key, which `parts`
    names; `one` fetches it by key, where something does.
    """

    name: str
    contract: str
    pointer: str
    parts: tuple[str, ...]
    kinds: tuple[Kind, ...]
    one: BoundOperation | None = None


@dataclass(slots=True)
class KeyedTypes:
    """The bound types with keys, by their GraphQL names, and what is shown as which of them. `failed` are the names
    of those in which something is wrong, of which nothing more is to be said.
    """

    by_name: dict[str, KeyedType] = field(default_factory=dict[str, KeyedType])
    failed: set[str] = field(default_factory=set)
    _at: dict[tuple[str, str], list[str]] = field(default_factory=dict[tuple[str, str], list[str]])
    _shown: dict[tuple[str, str], dict[str, None]] = field(
        default_factory=dict[tuple[str, str], dict[str, None]]
    )

    def add(self, one: KeyedType, variants: Iterable[str] = ()) -> None:
        """One more. `variants` are the pointers of the schemas that extend its own: each of their entities is one of
        this type too, whatever types are bound to them.
        """
        self.by_name[one.name] = one
        for pointer in dict.fromkeys((one.pointer, *variants)):
            self._at.setdefault((one.contract, pointer), []).append(one.name)

    def show(self, contract: str, operation: str, name: str) -> None:
        """What an operation answers is shown as that type, which may be bound to another schema."""
        self._shown.setdefault((contract, operation), {})[name] = None

    def shown(self, contract: Contract, operation: Operation) -> tuple[str, ...]:
        """The keyed types that an answer of the operation can show, wherever in it, and those that it lists by its
        path, whatever it shows of them. All fields that read it share it, so that all that any of them shows counts.
        """
        found = dict.fromkeys(self._as_a_whole(contract, operation))
        success = operation.success
        if success is not None and success.use is not None:
            found.update(dict.fromkeys(self._anywhere(contract, [contract.schema(success.use)])))
        found.update(dict.fromkeys(self._listed(contract, operation)))
        return tuple(found)

    def shown_beside(
        self, contract: Contract, operation: Operation, pick: tuple[str, ...], own: str
    ) -> tuple[str, ...]:
        """The same without the entities at `pick` that are of the type `own` themselves; that type too where there
        may be more of it, as inside them.
        """
        itself = [*self._as_a_whole(contract, operation), *self._listed(contract, operation)]
        beside: list[Schema] = []
        success = operation.success
        if success is not None and success.use is not None:
            entity, beside = _apart(contract, contract.schema(success.use), pick)
            for one in (entity, *_variants(contract, entity)):
                itself += self._at.get((contract.name, one.pointer), ())
                beside += _inside(contract, one)
        found = dict.fromkeys(name for name in itself if name != own)
        found.update(dict.fromkeys(self._anywhere(contract, beside)))
        return tuple(found)

    def answered(self, contract: Contract, operation: Operation) -> tuple[str, ...]:
        """The keyed types that an operation answers with: those that its answer is of, or a list of, or holds without
        another around it.
        """
        found = dict.fromkeys(self._as_a_whole(contract, operation))
        success = operation.success
        if success is not None and success.use is not None:
            for schema in _schemas(contract, [contract.schema(success.use)], self._is_keyed(contract)):
                found.update(dict.fromkeys(self._at.get((contract.name, schema.pointer), ())))
        return tuple(found)

    def _as_a_whole(self, contract: Contract, operation: Operation) -> list[str]:
        shown = self._shown.get((contract.name, operation.id), ())
        return [name for name in shown if name in self.by_name]

    def _listed(self, contract: Contract, operation: Operation) -> list[str]:
        """The types to whose entities' path only the key is missing at the operation's: `/users` lists users, be it
        by other schemas than theirs.
        """
        here = segments(operation.path)
        return [
            one.name
            for one in self.by_name.values()
            if one.one is not None
            and one.contract == contract.name
            and lacks_the_key_of(here, segments(one.one.operation.path))
        ]

    def _anywhere(self, contract: Contract, roots: list[Schema]) -> Iterator[str]:
        for schema in _schemas(contract, roots, None):
            yield from self._at.get((contract.name, schema.pointer), ())

    def _is_keyed(self, contract: Contract) -> frozenset[str]:
        return frozenset(pointer for name, pointer in self._at if name == contract.name)


def _schemas(contract: Contract, roots: list[Schema], ends: frozenset[str] | None) -> Iterator[Schema]:
    """The schemas of whatever values of the roots hold, each once; nothing inside those that `ends` points at."""
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        schema = waiting.pop()
        if schema.pointer in seen:
            continue
        seen.add(schema.pointer)
        yield schema
        waiting.extend(_variants(contract, schema))
        if ends is None or schema.pointer not in ends:
            waiting.extend(_inside(contract, schema))


def _variants(contract: Contract, schema: Schema) -> list[Schema]:
    """What a value of a schema may be of in its place. A base may be one of its own variants."""
    pointers = () if schema.variants is None else schema.variants.schemas
    return [contract.schema(one) for one in pointers if one != schema.pointer]


def _inside(contract: Contract, schema: Schema) -> list[Schema]:
    uses: list[Use] = [one.use for one in schema.properties]
    if schema.items is not None:
        uses.append(schema.items)
    return [contract.schema(one) for one in uses]


def _apart(contract: Contract, answer: Schema, pick: tuple[str, ...]) -> tuple[Schema, list[Schema]]:
    """The schema of the entities at `pick` in an answer, and what stands beside them."""
    beside: list[Schema] = []
    here = answer
    for step in pick:
        following = here.property(step)
        if following is None:  # a path that binding refuses
            break
        beside += [contract.schema(one.use) for one in here.properties if one.name != step]
        here = contract.schema(following.use)
    return here if here.items is None else contract.schema(here.items), beside
