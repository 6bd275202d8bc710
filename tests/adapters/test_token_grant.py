"""What is said to a token endpoint, byte for byte, and what its answers mean."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.credentials.credential_kinds import ClientCredentials, TokenEndpoint, TokenExchange
from adapters.credentials.secrets import Secret
from adapters.credentials.token_grant import Refused, client_form, exchange_form, granted, token_request
from adapters.credentials.token_life import MOST, UNSTATED, Token
from adapters.messages import Response

ENDPOINT = TokenEndpoint("https://id.example/oauth/token/", "gate way", Secret("unused"))
GRANTED = {"access_token": "abc", "token_type": "Bearer", "expires_in": 60}


def said(body: object, status: int = 200) -> Response:
    return Response(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def test_the_form_of_client_credentials():
    """RFC 6749, section 4.4.2: the grant, and what the project states of scope and audience."""
    assert client_form(ClientCredentials(ENDPOINT)) == (("grant_type", "client_credentials"),)
    stated = ClientCredentials(ENDPOINT, scopes=("a", "b"), audience="api://x", resource="https://x")
    assert client_form(stated) == (
        ("grant_type", "client_credentials"),
        ("scope", "a b"),
        ("audience", "api://x"),
        ("resource", "https://x"),
    )


def test_the_form_of_an_exchange():
    """RFC 8693, section 2.1: the caller's access token, for one of the same kind and another audience."""
    assert exchange_form(TokenExchange(ENDPOINT, audience="api://x", scopes=("a",)), "caller's") == (
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", "caller's"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("scope", "a"),
        ("audience", "api://x"),
    )


def test_the_client_shows_itself_in_the_header():
    """RFC 6749, section 2.3.1: id and secret are encoded as forms are, then as basic credentials."""
    request = token_request("users", ENDPOINT, "p:w d+£", (("grant_type", "g"),))
    assert (request.method, request.target, request.body) == ("POST", "/oauth/token/", b"grant_type=g")
    assert dict(request.headers) == {
        "content-type": "application/x-www-form-urlencoded",
        "accept": "application/json",
        "authorization": "Basic Z2F0ZSt3YXk6cCUzQXcrZCUyQiVDMiVBMw==",  # gate+way:p%3Aw+d%2B%C2%A3
    }
    assert request.safe is False


def test_the_client_shows_itself_in_the_form():
    """Where the project says so, id and secret are in the form, and no header is sent."""
    endpoint = TokenEndpoint("https://id.example", "gate way", Secret("x"), in_body=True)
    request = token_request("users", endpoint, "p&=£", (("grant_type", "g"),))
    assert "authorization" not in request.headers
    assert request.target == "/"
    assert parse_qsl((request.body or b"").decode()) == [
        ("grant_type", "g"),
        ("client_id", "gate way"),
        ("client_secret", "p&=£"),
    ]


@pytest.mark.parametrize(
    ("stated", "ends"),
    [({}, 160.0), ({"expires_in": "30"}, 130.0), ({"expires_in": 1.5}, 101.5), ({"expires_in": None}, 100 + UNSTATED),
     ({"expires_in": -1}, 100.0), ({"expires_in": 10**9}, 100 + MOST), ({"token_type": "bearer"}, 160.0),
     ({"issued_token_type": "x", "scope": "a"}, 160.0)],
)  # fmt: skip
def test_a_grant_is_a_token_with_its_end(stated: dict[str, object], ends: float):
    """RFC 6749, section 5.1: a bearer token, whose kind is told in any case, with a life in number or text."""
    assert granted(said(GRANTED | stated), 100.0) == Token("abc", 100.0, ends)


@pytest.mark.parametrize(
    ("response", "why", "of_subject"),
    [
        (said({"error": "invalid_client"}, 401), "it answered 401 invalid_client", False),
        (said({"error": "invalid_scope"}, 400), "it answered 400 invalid_scope", False),
        (said({"error": "invalid_grant"}, 400), "it answered 400 invalid_grant", True),
        (said({"error": "invalid_request"}, 400), "it answered 400 invalid_request", True),
        (said({"error": "s3cr3t"}, 400), "it answered 400", False),
        (said({"error": 7}, 400), "it answered 400", False),
        (said(b"\xff", 404), "it answered 404", False),
        (said(b"[" * 100_000, 400), "it answered 400", False),
        (said(GRANTED, 201), "it answered 201", False),
        (said(b"s3cr3t"), "its answer is no token answer", False),
        (said(b'{"access_token":"\xff","token_type":"bearer"}'), "its answer is no token answer", False),
        (said({"access_token": "abc"}), "its answer is no token answer", False),
        (said(GRANTED | {"access_token": 7}), "its answer is no token answer", False),
        (said(GRANTED | {"token_type": "N_A"}), "its token is no bearer token", False),
        (said(GRANTED | {"access_token": "a b"}), "its token is not a bearer token in form", False),
        (said(GRANTED | {"access_token": "a\r\nx: y"}), "its token is not a bearer token in form", False),
    ],
)
def test_what_is_no_grant_is_refused(response: Response, why: str, of_subject: bool):
    """RFC 6749, section 5.2, and RFC 8693, section 2.2.2: only the RFCs' own codes are repeated; a 400 about the
    exchanged token is the caller's.
    """
    with pytest.raises(Refused) as caught:
        granted(response, 0.0)
    assert (str(caught.value), caught.value.of_subject) == (why, of_subject)


_NAMES = st.sampled_from(["access_token", "token_type", "expires_in", "error"])
_VALUES = st.recursive(st.none() | st.integers() | st.text(), lambda one: st.dictionaries(_NAMES, one))


@given(
    st.binary(max_size=200) | _VALUES.map(lambda one: json.dumps(one).encode()),
    st.sampled_from([200, 400, 500]),
)
def test_no_answer_breaks_the_reading(body: bytes, status: int):
    """Whatever comes is a token or refused."""
    try:
        token = granted(Response(status, {}, body), 0.0)
    except Refused:
        return
    assert status == 200
    assert 0.0 <= token.ends <= MOST


def test_no_repr_shows_the_client():
    """Neither the client's id nor its secret, nor the endpoint's address, stands in a repr."""
    shown = repr(ClientCredentials(TokenEndpoint("https://id.example", "gateway-7", Secret("s3cr3t"))))
    assert not [one for one in ("id.example", "gateway-7", "s3cr3t") if one in shown]
