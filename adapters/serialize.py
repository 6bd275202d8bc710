"""Values become the path, query and headers of one call, as the contract's parameters say (OpenAPI 3.1,
section 4.8.12.4).

`resolvers/call.py` asks for `target` and `headers`; what they return goes into a `Request` as it is, and
`adapters/transport/transport.py` sends it byte for byte. Pure.

The styles are those of RFC 6570 as OpenAPI uses it, percent-encoding is RFC 3986 over UTF-8. Where a style
cannot tell an item from its delimiter, the value is refused and not sent wrong. An empty list or object is
left out, and None always.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

from adapters.contract.contract import Operation, Parameter
from adapters.wire_text import Plain, Unsendable, json_text, plain

_IN_TEMPLATE: Final = re.compile(r"\{([^{}]*)\}")
_PATH_SAFE: Final = "/%:@!$&'()*+,;="  # RFC 3986, section 3.3; the contract's own %XX stay
_QUERY_RESERVED: Final = ":/?@!$'()*"
"""What `allowReserved` leaves as it is: the reserved characters that no reader of a query takes for a
delimiter.
"""

_ENCODED_PERCENT: Final = re.compile("%(?:25)+")
_PIECES: Final = re.compile(r"[/\\]")
_HEADER_TEXT: Final = re.compile(r"[\x20-\x7e]*")
_NOT_PARAMETERS: Final = frozenset(
    {"accept", "content-type", "authorization"}
)  # OpenAPI 3.1, section 4.8.12.1
_FRAMING: Final = frozenset(
    {
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "keep-alive",
        "te",
        "trailer",
        "upgrade",
        "expect",
    }
)


class BadValue(ValueError):
    """A value that the parameter cannot carry. The message says why, and never repeats the value."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


def target(operation: Operation, values: Mapping[Parameter, object]) -> str:
    """The path and query of a call, percent-encoded, starting with `/`.

    Query parameters stand in the contract's order. Raises `BadValue` for a value that cannot be sent: `.`,
    `..` or nothing in a path (also in disguise), a path parameter without a value, a parameter of another
    operation.
    """
    if not values and "{" not in operation.path:
        return _path(operation, values)
    _all_known(operation, values)
    path = _path(operation, values)
    if not operation.in_query:
        return path
    pairs = [
        pair
        for one in operation.in_query
        if values.get(one) is not None
        for pair in _query(operation, one, values[one])
    ]
    return f"{path}?{'&'.join(pairs)}" if pairs else path


def headers(operation: Operation, values: Mapping[Parameter, object]) -> dict[str, str]:
    """The header parameters of a call, names in lower case, as style `simple`, without percent-encoding.

    `accept`, `content-type` and `authorization` are no parameters by OpenAPI's word and are left out. Raises
    `BadValue` for a value with anything but printable ASCII, so that none can add a header, and for a header
    that frames the message.
    """
    _all_known(operation, values)
    sent: dict[str, str] = {}
    if not values:
        return sent
    for one in operation.in_headers:
        name = one.name.lower()
        value = values.get(one)
        if value is None or name in _NOT_PARAMETERS:
            continue
        if name in _FRAMING:
            raise BadValue(one.name, "is a header that only the transport sets")
        text = _header(one, value)
        if text is not None:
            sent[name] = text
    return sent


def _all_known(operation: Operation, values: Mapping[Parameter, object]) -> None:
    for one in values:
        if one not in operation.parameters:
            raise BadValue(one.name, f"is no parameter of {operation.id}")


def _taken_apart(parameter: Parameter, value: object) -> Plain:
    try:
        if parameter.json:
            return json_text(value, ascii_only=parameter.location == "header")
        return plain(value)
    except Unsendable as wrong:
        raise BadValue(parameter.name, str(wrong)) from None


# Paths


