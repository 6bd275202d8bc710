"""Discriminators: which text of which property tells what schema an object is of (Discriminator Object: OpenAPI
3.0, section 4.7.25; 3.1, section 4.8.25).

Two forms are read into `Schema.variants`, when all schemas of the document are known:

- `oneOf` or `anyOf` of component schemas that are objects becomes `Kind.UNION`;
- a component that others extend by `allOf: [$ref …]`, at any depth, stays an object, and has those others as its
  variants. The component itself is one only where `mapping` says so.

A value leads to a schema by `mapping`; besides, a schema's own name leads to it, or, where its property admits
another text alone (`const`), that text.

Left as they were, free-form or an object, are what 3.x allows and no discriminator can tell apart: schemas that
stand inline or are no objects (unions within unions too), a property that is no text or never answered, properties
that the variants lack, and 3.2's `defaultMapping`. Told as mistakes are a discriminator of the wrong form, a
`mapping` that leads to no schema or past the `oneOf`, a schema without the property, a schema of a `oneOf` that no
value leads to (one that extends a base is then just no variant), and two schemas for one value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from adapters.contract.components import Components, component_pointer
from adapters.contract.contract import Kind, Schema, Use, Variants
from adapters.contract.schema_parts import Node, is_null
from adapters.json_path import JsonPath, Tell, pointer
from adapters.mistake import nearest


@dataclass(frozen=True, slots=True)
class _Stated:
    """A Discriminator Object. `mapping` leads from values to the names of components."""

    path: JsonPath
    property: str
    mapping: Mapping[str, str]


class Discriminators:
    """Reads the discriminators of one document. `schemas` are the model's, by pointer."""

    def __init__(self, components: Components, schemas: Mapping[str, Schema], tell: Tell) -> None:
        self._components = components
        self._schemas = schemas
        self._tell = tell

    def read(self, places: Iterable[tuple[JsonPath, Node]]) -> dict[str, Schema]:
        """The schemas that have variants, by pointer; `places` are the schemas with a discriminator of their own."""
        found: dict[str, Schema] = {}
        for path, node in places:
            schema = self._schemas[pointer(path)]
            variants = self._variants(path, node, schema)
            if variants is None:
                continue
            if schema.kind is Kind.ANY and schema.json_type in ("any", "object"):
                found[schema.pointer] = replace(schema, kind=Kind.UNION, variants=variants)
            elif schema.kind is Kind.OBJECT and self._have_all(schema, variants):
                found[schema.pointer] = replace(schema, variants=variants)
        return found

    def _variants(self, path: JsonPath, node: Node, schema: Schema) -> Variants | None:
        stated = self._stated((*path, "discriminator"), node["discriminator"])
        if stated is None:
            return None
        choices = [key for key in ("oneOf", "anyOf") if isinstance(node.get(key), list)]
        if not choices:
            return None if schema.name is None else self._of_base(stated, schema.name)
        listed = self._listed((*path, choices[0]), node[choices[0]]) if len(choices) == 1 else None
        return None if listed is None else self._of_choice(stated, choices[0], listed)

    def _have_all(self, schema: Schema, variants: Variants) -> bool:
        """Whether no property of a schema is lost when its variants are read in its place."""
        names = {one.name for one in schema.properties}
        return all(names <= {one.name for one in self._schemas[at].properties} for at in variants.schemas)

    # --- what the document states

    def _stated(self, path: JsonPath, node: object) -> _Stated | None:
        """The discriminator; None, with its mistakes told, for one of the wrong form. From 3.1 on nobody else
        looks at that: JSON Schema does not know the key.
        """
        if not isinstance(node, dict):
            self._tell(path, "a discriminator is an object with `propertyName`")
            return None
        name, mapping = node.get("propertyName"), node.get("mapping", {})
        if not isinstance(name, str):
            self._tell(path, "a discriminator names its property by the text `propertyName`")
        if not isinstance(mapping, dict):
            self._tell(
                (*path, "mapping"), "a mapping is an object of values and the schemas that they lead to"
            )
            return None
        found = {value: self._mapped((*path, "mapping", value), to) for value, to in mapping.items()}
        known = {value: to for value, to in found.items() if to is not None}
        if not isinstance(name, str) or len(known) < len(found) or "defaultMapping" in node:
            return None
        return _Stated(path, name, known)

    def _mapped(self, path: JsonPath, text: object) -> str | None:
        found = self._components.meant(text) if isinstance(text, str) else None
        if found is None:
            hint = nearest(text.rpartition("/")[2], self._components.nodes) if isinstance(text, str) else ""
            self._tell(path, f"leads to no schema of the components{hint}")
        return found

    def _listed(self, path: JsonPath, members: object) -> list[str] | None:
        """The components that a oneOf lists, each once; None where anything else than null stands among them."""
        assert isinstance(members, list)  # as the caller saw
        found = [
            self._components.at((*path, index), one) for index, one in enumerate(members) if not is_null(one)
        ]
        names = [name for name in found if name is not None]
        return list(dict.fromkeys(names)) if len(names) == len(found) else None

    # --- which schema a value leads to

    def _of_choice(self, stated: _Stated, key: str, listed: list[str]) -> Variants | None:
        strangers = [(value, to) for value, to in stated.mapping.items() if to not in listed]
        for value, to in strangers:
            self._tell((*stated.path, "mapping", value), f"leads to {to!r}, which its {key} does not list")
        if strangers or not self._tells_apart(stated, listed):
            return None
        values, wrong = self._values(stated, dict.fromkeys(listed, frozenset()))
        if not wrong:
            reached = set(values.values())
            wrong = [
                f"no value of {stated.property!r} leads to {name!r}: say in `mapping` which does"
                for name in listed
                if name not in reached
            ]
        return self._made(stated, values, wrong)

    def _of_base(self, stated: _Stated, base: str) -> Variants | None:
        extending = self._components.extending(base)
        only_mapped = dict.fromkeys(stated.mapping.values(), frozenset[str]())
        names = {**extending, **{name: above for name, above in only_mapped.items() if name not in extending}}
        if not self._tells_apart(stated, list(names)):
            return None
        values, wrong = self._values(stated, names)
        return self._made(stated, values, wrong)

    def _made(self, stated: _Stated, values: Mapping[str, str], wrong: list[str]) -> Variants | None:
        for message in wrong:
            self._tell(stated.path, message)
        if wrong or not values:
            return None
        return Variants(
            stated.property, tuple((value, component_pointer(to)) for value, to in values.items())
        )

    def _values(
        self, stated: _Stated, names: Mapping[str, frozenset[str]]
    ) -> tuple[dict[str, str], list[str]]:
        """Every value with the component that it leads to, and what is wrong with them. `names` are the
        components, each with those whose constants it inherits.
        """
        values = dict(stated.mapping)
        mapped = set(values.values())
        wrong: list[str] = []
        for name, above in names.items():
            value = self._implied(name, stated.property)
            if value is None:
                continue
            other = values.setdefault(value, name)
            if other != name and name not in mapped and other not in above:
                both = f"{value!r} leads to {other!r} and to {name!r}"
                wrong.append(f"{both}: say in `mapping` which value leads to which")
        return values, wrong

    def _implied(self, name: str, key: str) -> str | None:
        """The value that leads to a component without a mapping."""
        declared = self._schemas[component_pointer(name)].property(key)
        enum = None if declared is None else self._schemas[declared.use.schema].enum
        if enum is None or name in enum:
            return name
        return only if len(enum) == 1 and isinstance(only := enum[0], str) else None

    def _tells_apart(self, stated: _Stated, names: list[str]) -> bool:
        """Whether all are objects, and the property a text of each that answers show. One that lacks it is told."""
        found = [self._schemas.get(component_pointer(name)) for name in names]
        schemas = [one for one in found if one is not None and one.kind is Kind.OBJECT]
        if len(schemas) < len(names):
            return False
        declared = [one.property(stated.property) for one in schemas]
        for schema, there in zip(schemas, declared, strict=True):
            if there is None:
                hint = nearest(stated.property, [one.name for one in schema.properties])
                message = f"{schema.name!r} has no property {stated.property!r}{hint}"
                self._tell((*stated.path, "propertyName"), message)
        return all(there is not None and self._is_text(there.use) for there in declared)

    def _is_text(self, use: Use) -> bool:
        schema = self._schemas.get(use.schema)
        return not use.write_only and schema is not None and schema.json_type in ("string", "any")
