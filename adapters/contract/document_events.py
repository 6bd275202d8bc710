"""YAML and JSON text as one stream of events, each with its line; what they mean is settled in
`adapters/contract/document.py`.

YAML scalars follow YAML 1.2's core schema (section 10.3), as OpenAPI asks: `no` and `2020-01-01` are text.
Numbers keep their digits: an int, or a Decimal for everything with a point or an exponent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

import yaml

LONGEST_NUMBER: Final = 400
"""Digits of a number in a document: more are refused, since reading them takes time that grows with their square."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `text` is a scalar as written (a key is read from it), `value` what it means, `anchor` of
    either end."""

    kind: Literal["map", "list", "end", "scalar", "alias"]
    line: int
    text: str = ""
    value: object = None
    anchor: str | None = None
    merge: bool = False


class Unreadable(Exception):
    """Text that is no YAML or JSON, or holds what a contract may not hold. `line` counts from 1, 0 if unknown."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


class NoNumber(ValueError):
    """A scalar that looks like a number that JSON has not, or that is too long."""


_TAG: Final = "tag:yaml.org,2002:"
_SAFE: Final = {_TAG + name for name in ("str", "int", "float", "bool", "null", "map", "seq")}
_WORDS: Final[dict[str, object]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_BASED: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_REAL: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ENDLESS: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def plain_scalar(text: str) -> object:
    """What an unquoted YAML scalar means: None, bool, int, Decimal or the text itself. Raises NoNumber."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "-+.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return int(_bounded(text))
    if _BASED.fullmatch(text):
        return int(_bounded(text), 0)
    if _REAL.fullmatch(text):
        return _decimal(text)
    if _ENDLESS.fullmatch(text):
        raise NoNumber(f"{text} is no number in JSON; quote it if it is text")
    return text


def _bounded(text: str) -> str:
    if len(text) > LONGEST_NUMBER:
        raise NoNumber(f"a number has more than {LONGEST_NUMBER} digits")
    return text


def _decimal(text: str) -> Decimal:
    value = Decimal(_bounded(text))
    if abs(value.adjusted()) > LONGEST_NUMBER:
        raise NoNumber(f"a number has an exponent beyond {LONGEST_NUMBER}")
    return value


def yaml_events(text: str) -> Iterator[Event]:
    """The events of one YAML document. Raises Unreadable for bad syntax, foreign tags and further documents."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = 0
    try:
        for event in yaml.parse(text, Loader=loader):
            line = event.start_mark.line + 1 if event.start_mark else 0
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise Unreadable(line, "a second YAML document starts here; a contract is one document")
            else:
                yield from _yaml_event(event, line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise Unreadable(mark.line + 1 if mark else 0, f"is no YAML: {said}") from None
    except yaml.YAMLError as error:
        raise Unreadable(0, f"is no YAML: {str(error).splitlines()[0]}") from None


def _yaml_event(event: yaml.Event, line: int) -> Iterator[Event]:
    tag = getattr(event, "tag", None)
    if tag not in (None, "!") and tag not in _SAFE:
        raise Unreadable(line, f"the YAML tag {tag!r} is refused; a contract holds JSON's own types only")
    if isinstance(event, yaml.ScalarEvent):
        yield _yaml_scalar(event, line)
    elif isinstance(event, yaml.MappingStartEvent):
        yield Event("map", line, anchor=event.anchor)
    elif isinstance(event, yaml.SequenceStartEvent):
        yield Event("list", line, anchor=event.anchor)
    elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
        yield Event("end", line)
    elif isinstance(event, yaml.AliasEvent):
        yield Event("alias", line, anchor=event.anchor)


def _yaml_scalar(event: yaml.ScalarEvent, line: int) -> Event:
    tag = event.tag
    plain = event.implicit[0] and tag is None
    if not plain and tag in (None, "!", _TAG + "str"):
        return Event("scalar", line, event.value, event.value, event.anchor)
    try:
        value = plain_scalar(event.value)
    except NoNumber as error:
        raise Unreadable(line, str(error)) from None
    return Event("scalar", line, event.value, value, event.anchor, merge=plain and event.value == "<<")


_LEXEME: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s{}\[\]:,"]+|\n')
_STARTS: Final[dict[str, Literal["map", "list", "end"]]] = {"{": "map", "[": "list", "}": "end", "]": "end"}
_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")
_LITERALS: Final[dict[str, object]] = {"null": None, "true": True, "false": False}


def json_events(text: str) -> Iterator[Event]:
    """The events of a JSON text (RFC 8259). Raises Unreadable."""
    try:
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise Unreadable(error.lineno, f"is no JSON: {error.msg} (column {error.colno})") from None
    except NoNumber as error:
        raise Unreadable(0, str(error)) from None
    except RecursionError:
        raise Unreadable(0, "is nested too deeply to be read") from None
    line = 1
    for found in _LEXEME.finditer(text):
        lexeme = found.group()
        if lexeme == "\n":
            line += 1
        elif lexeme in _STARTS:
            yield Event(_STARTS[lexeme], line)
        elif lexeme[0] == '"':
            string = json.loads(lexeme)
            if _HALF_PAIR.search(string):
                raise Unreadable(line, "a text holds half of a surrogate pair, which is no character")
            yield Event("scalar", line, string, string)
        else:
            yield Event("scalar", line, lexeme, _json_scalar(lexeme, line))


def _json_scalar(lexeme: str, line: int) -> object:
    if lexeme in _LITERALS:
        return _LITERALS[lexeme]
    try:
        return plain_scalar(lexeme)
    except NoNumber as error:
        raise Unreadable(line, str(error)) from None


def _refuse(constant: str) -> object:
    raise NoNumber(f"{constant} is no number in JSON")
