"""What services say went wrong, in the shapes that they really send, is read, bounded, and never breaks
anything.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.field_problem import read_pointer
from adapters.messages import Response
from adapters.problem import FieldProblem, Problem, read_problem, retry_after


def read(document: object) -> Problem:
    found = read_problem(Response(400, {}, msgspec.json.encode(document)))
    assert found is not None
    return found


def body(message: str, *pointer: str | int) -> FieldProblem:
    return FieldProblem(tuple(pointer), "body", None, message)


def named(name: str, message: str, *pointer: str | int) -> FieldProblem:
    return FieldProblem(tuple(pointer) if pointer else None, None, name, message)


def test_a_problem_document_is_read():
    """RFC 9457's members (section 3.1), and everything else as extensions."""
    found = read(
        {
            "type": "https://example.com/probs/out-of-credit",
            "title": "You do not have enough credit.",
            "status": 403,
            "detail": "Your balance is 30, but that costs 50.",
            "instance": "/account/12345/msgs/abc",
            "balance": 30,
            "accounts": ["/account/12345"],
        }
    )
    assert found == Problem(
        type="https://example.com/probs/out-of-credit",
        title="You do not have enough credit.",
        status=403,
        detail="Your balance is 30, but that costs 50.",
        instance="/account/12345/msgs/abc",
        extensions={"balance": 30, "accounts": ["/account/12345"]},
    )


def test_members_of_the_wrong_type_are_ignored():
    """As RFC 9457 (section 3.1) asks: a member that is not what it should be is as if it were not there."""
    found = read({"type": 1, "title": [], "status": "400", "detail": {}, "instance": None})
    assert found == Problem()
    assert [read({"status": one}).status for one in (True, 99, 600, 4.5)] == [None] * 4
    assert read({"title": "  ", "detail": ""}) == Problem()


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        pytest.param(
            {
                "errors": [
                    {"detail": "must be positive", "pointer": "#/age"},
                    {"detail": "no", "pointer": "/a~1b/0/c%20d"},
                ]
            },
            [body("must be positive", "age"), body("no", "a/b", 0, "c%20d")],
            id="RFC 9457, section 3, errors with pointers",
        ),
        pytest.param(
            {"invalid-params": [{"name": "age", "reason": "must be a positive integer"}]},
            [named("age", "must be a positive integer")],
            id="RFC 7807, section 3, invalid-params",
        ),
        pytest.param(
            {
                "errors": [
                    {
                        "source": {"pointer": "/data/attributes/name"},
                        "title": "Invalid",
                        "detail": "too short",
                    },
                    {"source": {"parameter": "page[size]"}, "title": "Invalid"},
                    {"source": {"header": "X-Tenant"}, "detail": "unknown"},
                    {"source": {"pointer": ""}, "detail": "no data"},
                ]
            },
            [
                body("too short", "data", "attributes", "name"),
                FieldProblem(None, "query", "page[size]", "Invalid"),
                FieldProblem(None, "header", "X-Tenant", "unknown"),
                body("no data"),
            ],
            id="JSON:API",
        ),
        pytest.param(
            {
                "detail": [
                    {"loc": ["body", "items", 0, "qty"], "msg": "Field required", "type": "missing"},
                    {"loc": ["query", "limit"], "msg": "too large", "type": "less_than"},
                    {"loc": ["path", "ids", 1], "msg": "not a number"},
                    {"loc": ["header", "x-token"], "msg": "Field required"},
                    {"loc": ["body"], "msg": "not JSON"},
                    {"loc": ["name"], "msg": "bad"},
                    {"loc": ["a", "b", -1, None, True], "msg": "bad"},
                    {"loc": ["query"], "msg": "bad"},
                ]
            },
            [
                body("Field required", "items", 0, "qty"),
                FieldProblem(None, "query", "limit", "too large"),
                FieldProblem((1,), "path", "ids", "not a number"),
                FieldProblem(None, "header", "x-token", "Field required"),
                body("not JSON"),
                FieldProblem(("name",), None, "name", "bad"),
                FieldProblem(("a", "b"), None, None, "bad"),
                FieldProblem(None, "query", None, "bad"),
            ],
            id="FastAPI",
        ),
        pytest.param(
            {
                "error": "Bad Request",
                "message": "Validation failed",
                "errors": [
                    {"objectName": "user", "field": "address.city", "defaultMessage": "must not be blank"},
                    {"field": "items[0].qty", "rejectedValue": 0, "defaultMessage": "too few"},
                    {"objectName": "user", "defaultMessage": "names no field"},
                ],
            },
            [
                named("address.city", "must not be blank", "address", "city"),
                named("items[0].qty", "too few", "items", 0, "qty"),
            ],
            id="Spring",
        ),
        pytest.param(
            {
                "violations": [
                    {"propertyPath": "name", "message": "blank"},
                    {"field": "age", "in": "body", "message": "low"},
                ]
            },
            [named("name", "blank"), FieldProblem(("age",), "body", "age", "low")],
            id="Symfony and Zalando",
        ),
        pytest.param(
            {
                "errors": {
                    "name": ["is bad", "is short"],
                    "base": ["is locked"],
                    "address": {"city": ["is far"]},
                    "email": "is taken",
                    "age": [1, None, ""],
                }
            },
            [
                named("name", "is bad"),
                named("name", "is short"),
                body("is locked"),
                named("address.city", "is far", "address", "city"),
                named("email", "is taken"),
            ],
            id="Rails",
        ),
        pytest.param(
            {
                "title": "One or more validation errors occurred.",
                "errors": {"Name": ["required"], "$.items[0]['a']": ["bad"]},
            },
            [named("Name", "required"), named("$.items[0]['a']", "bad", "items", 0, "a")],
            id="ASP.NET",
        ),
        pytest.param(
            {"email": ["Enter a valid email."], "non_field_errors": ["Passwords differ."]},
            [named("email", "Enter a valid email."), body("Passwords differ.")],
            id="Django REST framework",
        ),
        pytest.param(
            {
                "error": {
                    "code": "BadArgument",
                    "message": "m",
                    "details": [{"target": "phone", "message": "too short"}],
                }
            },
            [named("phone", "too short")],
            id="Microsoft",
        ),
        pytest.param(
            {
                "error": {
                    "code": 400,
                    "status": "INVALID_ARGUMENT",
                    "details": [
                        {"fieldViolations": [{"field": "user.name", "description": "empty"}, 1, {}]},
                        {"fieldViolations": 1},
                    ],
                }
            },
            [named("user.name", "empty", "user", "name")],
            id="Google",
        ),
        pytest.param(
            {
                "errors": [
                    {"parameter": "limit", "location": "query", "message": "big"},
                    {"path": ["a", 1], "message": "bad"},
                    {"name": "/a/0", "reason": "bad"},
                    {"name": "alone"},
                    {"field": "said", "message": "said"},
                ]
            },
            [
                FieldProblem(None, "query", "limit", "big"),
                FieldProblem(("a", 1), None, None, "bad"),
                named("/a/0", "bad", "a", 0),
                named("alone", "is not accepted"),
                named("said", "said"),
            ],
            id="and others",
        ),
        pytest.param({"errors": [1, "a", None, [], {}, {"code": "E"}]}, [], id="nothing named"),
        pytest.param(
            {"detail": {"code": "X", "message": "m"}, "details": {"a": ["b"]}}, [], id="details of no field"
        ),
    ],
)
def test_complaints_about_single_values_are_read(document: Any, fields: list[FieldProblem]):
    """Every shape gives the place and the message of each value that was complained about."""
    assert list(read(document).fields) == fields


