"""Values on the wire, and back: what is serialised can be parsed by who knows the style; what could not is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.contract import Location, Operation, Parameter, Style, Use
from adapters.serialize import BadValue, headers, target


def parameter(
    name: str,
    location: Location = "query",
    style: Style | None = None,
    *,
    explode: bool | None = None,
    allow_reserved: bool = False,
    json: bool = False,
) -> Parameter:
    style = style or ("form" if location == "query" else "simple")
    return Parameter(
        name=name,
        location=location,
        required=location == "path",
        use=Use("#/x"),
        style=style,
        explode=style == "form" if explode is None else explode,
        pointer=f"#/parameters/{location}/{name}",
        allow_reserved=allow_reserved,
        json=json,
    )


def operation(*parameters: Parameter, path: str = "/u") -> Operation:
    return Operation("c", "getIt", "GET", path, parameters, None, (), "#/p")


def query(one: Parameter, value: object) -> str:
    """The query of a call with one parameter, without its `?`; empty where there is none."""
    return target(operation(one), {one: value}).removeprefix("/u").removeprefix("?")


def path(one: Parameter, value: object, template: str = "/{v}") -> str:
    return target(operation(one, path=template), {one: value})


def header(one: Parameter, value: object) -> str | None:
    return headers(operation(one), {one: value}).get(one.name.lower())


def refused(make: Any, *values: Any) -> str:
    with pytest.raises(BadValue) as caught:
        make(*values)
    assert caught.value.parameter != ""
    return str(caught.value)


SPACED = parameter("v", style="spaceDelimited", explode=False)
PIPED = parameter("v", style="pipeDelimited", explode=False)
DEEP = parameter("v", style="deepObject")
OBJECT = {"R": 100, "G": 200}
LIST = ["blue", "black"]


@pytest.mark.parametrize(
    ("style", "explode", "value", "sent"),
    [
        ("simple", False, "blue", "/blue"),
        ("simple", False, LIST, "/blue,black"),
        ("simple", True, LIST, "/blue,black"),
        ("simple", False, OBJECT, "/R,100,G,200"),
        ("simple", True, OBJECT, "/R=100,G=200"),
        ("label", False, "blue", "/.blue"),
        ("label", False, LIST, "/.blue,black"),
        ("label", True, LIST, "/.blue.black"),
        ("label", True, [1.5, 2], "/.1%2E5.2"),
        ("label", False, OBJECT, "/.R,100,G,200"),
        ("label", True, OBJECT, "/.R=100.G=200"),
        ("matrix", False, "blue", "/;v=blue"),
        ("matrix", False, LIST, "/;v=blue,black"),
        ("matrix", True, LIST, "/;v=blue;v=black"),
        ("matrix", False, OBJECT, "/;v=R,100,G,200"),
        ("matrix", True, OBJECT, "/;R=100;G=200"),
    ],
)
def test_path_styles(style: Style, explode: bool, value: object, sent: str):
    """Path values follow OpenAPI's table of styles (3.1, section 4.8.12.4; RFC 6570)."""
    assert path(parameter("v", "path", style, explode=explode), value) == sent


@pytest.mark.parametrize(
    ("style", "explode", "value", "sent"),
    [
        ("form", True, "blue", "v=blue"),
        ("form", True, "", "v="),
        ("form", False, LIST, "v=blue,black"),
        ("form", True, LIST, "v=blue&v=black"),
        ("form", False, OBJECT, "v=R,100,G,200"),
        ("form", True, OBJECT, "R=100&G=200"),
        ("form", False, ["a,b", "c"], "v=a%2Cb,c"),
        ("spaceDelimited", False, LIST, "v=blue%20black"),
        ("spaceDelimited", True, LIST, "v=blue&v=black"),
        ("spaceDelimited", False, OBJECT, "v=R%20100%20G%20200"),
        ("pipeDelimited", False, LIST, "v=blue%7Cblack"),
        ("pipeDelimited", False, OBJECT, "v=R%7C100%7CG%7C200"),
        ("deepObject", True, OBJECT, "v%5BR%5D=100&v%5BG%5D=200"),
        ("deepObject", True, {"a": [1, 2], "b": None}, "v%5Ba%5D=1&v%5Ba%5D=2"),
    ],
)
def test_query_styles(style: Style, explode: bool, value: object, sent: str):
    """Query values follow the same table; delimiters of items are told from those inside items."""
    assert query(parameter("v", "query", style, explode=explode), value) == sent


