"""Requests of other sites' pages, on a real socket: refused whatever way they come, unless they are allowed."""

from __future__ import annotations

import aiohttp
import pytest

from graph.http.cross_site import check_site
from graph.http.refused import Refused
from tests.graph.scripted_server import edge, error

REFUSED = "The request comes from a page of another site; the project allows sites under [graph] origins."
SOCKET = ["graphql-transport-ws"]


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "nonsense"}, False),
        ({"origin": "https://graph.example"}, True),
        ({"origin": "http://GRAPH.example"}, False),
        ({"origin": "https://graph.example:8443"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "https://graph.example.evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "https://["}, False),
        ({"origin": "https://inside.proxy", "sec-fetch-site": "same-origin"}, True),
        ({"origin": "https://graph.example", "sec-fetch-site": "cross-site"}, False),
        ({"origin": "https://app.example"}, True),
        ({"origin": "https://APP.example:443", "sec-fetch-site": "cross-site"}, True),
        ({"origin": "http://app.example", "sec-fetch-site": "cross-site"}, False),
    ],
)
def test_which_requests_come_from_another_site(headers, passes):
    """A browser's own word decides, else the origin against the host; clients that say neither are no browsers."""
    allowed = frozenset({"https://app.example"})
    asked = {"host": "graph.example:443", **headers}
    if passes:
        check_site(asked, allowed)
    else:
        with pytest.raises(Refused) as caught:
            check_site(asked, allowed)
        assert (caught.value.status, caught.value.code) == (403, "CROSS_SITE_REQUEST")


async def test_no_transport_answers_another_sites_page():
    """GET, POST, event streams, forms and sockets are refused alike, before anything is read or executed."""
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "X-Request-Id": "r"}
    expected = (403, error(REFUSED, "CROSS_SITE_REQUEST", "r"))
    async with edge() as one:
        url = f"{one.url}/graphql"
        for method, more in (
            ("GET", {}),
            ("POST", {"content-type": "application/json"}),
            ("POST", {"content-type": "text/plain"}),
            ("POST", {"content-type": "multipart/form-data; boundary=b", "apollo-require-preflight": "1"}),
            ("GET", {"accept": "text/event-stream"}),
        ):
            async with one.client.request(
                method, url, params={"query": "{a}"}, data=b"{", headers={**headers, **more}
            ) as response:
                assert (response.status, await response.json()) == expected
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await one.client.ws_connect(url, protocols=SOCKET, headers=headers)
        assert caught.value.status == 403
        assert one.executor.calls == []


async def test_an_allowed_site_is_answered():
    """A site that the project names under origins may ask, by socket too."""
    headers = {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}
    async with edge(origins=("https://app.example",)) as one:
        url = f"{one.url}/graphql"
        async with one.client.post(url, json={"query": "{a}"}, headers=headers) as response:
            assert response.status == 200
        async with one.client.ws_connect(url, protocols=SOCKET, headers=headers) as socket:
            assert socket.protocol == SOCKET[0]


async def test_a_sockets_origin_is_compared_with_its_host():
    """Browsers that send no Sec-Fetch-Site with an upgrade send Origin: it must be this host's."""
    async with edge() as one:
        url = f"{one.url}/graphql"
        async with one.client.ws_connect(url, protocols=SOCKET, headers={"Origin": one.url}) as socket:
            assert socket.protocol == SOCKET[0]
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await one.client.ws_connect(url, protocols=SOCKET, headers={"Origin": "http://127.0.0.1:1"})
        assert caught.value.status == 403