@pytest.mark.parametrize(
    ("document", "title", "detail"),
    [
        ({"error": "no such user"}, None, "no such user"),
        ({"error": "invalid_token", "error_description": "expired"}, "invalid_token", "expired"),
        ({"error": "Bad Request", "message": "no", "status": 400}, "Bad Request", "no"),
        ({"error": {"code": 409, "message": "taken"}}, None, "taken"),
        ({"error": {"title": "T", "detail": "D"}}, "T", "D"),
        ({"message": "m"}, None, "m"),
        ({"code": "E1", "message": "m"}, None, "m"),
        ({"detail": "Not found."}, None, "Not found."),
        ({"detail": {"message": "m"}}, None, "m"),
        ({"errors": ["a", "b", 3]}, None, "a; b"),
        ({"errors": "text"}, None, "text"),
        ({"errors": [{"title": "T", "detail": "D"}, {"title": "U"}]}, "T", "D"),
        ({"errors": []}, None, None),
        ({"errors": [1]}, None, None),
        ({"title": "T", "errors": ["a"]}, "T", None),
        ({"description": "d"}, None, "d"),
        ({"error": ""}, None, None),
        ({}, None, None),
    ],
)
def test_what_was_said_in_general_is_read(document: object, title: str | None, detail: str | None):
    """The text for people is found where services put it: `detail`, `message`, `error`, and in wrapped
    objects.
    """
    found = read(document)
    assert (found.title, found.detail) == (title, detail)


@pytest.mark.parametrize(
    "text",
    [b"", b"Internal Server Error", b"<html><body>502</body></html>", b"null", b"[]", b'"text"', b"5",
     b"{", b'{"a":"\xff"}',
     b'{"a":' * 10_000, b"[" * 100_000, b'{"a":' + b"9" * 9999 + b"}", b'{"a": "' + b"x" * 300_000 + b'"}'],
)  # fmt: skip
def test_what_is_no_json_object_is_no_problem(text: bytes):
    """Text, HTML, other JSON, broken JSON, and what is far too long give None."""
    assert read_problem(Response(500, {"content-type": "application/problem+json"}, text)) is None


