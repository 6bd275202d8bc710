"""Services are told how many milliseconds are left, and none is called with none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.failures import TimedOut
from adapters.messages import Request, Response
from adapters.policies.budget import budget, remaining

HEADER = "x-request-timeout-ms"
READ = Request(
    "users", "listUsers", "GET", "/users", headers={"accept-language": "de"}, deadline=12.5, safe=True
)


class Wire:
    """Keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[Request] = []

    async def __call__(self, request: Request) -> Response:
        self.got.append(request)
        return Response(200, {}, b"")


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_no_more_is_promised_than_there_is(deadline: float, now: float):
    """The milliseconds told never reach beyond the deadline, and miss it by less than one."""
    left = remaining(deadline, now)
    if deadline >= now:
        assert left <= (deadline - now) * 1000 < left + 1


async def test_what_is_left_goes_along():
    """The header holds what is left when the call goes out; whatever a client passed under its name is replaced."""
    wire = Wire()
    passed = replace(READ, headers={**READ.headers, HEADER: "99999"})
    for request in (READ, passed):
        await budget(HEADER, lambda: 11.0)(request, wire)
    assert [dict(one.headers) for one in wire.got] == [{"accept-language": "de", HEADER: "1500"}] * 2


@pytest.mark.parametrize(("header", "deadline"), [(None, 12.5), (HEADER, None)])
async def test_nothing_is_told_where_nobody_reads_it(header: str | None, deadline: float | None):
    """Without a header or a deadline the request goes as it is."""
    wire = Wire()
    request = replace(READ, deadline=deadline)
    await budget(header, lambda: 11.0)(request, wire)
    assert wire.got[0] is request


async def test_with_nothing_left_nobody_is_called():
    """Where less than a millisecond is left, the call is TimedOut, and not sent."""
    wire = Wire()
    with pytest.raises(TimedOut, match="users: no time left to call listUsers") as caught:
        await budget(HEADER, lambda: 12.4995)(READ, wire)
    assert (caught.value.sent, wire.got) == (False, [])
