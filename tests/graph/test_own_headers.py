"""What executors see of a client's headers: lower case, joined, without credentials, and with what is said here."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict

from graph.http.own_headers import OwnHeaders

SENT = CIMultiDict(
    [
        ("Accept-Language", "pt"),
        ("X-Tag", "a"),
        ("x-tag", "b"),
        ("Authorization", "Bearer t"),
        ("COOKIE", "c=1"),
        ("Proxy-Authorization", "p"),
        ("Traceparent", "theirs"),
        ("TraceState", "state"),
    ]
)


def test_names_are_in_lower_case_and_credentials_are_left_out():
    """Equal names are one, joined in their order; no name is found in another case."""
    own = OwnHeaders(SENT, {})
    assert own == {"accept-language": "pt", "x-tag": "a, b", "traceparent": "theirs", "tracestate": "state"}
    assert list(own) == ["accept-language", "x-tag", "traceparent", "tracestate"]
    assert len(own) == 4
    assert own.get("X-Tag") is None


@pytest.mark.parametrize("name", ["authorization", "Authorization", "cookie", "proxy-authorization"])
def test_no_spelling_finds_a_credential(name):
    """Who asks for a credential by name does not get it either."""
    own = OwnHeaders(SENT, {})
    assert name not in own
    with pytest.raises(KeyError):
        own[name]


def test_what_is_said_goes_before_what_was_sent():
    """A value takes the client's place, None takes it away, and a name that did not come is added."""
    own = OwnHeaders(SENT, {"traceparent": "ours", "tracestate": None, "x-request-id": "r", "nothing": None})
    assert dict(own.items()) == {
        "accept-language": "pt", "x-tag": "a, b", "traceparent": "ours", "x-request-id": "r",
    }  # fmt: skip
    assert {**own, "x-request-id": "s"}["x-request-id"] == "s"


def test_no_value_is_in_its_repr():
    """Names may be logged; values may be anybody's."""
    assert (
        repr(OwnHeaders(CIMultiDict({"X-Key": "zqsecret"}), {"a": "zqtoo"})) == "OwnHeaders(['a', 'x-key'])"
    )
