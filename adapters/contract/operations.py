"""Paths as the model's operations: parameters, JSON bodies and answers, with every reference followed.

An operation that Stolon cannot call is kept with the reason, since a big contract is not wrong for one upload
in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from adapters.contract.contract import Answer, Body, Operation, Use
from adapters.contract.parameters import ParameterReader, ReadParameters
from adapters.contract.references import References
from adapters.contract.schema_parts import Node
from adapters.contract.schemas import SchemaTable
from adapters.json_path import JsonPath, Tell, json_path, pointer
from adapters.media_types import JSON, first_json, is_range
from adapters.mistake import nearest

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_NAME: Final = re.compile(r"\{([^{}/]*)\}")


class OperationReader:
    """Reads the operations of one document. `old` is true for OpenAPI 3.0."""

    def __init__(
        self,
        contract: str,
        references: References,
        table: SchemaTable,
        parameters: ParameterReader,
        tell: Tell,
        *,
        old: bool,
    ) -> None:
        self._contract = contract
        self._references = references
        self._table = table
        self._parameters = parameters
        self._tell = tell
        self._old = old
        self._places: dict[str, JsonPath] = {}

    def read(self, paths: object) -> dict[str, Operation]:
        """The operations under `paths`, by id, in document order."""
        found: dict[str, Operation] = {}
        for template, item in paths.items() if isinstance(paths, dict) else ():
            if template.startswith("x-"):
                continue
            for method, path, node, lists in self._methods(("paths", template), item):
                operation = self._operation(template, method, path, node, lists)
                found.setdefault(operation.id, operation)
        return found

    def _methods(
        self, path: JsonPath, item: object
    ) -> Iterator[tuple[str, JsonPath, Node, list[tuple[JsonPath, object]]]]:
        """Each operation of a path item: method, place, object, and the lists of parameters that hold for it.

        A path item that is a reference adds to what stands beside it; what stands beside it wins.
        """
        items = [(path, item)]
        followed = self._references.follow(path, item)
        if followed is not None and followed[0] != path:
            items.append(followed)
        lists = [
            ((*at, "parameters"), node.get("parameters"))
            for at, node in reversed(items)
            if isinstance(node, dict)
        ]
        seen: set[str] = set()
        for at, node in items:
            if not isinstance(node, dict):
                continue
            named = [(method.upper(), (*at, method), node[method]) for method in METHODS if method in node]
            more = node.get("additionalOperations")
            named += [
                (method, (*at, "additionalOperations", method), one)
                for method, one in (more.items() if isinstance(more, dict) else ())
            ]
            for method, place, one in named:
                if isinstance(one, dict) and method not in seen:
                    seen.add(method)
                    yield method, place, one, [*lists, ((*place, "parameters"), one.get("parameters"))]

    def _operation(
        self, template: str, method: str, path: JsonPath, node: Node, lists: list[tuple[JsonPath, object]]
    ) -> Operation:
        read = self._parameters.read(lists)
        self._check_template(template, path, read)
        body, unusable = self._body((*path, "requestBody"), node.get("requestBody"))
        stated = node.get("operationId")
        id_ = stated if isinstance(stated, str) else f"{method} {template}"
        self._check_id(id_, (*path, "operationId") if isinstance(stated, str) else path)
        return Operation(
            contract=self._contract,
            id=id_,
            method=method,
            path=template,
            parameters=read.parameters,
            body=body,
            answers=tuple(self._answers((*path, "responses"), node.get("responses"))),
            pointer=pointer(path),
            summary=_text(node, "summary"),
            description=_text(node, "description"),
            deprecated=node.get("deprecated") is True,
            unusable="; ".join(reason for reason in (read.unusable, unusable) if reason) or None,
        )

    def _check_id(self, id_: str, place: JsonPath) -> None:
        first = self._places.setdefault(id_, place)
        if first != place:
            self._tell(place, f"{id_!r} is already the id of the operation at {json_path(first)}")

    def _check_template(self, template: str, path: JsonPath, read: ReadParameters) -> None:
        names = _NAME.findall(template)
        if any(mark in _NAME.sub("", template) for mark in "{}?#"):
            self._tell(path[:2], "a path template holds names in `{}`, and no query or fragment")
        stated = {
            one.name: place
            for one, place in zip(read.parameters, read.places, strict=True)
            if one.location == "path"
        }
        for name in dict.fromkeys(names):
            if names.count(name) > 1:
                self._tell(path[:2], f"the path names {name!r} twice")
            if name not in stated:
                self._tell(
                    (*path, "parameters"),
                    f"the path parameter {name!r} is not described{nearest(name, stated)}",
                )
        for name, place in stated.items():
            if name not in names:
                self._tell(
                    (*place, "name"), f"{template} has no path parameter {name!r}{nearest(name, names)}"
                )

    def _body(self, path: JsonPath, item: object) -> tuple[Body | None, str | None]:
        followed = self._references.follow_object(path, item)
        if followed is None:
            return None, None
        at, node = followed
        required = node.get("required") is True
        content = node.get("content")
        if not isinstance(content, dict) or self._references.wrong_section(at, "requestBodies"):
            if at != path:
                self._tell((*path, "$ref"), f"refers to {json_path(at)}, which is no request body")
            return None, None
        media_type = first_json(content)
        if media_type is None:
            takes = " or ".join(list(content)[:3]) or "nothing"
            return None, f"its body is {takes}, not JSON" if required else None
        # A range is nothing that a request can be labelled with.
        label = JSON if is_range(media_type) else media_type
        return Body(self._media_use(at, content, media_type), required, label, pointer(at)), None

    def _answers(self, path: JsonPath, responses: object) -> Iterator[Answer]:
        for status, item in responses.items() if isinstance(responses, dict) else ():
            if status.startswith("x-"):
                continue
            followed = self._references.follow_object((*path, status), item)
            if followed is None:
                continue
            at, node = followed
            if self._references.wrong_section(at, "responses"):
                self._tell((*path, status, "$ref"), f"refers to {json_path(at)}, which is no response")
                continue
            description = _text(node, "description")
            if not self._old and isinstance(item, dict):
                description = _text(item, "description") or description
            content = node.get("content")
            content = content if isinstance(content, dict) else {}
            media_type = first_json(content)
            headers = node.get("headers")
            yield Answer(
                status=status,
                use=None if media_type is None else self._media_use(at, content, media_type),
                media_type=next(iter(content), None) if media_type is None else media_type,
                headers=frozenset(name.lower() for name in headers)
                if isinstance(headers, dict)
                else frozenset(),
                description=description,
                pointer=pointer(at),
            )

    def _media_use(self, at: JsonPath, content: Mapping[str, object], media_type: str) -> Use:
        path = (*at, "content", media_type)
        followed = self._references.follow_object(path, content[media_type])
        if followed is not None and "schema" in followed[1]:
            return self._table.use((*followed[0], "schema"), followed[1]["schema"])
        return self._table.free((*path, "schema"))


def _text(node: Node, key: str) -> str | None:
    value = node.get(key)
    return value if isinstance(value, str) else None
