"""A refused call is sent once more with other credentials, once, and only where there are others."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.credentials.api_key import api_key
from adapters.credentials.carried import bearing, with_query
from adapters.credentials.credential_kinds import ApiKey
from adapters.credentials.renewal import sent_with
from adapters.credentials.secrets import Secret
from adapters.failures import NotSent, Unavailable
from adapters.messages import Request, Response

CHANGE = Request("users", "addUser", "POST", "/users", body=b"{}")
_SEGMENT = st.text(st.characters(codec="ascii", categories=["L", "Nd"]), max_size=5)


class Held:
    """Credentials, and those that come after."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.refused: list[str] = []

    async def current(self) -> str:
        return self.texts[0]

    async def renewed(self, refused: str) -> str | None:
        self.refused.append(refused)
        self.texts = self.texts[1:]
        return self.texts[0] if self.texts else None


class Wire:
    """A service that answers with these, or raises them, and notes what it was sent."""

    def __init__(self, *outcomes: int | BaseException, leaves: bool = True) -> None:
        self.outcomes = list(outcomes)
        self.tokens: list[str] = []
        self.leaves = leaves

    async def __call__(self, request: Request) -> Response:
        self.tokens.append(request.headers["authorization"])
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, BaseException):
            if self.leaves:
                request.departure.mark()
            raise outcome
        request.departure.mark()
        return Response(outcome, {}, b"")


@pytest.mark.parametrize(
    ("statuses", "status", "tokens", "refused"),
    [
        ([200], 200, ["Bearer a"], []),
        ([500], 500, ["Bearer a"], []),
        ([403], 403, ["Bearer a"], []),
        ([401, 201], 201, ["Bearer a", "Bearer b"], ["a"]),
        ([401, 401], 401, ["Bearer a", "Bearer b"], ["a"]),
    ],
)
async def test_a_401_is_answered_with_new_credentials_once(
    statuses: list[int], status: int, tokens: list[str], refused: list[str]
):
    """A 401, and nothing else, asks for other credentials, and the call goes out once more: not twice."""
    held, wire = Held("a", "b", "c"), Wire(*statuses)
    assert (await sent_with(CHANGE, wire, held, bearing)).status == status
    assert (wire.tokens, held.refused) == (tokens, refused)


async def test_without_other_credentials_the_refusal_is_the_answer():
    """Where there are no others, nothing is sent again."""
    wire = Wire(401)
    assert (await sent_with(CHANGE, wire, Held("a"), bearing)).status == 401
    assert wire.tokens == ["Bearer a"]


@pytest.mark.parametrize(
    ("outcomes", "leaves", "sent"),
    [
        ([Unavailable("x", sent=True)], True, True),
        ([Unavailable("x", sent=False)], False, False),
        # RFC 9110, section 15.5.2: what was refused has not been applied.
        ([401, Unavailable("x", sent=False)], False, False),
        ([401, Unavailable("x", sent=True)], True, True),
    ],
)
async def test_what_was_refused_has_not_been_sent(
    outcomes: list[int | BaseException], leaves: bool, sent: bool
):
    """A change is unknown only where the attempt that was not refused may have left."""
    request = Request("users", "addUser", "POST", "/users")
    with pytest.raises(Unavailable):
        await sent_with(request, Wire(*outcomes, leaves=leaves), Held("a", "b"), bearing)
    assert request.departure.sent is sent


async def test_a_rotated_key_is_used_at_once(tmp_path: Path):
    """A service that refuses the old key is sent the one that the file holds by now."""
    file = tmp_path / "key"
    file.write_text("old\n")
    policy = api_key("users", ApiKey(Secret(file=file), header="authorization"), lambda: 0.0)
    assert (await policy(CHANGE, Wire(200))).status == 200
    file.write_text("new\n")
    wire = Wire(401, 200)
    assert (await policy(CHANGE, wire)).status == 200
    assert wire.tokens == ["old", "new"]


async def test_a_key_that_cannot_be_had_is_not_sent(tmp_path: Path):
    """Without its key a call fails before it leaves, and says which service it was for."""
    policy = api_key("users", ApiKey(Secret(file=tmp_path / "no"), query="k"), lambda: 0.0)
    with pytest.raises(NotSent, match=r"users: its secret's file cannot be read"):
        await policy(CHANGE, Wire())


async def test_a_key_in_the_query_is_the_only_one_of_its_name():
    """The key takes the place of every parameter of its name, however that is encoded, and is encoded itself."""
    policy = api_key("users", ApiKey(Secret("a&b=c d/é"), query="api key"), lambda: 0.0)
    seen: list[Request] = []

    async def send(request: Request) -> Response:
        seen.append(request)
        return Response(200, {}, b"")

    target = "/u?a=1&api+key=x&%61pi%20key=y&b=%26&api%20key"
    await policy(Request("users", "get", "GET", target, headers={"authorization": "x", "a": "b"}), send)
    assert [one.target for one in seen] == ["/u?a=1&b=%26&api%20key=a%26b%3Dc%20d%2F%C3%A9"]
    assert [one.headers for one in seen] == [{"a": "b"}]
    assert "c%20d" not in repr(seen)


@given(st.lists(st.tuples(_SEGMENT, _SEGMENT), max_size=4), _SEGMENT.filter(bool), st.text(min_size=1))
def test_other_parameters_stay_as_they_are(pairs: list[tuple[str, str]], name: str, key: str):
    """Whatever else stands in a query stays, in its order; the key comes last."""
    query = "&".join(f"{one}={text}" for one, text in pairs)
    request = Request("users", "get", "GET", f"/u?{query}" if pairs else "/u")
    path, _, after = with_query(request, name, key.encode("utf-8", "replace").decode()).target.partition("?")
    assert path == "/u"
    assert after.split("&")[:-1] == [f"{one}={text}" for one, text in pairs if one != name]
    assert after.split("&")[-1].startswith(f"{name}=")


@pytest.mark.parametrize("places", [{}, {"header": "a", "query": "b"}])
def test_a_key_has_one_place(places: dict[str, str]):
    """A key goes in a header or in the query, never both."""
    with pytest.raises(ValueError, match="in a header or in the query"):
        ApiKey(Secret("k"), **places)


@pytest.mark.parametrize("key", ["s3cr3t-key", "a/b&c=d e+f%", "k(k)/k"])
async def test_a_key_in_the_query_does_not_come_back(key: str):
    """A service that repeats the URL, in a link, a header or a complaint, tells nobody the key; the rest stays."""
    policy = api_key("users", ApiKey(Secret(key), query="key"), lambda: 0.0)

    async def echo(request: Request) -> Response:
        link = f"<https://h{request.target}>; rel=next"
        body = f'{{"next": "https://h{request.target}", "raw": "{key}", "a": "b"}}'
        return Response(200, {"link": link, "x-form": quote_plus(key), "etag": "1"}, body.encode())

    found = await policy(Request("users", "get", "GET", "/u?a=1"), echo)
    assert found == Response(
        200,
        {"link": "<https://h/u?a=1&key=[key]>; rel=next", "x-form": "[key]", "etag": "1"},
        b'{"next": "https://h/u?a=1&key=[key]", "raw": "[key]", "a": "b"}',
    )


async def test_an_answer_without_the_key_is_given_as_it_is():
    """Nothing is copied where there is nothing to hide."""
    policy = api_key("users", ApiKey(Secret("s3cr3t-key"), query="key"), lambda: 0.0)
    answer = Response(200, {"a": "b"}, b"{}")

    async def send(_: Request) -> Response:
        return answer

    assert await policy(CHANGE, send) is answer