@pytest.mark.parametrize(
    ("explode", "value", "sent"),
    [
        (False, "blue", "blue"),
        (False, LIST, "blue,black"),
        (True, LIST, "blue,black"),
        (False, OBJECT, "R,100,G,200"),
        (True, OBJECT, "R=100,G=200"),
        (False, 'W/"a b"', 'W/"a b"'),
        (False, "a%20b", "a%20b"),
        (False, [], None),
        (False, {}, None),
        (False, None, None),
        (False, "", ""),
    ],
)
def test_header_values(explode: bool, value: object, sent: str | None):
    """Header values are style simple without percent-encoding, under lower-case names."""
    assert header(parameter("X-Colour", "header", explode=explode), value) == sent


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-5, "-5"),
        (2**80, "1208925819614629174706176"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (1e22, "1e%2B22"),
        (-2.5e-7, "-2.5e-07"),
        (Decimal("1.10"), "1.10"),
        (
            Decimal("12345678901234567890.123456789012345678901234567890"),
            "12345678901234567890.123456789012345678901234567890",
        ),
        (Decimal("1E+2"), "100"),
        (Decimal("-0.000"), "-0.000"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("1E+1000000"), "1E%2B1000000"),
        ("ü €😀", "%C3%BC%20%E2%82%AC%F0%9F%98%80"),
        ("a&b=c#d+e/f?g%20h", "a%26b%3Dc%23d%2Be%2Ff%3Fg%2520h"),
        ("\r\n\0", "%0D%0A%00"),
        ("-._~", "-._~"),
    ],
)
def test_single_values(value: object, sent: str):
    """Booleans in words, numbers with every digit, text percent-encoded over UTF-8 (RFC 3986)."""
    assert query(parameter("v"), value) == f"v={sent}"


@pytest.mark.parametrize("value", [None, [], {}, [None], {"a": None}])
@pytest.mark.parametrize(
    "one",
    [
        parameter("v"),
        parameter("v", explode=False),
        parameter("v", style="deepObject"),
        parameter("v", style="pipeDelimited"),
    ],
    ids=["form", "form list", "deep", "pipe"],
)
def test_nothing_is_left_out(value: object, one: Parameter):
    """None, empty lists and empty objects are left out of the query."""
    assert query(one, value) == ""


def test_parameters_stand_in_the_contracts_order():
    """The order of the contract holds, not that of the values; values of None do not count."""
    a, b, c = parameter("a"), parameter("b[x]"), parameter("c")
    assert target(operation(a, b, c), {c: 3, b: 2, a: 1}) == "/u?a=1&b%5Bx%5D=2&c=3"
    assert target(operation(a, b, c), {c: 3, b: None}) == "/u?c=3"
    assert target(operation(a, b, c), {}) == "/u"


def test_a_path_is_filled_in():
    """Several parameters, also in one segment, are filled in; the rest of the template is encoded where it
    must be.
    """
    a, b, q = parameter("a", "path"), parameter("b-id", "path"), parameter("a")
    op = operation(a, b, q, path="/x y/{a}/é%20/{b-id}.json,{a}/")
    assert target(op, {a: "1/2", b: 7, q: "q"}) == "/x%20y/1%2F2/%C3%A9%20/7.json,1%2F2/?a=q"
    assert target(operation(path="relative/x?y"), {}) == "/relative/x%3Fy"


def test_reserved_characters_may_stay():
    """`allowReserved` keeps what no reader takes for a delimiter; a value still cannot add a parameter or a
    fragment.
    """
    one = parameter("v", allow_reserved=True)
    assert query(one, "http://h:1/a?b@c,d!$'()*") == "v=http://h:1/a?b@c,d!$'()*"
    assert query(one, "a&b=c#d+e;f[g]%2F") == "v=a%26b%3Dc%23d%2Be%3Bf%5Bg%5D%252F"
    assert query(parameter("v", explode=False, allow_reserved=True), ["a,b", "c:d"]) == "v=a%2Cb,c:d"


