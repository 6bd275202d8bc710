"""Reading objects of several schemas: the text of one property says which, and the object is a record of that
schema's class.

The class is what tells the GraphQL type of a record, at once and without reading more of it: `graph/types/unions.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from resolvers.fault import Violation, violation_at
from resolvers.reading.leaf import found_type
from resolvers.reading.record import Record
from resolvers.reading.where import Where

MOST_NAMED: Final = 20
"""Schemas that an error names."""


class VariantReader:
    """Reads objects of one of several schemas. `readers` are those of the schemas, by the texts of the property
    `discriminator` that lead to them; `names` are the schemas', for errors.
    """

    __slots__ = ("_expected", "_readers", "discriminator")

    def __init__(
        self,
        discriminator: str,
        readers: Mapping[str, Callable[[object, Where], Record]],
        names: Iterable[str],
    ) -> None:
        listed = list(names)
        more = ", …" if len(listed) > MOST_NAMED else ""
        self.discriminator = discriminator
        self._readers = readers
        self._expected = f"the text for one of {', '.join(listed[:MOST_NAMED])}{more}"

    def __call__(self, value: object, where: Where) -> Record:
        """A record of the schema that the discriminator names. Raises Violation: at the value where it is no
        object, else at the discriminator.
        """
        if type(value) is not dict:
            raise Violation(violation_at(where, "object", found_type(value)))
        told = value.get(self.discriminator, _ABSENT)
        read = self._readers.get(told) if type(told) is str else None
        if read is None:
            raise Violation(violation_at((where, self.discriminator), self._expected, _found(told)))
        return read(value, where)


_ABSENT = object()


def _found(told: object) -> str:
    if told is _ABSENT:
        return "nothing"
    return "another text" if isinstance(told, str) else found_type(told)