def _path(operation: Operation, values: Mapping[Parameter, object]) -> str:
    segments: list[str] = []
    for filled, names in _template(operation.path):
        if not names:
            segments.append(filled)
            continue
        for name, after in names:
            filled += _in_path(operation, name, values) + after
        if filled in ("", ".", ".."):
            raise BadValue(names[0][0], "must not make a path segment empty, `.` or `..`")
        segments.append(filled)
    path = "/".join(segments)
    return path if path.startswith("/") else f"/{path}"


@lru_cache(maxsize=4096)  # as many paths as contracts have
def _template(path: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """The segments of a path: how each begins, then the names of its parameters, each with what follows it; what
    stands fixed is encoded.
    """
    segments: list[tuple[str, tuple[tuple[str, str], ...]]] = []
    for segment in path.split("/"):
        parts = _IN_TEMPLATE.split(segment)
        begins, *after = (quote(one, safe=_PATH_SAFE) for one in parts[::2])
        segments.append((begins, tuple(zip(parts[1::2], after, strict=True))))
    return tuple(segments)


def _in_path(operation: Operation, name: str, values: Mapping[Parameter, object]) -> str:
    parameter = operation.parameter(name, "path")
    value = None if parameter is None else values.get(parameter)
    if parameter is None or value is None:
        raise BadValue(name, "must have a value, since it is part of the path")
    taken = _taken_apart(parameter, value)
    if parameter.style == "simple" and isinstance(taken, str) and taken.isalnum() and taken.isascii():
        return taken  # as most keys are: no dots, and nothing to encode
    for text in _all_texts(taken):
        _no_dots(parameter, text)
    if not taken:
        raise BadValue(name, "must not be empty, since it is part of the path")
    match parameter.style:
        case "label":
            return _label(parameter, taken)
        case "matrix":
            return _matrix(parameter, taken)
        case _:
            return ",".join(_flat(parameter, taken, "=" if parameter.explode else None))


def _all_texts(taken: Plain) -> Iterator[str]:
    if isinstance(taken, str):
        yield taken
    elif isinstance(taken, list):
        yield from taken
    else:
        for name, item in taken.items():
            yield name
            yield from [item] if isinstance(item, str) else item


def _no_dots(parameter: Parameter, text: str) -> None:
    """Refuses what a reader of the path could take for a way up, however often it decodes and whatever it
    splits at.
    """
    decoded = unquote(_ENCODED_PERCENT.sub("%", text), errors="replace")
    if any(piece in (".", "..") for piece in _PIECES.split(decoded)):
        raise BadValue(parameter.name, "must not be or hold `.` or `..` as a part of the path")


def _label(parameter: Parameter, taken: Plain) -> str:
    if parameter.explode and not isinstance(taken, str):
        # The dot is a delimiter here, so a dot inside an item travels encoded, which RFC 3986 allows.
        return "".join("." + item.replace(".", "%2E") for item in _flat(parameter, taken, "="))
    return "." + ",".join(_flat(parameter, taken, None))


def _matrix(parameter: Parameter, taken: Plain) -> str:
    name = _encoded(parameter.name)
    if isinstance(taken, dict) and parameter.explode:
        return "".join(f";{item}" for item in _flat(parameter, taken, "="))
    if isinstance(taken, list) and parameter.explode:
        return "".join(f";{name}={item}" for item in _flat(parameter, taken, "="))
    return f";{name}=" + ",".join(_flat(parameter, taken, None))


def _flat(parameter: Parameter, taken: Plain, join: str | None, reserved: str = "") -> Iterator[str]:
    """The encoded items in a row; an object's names and values one after the other, or joined by `join`."""
    if isinstance(taken, str):
        yield _encoded(taken, reserved)
    elif isinstance(taken, list):
        for text in taken:
            yield _encoded(text, reserved)
    else:
        for name, item in taken.items():
            if isinstance(item, list):
                raise BadValue(parameter.name, "holds a list or an object where one value was expected")
            if join is None:
                yield _encoded(name, reserved)
                yield _encoded(item, reserved)
            else:
                yield f"{_encoded(name, reserved)}{join}{_encoded(item, reserved)}"


def _encoded(text: str, reserved: str = "") -> str:
    return text if text.isalnum() and text.isascii() else quote(text, safe=reserved)


# Queries


def _query(operation: Operation, parameter: Parameter, value: object) -> Iterator[str]:
    taken = _taken_apart(parameter, value)
    if not taken and not isinstance(taken, str):
        return
    name = _encoded(parameter.name)
    reserved = _QUERY_RESERVED if parameter.allow_reserved else ""
    if isinstance(taken, str):
        # A comma is left too, but not inside a list's items, which it may delimit.
        yield f"{name}={_encoded(taken, reserved and reserved + ',')}"
    elif parameter.style == "deepObject":
        yield from _deep(parameter, taken, reserved)
    elif not parameter.explode:
        yield f"{name}={_delimited(parameter, taken, reserved)}"
    elif isinstance(taken, list):
        # The parts of a query stand between `&`, as these do among themselves.
        yield "&".join([f"{name}={_encoded(item, reserved)}" for item in taken])
    else:
        _no_namesakes(operation, parameter, taken)
        yield from _flat(parameter, taken, "=", reserved)


def _delimited(parameter: Parameter, taken: Plain, reserved: str) -> str:
    items = list(_flat(parameter, taken, None, reserved))
    delimiter = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}.get(parameter.style, ",")
    # A comma inside an item is told from the delimiter by its encoding; these two are always encoded.
    if delimiter != "," and any(delimiter in item for item in items):
        name = "space" if delimiter == "%20" else "`|`"
        raise BadValue(parameter.name, f"must not hold a {name} in an item, since that delimits the items")
    return delimiter.join(items)