def test_json_parameters():
    """A parameter with JSON content is sent as JSON text, encoded for its place, with every digit."""
    value = {"a": [1, None, Decimal("1.10")], "b": "é😀", "c": 2**70}
    text = '{"a":[1,null,1.10],"b":"é😀","c":1180591620717411303424}'
    assert unquote(query(parameter("v", json=True), value)) == f"v={text}"
    assert unquote(path(parameter("v", "path", json=True), value)) == f"/{text}"
    assert header(parameter("v", "header", json=True), value) == text.replace("é😀", "\\u00e9\\ud83d\\ude00")
    assert query(parameter("v", json=True), []) == "v=%5B%5D"


# What is refused

DOTS = [
    ".",
    "..",
    "%2e",
    "%2E%2e",
    ".%2e",
    "%252e",
    "%25252E%2e",
    "../x",
    "x/..",
    "a/../b",
    "..\\x",
    "%2e%2e%2fx",
    "..%5Cx",
]


@pytest.mark.parametrize("value", DOTS)
@pytest.mark.parametrize("template", ["/{v}", "/x/{v}/y", "/{v}.json"])
def test_dots_in_a_path_are_refused(value: str, template: str):
    """`.` and `..` are refused as path values, encoded forms and parts of longer values included."""
    message = "must not be or hold `.` or `..` as a part of the path"
    assert refused(path, parameter("v", "path"), value, template) == message
    assert refused(path, parameter("v", "path"), ["a", value], template) == message
    assert refused(path, parameter("v", "path"), {"a": value}, template) == message


def test_dots_that_make_no_step_are_sent():
    """Dots inside a name are just dots."""
    assert path(parameter("v", "path"), "...") == "/..."
    assert path(parameter("v", "path"), "a..b.%2e") == "/a..b.%252e"
    assert query(parameter("v"), "..") == "v=.."


@pytest.mark.parametrize("value", ["", [], {}, [None]])
def test_an_empty_path_value_is_refused(value: object):
    """Nothing would make another path."""
    for style in ("simple", "label", "matrix"):
        message = refused(path, parameter("v", "path", style), value)
        assert message == "must not be empty, since it is part of the path"


def test_a_path_value_must_be_there():
    """A path cannot be made without its value, nor with a template that names no parameter."""
    message = "must have a value, since it is part of the path"
    assert refused(path, parameter("v", "path"), None) == message
    assert refused(target, operation(path="/{nobody}"), {}) == message


@pytest.mark.parametrize(
    ("style", "value", "template"),
    [("simple", [""], "/{v}"), ("label", [""], "/{v}"), ("label", [""], "/.{v}")],
)
def test_values_cannot_make_a_step_with_their_style(style: Style, value: object, template: str):
    """A segment that becomes empty, `.` or `..` only once it is put together is refused too."""
    message = refused(path, parameter("v", "path", style), value, template)
    assert message == "must not make a path segment empty, `.` or `..`"


@pytest.mark.parametrize("text", ["a\r\nx: y", "a\n", "\0", "\x1b", "\x7f", "é", "€", "\u2028"])
@pytest.mark.parametrize(
    "wrap", [lambda text: text, lambda text: [text], lambda text: {"a": text}, lambda text: {text: 1}]
)
def test_a_header_value_cannot_add_a_header(text: str, wrap: Any):
    """Control characters and text beyond ASCII are refused in headers, wherever they stand."""
    message = refused(header, parameter("x", "header"), wrap(text))
    assert message == "must be printable ASCII, since it is sent as a header"


@pytest.mark.parametrize(
    ("value", "explode", "message"),
    [
        (" a", False, "must not begin or end with a space, since it is sent as a header"),
        ("a ", False, "must not begin or end with a space, since it is sent as a header"),
        (["a,b"], False, "must not hold a comma in an item, since that delimits the items"),
        ({"a,b": 1}, False, "must not hold a comma in an item, since that delimits the items"),
        ({"a=b": 1}, True, "must not hold `=` in a name, since that delimits names and values"),
        ({"a": [1]}, False, "holds a list or an object where one value was expected"),
        ([[1]], False, "holds a list or an object where one value was expected"),
    ],
)
def test_what_a_header_cannot_carry_is_refused(value: object, explode: bool, message: str):
    """Values that a reader would read otherwise than they were are refused."""
    assert refused(header, parameter("x", "header", explode=explode), value) == message


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "connection"])
def test_headers_of_the_transport_are_no_parameters(name: str):
    """A contract cannot have a value frame the message."""
    assert refused(header, parameter(name, "header"), "x") == "is a header that only the transport sets"


