"""Which transport answers a request and in which form, and how much of that is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from graph.http.exchange import Exchange
from graph.http.refused import Refused
from graph.http.ways import MOST_CHARACTERS, MOST_REMEMBERED, Way, Ways


class Counted:
    """A transport of one method and one type of content, which counts how often it is asked."""

    identifies = False

    def __init__(self, method: str, content: str | None, forms: Sequence[str]) -> None:
        self.methods = (method,)
        self.forms = forms
        self.asked = 0
        self._content = content

    def supports(self, request: web.Request) -> bool:
        self.asked += 1
        return request.method in self.methods and request.headers.get("content-type") == self._content

    async def respond(self, request: web.Request, exchange: Exchange) -> web.StreamResponse:
        raise NotImplementedError  # nobody asks in these tests


@pytest.fixture
def form() -> Counted:
    return Counted("POST", "multipart/form-data", ())


@pytest.fixture
def post() -> Counted:
    return Counted("POST", None, ("a/b", "c/d"))


@pytest.fixture
def ways(form: Counted, post: Counted) -> Ways:
    return Ways([form, post])


def asked(method: str = "POST", **headers: str) -> web.Request:
    return make_mocked_request(
        method,
        "/graphql",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        loop=asyncio.get_running_loop(),
    )


async def test_the_first_transport_that_supports_a_request_answers_it(ways, form, post):
    """Transports are asked in their order; the form of the answer is the one that the client likes best, none where
    there is no choice.
    """
    assert ways.of(asked(content_type="multipart/form-data")) == Way(form, "")
    assert post.asked == 0
    assert ways.of(asked(accept="a/b;q=0.5, c/d")) == Way(post, "c/d")
    assert ways.of(asked(accept="a/b")) == Way(post, "a/b")
    assert ways.of(asked()) == Way(post, "c/d")


async def test_what_was_found_for_a_combination_is_not_looked_for_again(ways, form, post):
    """Requests of the same method, content, upgrade and `Accept` find their way once; any of these that differs is
    another combination.
    """
    for _ in range(3):
        assert ways.of(asked(accept="a/b")) == Way(post, "a/b")
    assert (form.asked, post.asked) == (1, 1)
    ways.of(asked(accept="c/d"))
    ways.of(asked(accept="a/b", upgrade="websocket"))
    assert (form.asked, post.asked) == (3, 3)
    ways.of(asked(accept="a/b", content_type="multipart/form-data"))
    assert (form.asked, post.asked) == (4, 3)
    with pytest.raises(Refused):
        ways.of(asked("GET", accept="a/b"))


async def test_an_empty_header_is_not_a_missing_one(ways, post):
    """`Content-Type:` with nothing in it is a combination of its own."""
    assert ways.of(asked()) == Way(post, "c/d")
    with pytest.raises(Refused) as refused:
        ways.of(asked(content_type=""))
    assert refused.value.status == 405


async def test_what_nobody_answers_is_refused_each_time(ways, form):
    """405 names every method that is answered, 406 every form; neither is remembered."""
    for count in (1, 2):
        with pytest.raises(Refused) as refused:
            ways.of(asked("PUT"))
        assert (refused.value.status, refused.value.message, refused.value.headers) == (
            405, "The endpoint accepts POST.", {"allow": "POST"},
        )  # fmt: skip
        assert form.asked == count
    with pytest.raises(Refused) as refused:
        ways.of(asked(accept="x/y"))
    assert (refused.value.status, refused.value.message) == (406, "Answers are a/b or c/d.")


async def test_only_so_many_combinations_are_remembered(ways, form):
    """The oldest makes room for the newest, so that no client can fill the memory."""
    for number in range(MOST_REMEMBERED + 1):
        ways.of(asked(accept=f"a/b, x/{number}"))
    before = form.asked
    ways.of(asked(accept=f"a/b, x/{MOST_REMEMBERED}"))
    ways.of(asked(accept="a/b, x/1"))
    assert form.asked == before
    ways.of(asked(accept="a/b, x/0"))
    assert form.asked == before + 1


async def test_a_long_combination_is_not_remembered(ways, form):
    """Nobody's ordinary headers are that long."""
    accept = "a/b, x/" + "y" * MOST_CHARACTERS
    ways.of(asked(accept=accept))
    ways.of(asked(accept=accept))
    assert form.asked == 2