def test_everything_is_bounded():
    """Texts are cut, members and fields counted, nesting ended."""
    deep: Any = "x"
    for _ in range(20):
        deep = {"d": [deep]}
    found = read(
        {
            "type": "t" * 1000,
            "detail": "d" * 9000,
            "errors": [{"field": f"f{n}" * 200, "message": "m" * 2100} for n in range(20)],
            "deep": deep,
            "long": ["x" * 2100] * 60,
            **{f"m{n}": n for n in range(99)},
        }
    )
    assert found.type == "t" * 255 + "…"
    assert found.detail == "d" * 1999 + "…"
    assert [(len(one.name or ""), len(one.message)) for one in found.fields] == [(256, 2000)] * 20
    assert len(found.extensions) == 32
    assert found.extensions["deep"] == {"d": [{"d": [{}]}]}
    assert found.extensions["long"] == ["x" * 1999 + "…"] * 50


def test_fields_are_bounded_and_each_once():
    """At most fifty fields, in the order told, equal ones once."""
    errors = [{"field": f"f{n // 2}", "message": "m"} for n in range(200)]
    assert [one.name for one in read({"errors": errors}).fields] == [f"f{n}" for n in range(50)]
    names = {f"f{n}": ["m"] * 9 for n in range(90)}
    assert len(read({"errors": names}).fields) == 50
    steps = "/".join(["a"] * 99)
    (found,) = read({"errors": [{"pointer": f"/{steps}", "detail": "m"}]}).fields
    assert found.pointer == ("a",) * 32
    (found,) = read({"errors": [{"field": "a" + ".a" * 99, "message": "m"}]}).fields
    assert found.pointer == ("a",) * 32
    nest: Any = ["m"]
    for _ in range(20):
        nest = {"n": nest}
    assert read({"errors": nest}).fields == ()


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("", ()),
        ("#", ()),
        ("/", ()),
        ("#/", ()),
        ("/a/b", ("a", "b")),
        ("a/b", ("a", "b")),
        ("#/a%20b/~0~1", ("a b", "~/")),
        ("/0/01/10", (0, "01", 10)),
        ("/~01", ("~1",)),
        ("/9999999999", ("9999999999",)),
    ],
)
def test_pointers_are_read(text: str, pointer: tuple[str | int, ...]):
    """JSON pointers (RFC 6901), as fragments and without the first slash too; indices are ints."""
    assert read_pointer(text) == pointer


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["errors", "error", "detail", "details", "message", "field", "name", "loc", "path", "source",
             "pointer", "in", "parameter", "title", "status", "type", "msg", "invalid-params",
             "fieldViolations", "$.a[0]", "base", ""]
        )
        | st.text(max_size=5),
        inner,
        max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@given(JSON)
def test_no_json_breaks_the_reader(document: object):
    """Any JSON is a bounded problem, or none; what is shown of it can be written as JSON again."""
    found = read_problem(Response(400, {}, msgspec.json.encode(document)))
    assert (found is not None) == isinstance(document, dict)
    if found is not None:
        assert len(found.fields) <= 50
        assert all(one.message for one in found.fields)
        msgspec.json.encode(found)


@given(st.binary(max_size=200) | st.text('{}[]":,\\u0aerst1 ', max_size=60).map(str.encode))
def test_no_bytes_break_the_reader(text: bytes):
    """Any bytes at all are a problem or none."""
    assert isinstance(read_problem(Response(500, {}, text)), Problem | None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 5),
        ("0", 0),
        (" 120 ", 120),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 8),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 8),
        ("Sun Nov  6 08:49:37 1994", 8),
        ("Sun, 06 Nov 1994 08:49:00 GMT", 0),
        ("-1", None),
        ("1.5", None),
        ("99999999999", None),
        ("٤", None),
        ("120, 130", None),
        ("soon", None),
        ("", None),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 99999 08:49:37 GMT", None),
    ],
)
def test_retry_after_is_read(text: str, seconds: int | None):
    """Seconds or any of the HTTP-dates (RFC 9110, sections 5.6.7 and 10.2.3), counted up from now; anything
    else is None.
    """
    assert retry_after(Response(429, {"retry-after": text}, b""), now=784111769.5) == seconds


def test_no_retry_after_is_none():
    """Without the header nothing was asked."""
    assert retry_after(Response(429, {}, b""), now=0.0) is None


@given(
    st.text(max_size=40)
    | st.from_regex(r"\A[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{1,5} [0-9:]{1,8} [A-Z+0-9]{1,5}\Z")
)
def test_no_text_breaks_retry_after(text: str):
    """Whatever a service sends, the answer is whole seconds from 0, or None."""
    found = retry_after(Response(429, {"retry-after": text}, b""), now=1e9)
    assert found is None or found >= 0