def test_headers_that_openapi_ignores_are_left_out():
    """Accept, Content-Type and Authorization are no parameters (OpenAPI 3.1, section 4.8.12.1); None is left
    out.
    """
    many = [
        parameter(name, "header")
        for name in ("Accept", "content-type", "Authorization", "X-Tenant", "x-none")
    ]
    values: Mapping[Parameter, object] = {**dict.fromkeys(many, "v"), many[-1]: None}
    assert headers(operation(*many, parameter("q")), values) == {"x-tenant": "v"}


@pytest.mark.parametrize(
    ("one", "value", "message"),
    [
        (parameter("v"), float("nan"), "must be a finite number"),
        (parameter("v"), float("-inf"), "must be a finite number"),
        (parameter("v"), Decimal("NaN"), "must be a finite number"),
        pytest.param(parameter("v"), 10**5000, "has too many digits", id="digits"),
        (parameter("v"), "\ud800", "must be valid Unicode, without lone surrogates"),
        (parameter("v"), b"bytes", "holds a list or an object where one value was expected"),
        (parameter("v"), object(), "is of a kind that cannot be sent: object"),
        (parameter("v"), [[1]], "holds a list or an object where one value was expected"),
        (parameter("v"), {"a": {"b": 1}}, "holds a list or an object where one value was expected"),
        (parameter("v"), {"a": [1]}, "holds a list or an object where one value was expected"),
        (DEEP, {"a": {"b": 1}}, "holds a list or an object where one value was expected"),
        (parameter("v", style="deepObject"), [1], "must be an object"),
        (SPACED, ["a b"], "must not hold a space in an item, since that delimits the items"),
        (PIPED, ["a|b"], "must not hold a `|` in an item, since that delimits the items"),
        (parameter("v", json=True), [float("inf")], "must hold finite numbers only"),
        (parameter("v", json=True), {"a": Decimal("NaN")}, "must hold finite numbers only"),
        (parameter("v", json=True), object(), "cannot be written as JSON"),
        (parameter("v", json=True), "\ud800", "cannot be written as JSON"),
    ],
)  # fmt: skip
def test_what_has_no_text_is_refused(one: Parameter, value: object, message: str):
    """What cannot be sent is refused by what is wrong with it; the message never repeats the value."""
    assert refused(query, one, value) == message


def test_json_is_bounded_in_depth():
    """A value nested without end is refused."""
    value: list[Any] = []
    value.append(value)
    assert refused(query, parameter("v", json=True), value) == "is nested more than 32 deep"


def test_a_free_form_object_cannot_pass_for_another_parameter():
    """A property of an exploded object that is named like another query parameter is refused."""
    filters, tenant = parameter("filters"), parameter("tenant")
    op = operation(filters, tenant)
    assert target(op, {filters: {"a": 1}, tenant: "t"}) == "/u?a=1&tenant=t"
    assert (
        refused(target, op, {filters: {"tenant": "evil"}})
        == "holds a property with the name of another parameter of getIt"
    )


def test_values_of_another_operation_are_refused():
    """A parameter that is not the operation's is a mistake, never left out in silence."""
    assert refused(target, operation(), {parameter("stray"): 1}) == "is no parameter of getIt"
    assert refused(headers, operation(), {parameter("stray", "header"): 1}) == "is no parameter of getIt"


def test_a_bad_value_names_its_parameter_only():
    """The exception is a ValueError that holds the parameter's name, and nothing of the value."""
    one = parameter("secretive", "header")
    with pytest.raises(ValueError, match="printable") as caught:
        headers(operation(one), {one: "secret\n"})
    assert (caught.value.parameter, "secret\n" in str(caught.value)) == ("secretive", False)  # type: ignore[attr-defined]  # BadValue


# Round trips: a reader that knows the style gets back what was sent

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SOME_TEXT = TEXT.filter(bool)
ITEMS = st.lists(TEXT, min_size=1, max_size=4)
NAMED = st.dictionaries(SOME_TEXT, TEXT, min_size=1, max_size=3)
VALID = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-F]{2})*\Z")