def _deep(parameter: Parameter, taken: Plain, reserved: str) -> Iterator[str]:
    if not isinstance(taken, dict):
        raise BadValue(parameter.name, "must be an object")
    for name, item in taken.items():
        key = f"{_encoded(parameter.name)}%5B{_encoded(name)}%5D"
        for one in [item] if isinstance(item, str) else item:
            yield f"{key}={_encoded(one, reserved)}"


def _no_namesakes(operation: Operation, parameter: Parameter, taken: Plain) -> None:
    # An exploded object's properties become query parameters: a free-form one must not pass for another
    # parameter.
    others = {one.name for one in operation.parameters if one.location == "query" and one is not parameter}
    for name in taken:
        if name in others:
            raise BadValue(
                parameter.name, f"holds a property with the name of another parameter of {operation.id}"
            )


# Headers


def _header(parameter: Parameter, value: object) -> str | None:
    taken = _taken_apart(parameter, value)
    if isinstance(taken, str):
        text = taken
    else:
        items = list(_header_items(parameter, taken))
        if not items:
            return None
        text = ",".join(items)
    if _HEADER_TEXT.fullmatch(text) is None:
        raise BadValue(parameter.name, "must be printable ASCII, since it is sent as a header")
    if text != text.strip():
        raise BadValue(parameter.name, "must not begin or end with a space, since it is sent as a header")
    return text


def _header_items(parameter: Parameter, taken: list[str] | dict[str, str | list[str]]) -> Iterator[str]:
    join = "=" if parameter.explode else ","
    if any("," in text for text in _all_texts(taken)):
        raise BadValue(parameter.name, "must not hold a comma in an item, since that delimits the items")
    if isinstance(taken, list):
        yield from taken
        return
    for name, item in taken.items():
        if isinstance(item, list):
            raise BadValue(parameter.name, "holds a list or an object where one value was expected")
        if parameter.explode and "=" in name:
            raise BadValue(
                parameter.name, "must not hold `=` in a name, since that delimits names and values"
            )
        yield f"{name}{join}{item}"