def pairs(text: str) -> list[tuple[str, str]]:
    assert VALID.match(text)
    found = [one.partition("=") for one in text.split("&")]
    return [(unquote(name), value) for name, _, value in found]


@given(SOME_TEXT, TEXT)
def test_a_value_comes_back_from_a_query(name: str, value: str):
    """Any name and text survive form style."""
    assert [(one, unquote(text)) for one, text in pairs(query(parameter(name), value))] == [(name, value)]


@given(ITEMS, st.booleans())
def test_lists_come_back_from_a_query(value: list[str], explode: bool):
    """Any list survives form style, exploded or not."""
    found = pairs(query(parameter("v", explode=explode), value))
    assert [unquote(item) for _, text in found for item in text.split(",")] == value
    assert len(found) == (len(value) if explode else 1)


@given(NAMED, st.sampled_from(["form", "deepObject"]))
def test_objects_come_back_from_a_query(value: dict[str, str], style: Style):
    """Any object survives form style exploded, and deepObject."""
    found = pairs(query(parameter("v", style=style, explode=True), value))
    strip = (lambda name: name[2:-1]) if style == "deepObject" else str
    assert {strip(name): unquote(text) for name, text in found} == value


@given(NAMED)
def test_flat_objects_come_back_from_a_query(value: dict[str, str]):
    """Any object survives form style not exploded, names and values in a row."""
    ((_, text),) = pairs(query(parameter("v", explode=False), value))
    row = [unquote(item) for item in text.split(",")]
    assert dict(zip(row[::2], row[1::2], strict=True)) == value


@given(ITEMS, st.sampled_from([("spaceDelimited", " "), ("pipeDelimited", "|")]))
def test_delimited_lists_come_back_or_are_refused(value: list[str], style: tuple[Style, str]):
    """A delimited list comes back, unless an item holds the delimiter: then it is refused."""
    name, delimiter = style
    try:
        sent = query(parameter("v", style=name, explode=False), value)
    except BadValue:
        assert any(delimiter in item for item in value)
        return
    ((_, text),) = pairs(sent)
    assert unquote(text).split(delimiter) == value


@given(SOME_TEXT, st.sampled_from([("simple", ""), ("label", "."), ("matrix", ";v=")]))
def test_a_value_comes_back_from_a_path(value: str, style: tuple[Style, str]):
    """Any text survives as one path segment, unless it is refused for its dots."""
    name, before = style
    try:
        sent = path(parameter("v", "path", name), value)
    except BadValue:
        assert "." in value or "%" in value
        return
    assert VALID.match(sent)
    assert sent.count("/") == 1
    assert sent not in ("/.", "/..", "/")
    assert unquote(sent[1:]).removeprefix(before) == value


@given(ITEMS, st.booleans(), st.sampled_from([("label", "."), ("matrix", ";v=")]))
def test_lists_come_back_from_a_path(value: list[str], explode: bool, style: tuple[Style, str]):
    """Any list survives label and matrix style, unless it is refused for its dots."""
    name, before = style
    try:
        sent = path(parameter("v", "path", name, explode=explode), value)
    except BadValue:
        assert any("." in item or "%" in item for item in value) or not any(value)
        return
    text = sent[1:].removeprefix(before)
    assert [unquote(item) for item in text.split(before if explode else ",")] == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=6,
    )
)
def test_json_comes_back(value: object):
    """Any JSON value survives in a query and in a header."""
    if value is None:
        return
    assert (
        msgspec.json.decode(unquote(query(parameter("v", json=True), value)).removeprefix("v=").encode())
        == value
    )
    in_header = header(parameter("v", "header", json=True), value)
    assert in_header is not None
    assert in_header.isascii()
    assert msgspec.json.decode(in_header.encode()) == value


@given(st.one_of(TEXT, ITEMS, NAMED))
def test_a_header_is_one_line_of_ascii_or_refused(value: object):
    """Whatever is given, a header that is sent can hold no second one."""
    try:
        sent = header(parameter("x", "header"), value)
    except BadValue:
        return
    assert sent is not None
    assert re.fullmatch(r"[\x20-\x7e]*", sent)
