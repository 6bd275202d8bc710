"""The users service over HTTP, each answer held against its contract."""

from __future__ import annotations

import pytest

from examples.parfinanciero.inprocess import Example
from tests.parfinanciero.conftest import Client


@pytest.fixture
def writer(parfinanciero: Example) -> str:
    """A token that may change users, which none of the demo's callers has."""
    return parfinanciero.sign("u-0009", "acme", ["users:read", "users:write"])


async def test_a_user_comes_in_an_envelope(client: Client) -> None:
    """getUser answers the user within `data`, every digit of an int64 kept, and an ETag."""
    answer = await client.send("users", "GET", "/v1/users/u-0001")
    assert (answer.status, list(answer.body), answer.headers["ETag"]) == (200, ["data"], '"1"')
    user = answer.body["data"]
    assert (user["id"], user["loyalty_points"]) == ("u-0001", 9_007_199_254_740_993)
    assert set(user["profile"]["address"]) == {"street", "city", "country"}
    assert set(user["preferences"]) >= {"newsletter", "theme"}


@pytest.mark.parametrize("seen", ['"1"', 'W/"1"', '"0", "1"', "*"])
async def test_an_unchanged_user_is_not_sent_again(client: Client, seen: str) -> None:
    """If-None-Match with the present ETag, also weak or among others, is answered with 304 and no body."""
    answer = await client.send("users", "GET", "/v1/users/u-0001", headers={"If-None-Match": seen})
    assert (answer.status, answer.headers["ETag"], answer.body) == (304, '"1"', None)


async def test_a_changed_user_is_sent_again(client: Client) -> None:
    """If-None-Match with another ETag gets the user."""
    answer = await client.send("users", "GET", "/v1/users/u-0001", headers={"If-None-Match": '"7"'})
    assert (answer.status, answer.body["data"]["id"]) == (200, "u-0001")


async def test_an_unknown_user_is_a_declared_404(client: Client) -> None:
    """An id that no user has is a problem document with 404."""
    answer = await client.send("users", "GET", "/v1/users/nobody")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body == {
        "type": "https://parfinanciero.example/problems/user-not-found",
        "title": "There is no such user",
        "status": 404,
    }


async def test_users_never_appear_in_another_tenant(client: Client, parfinanciero: Example) -> None:
    """Another tenant's user is not found, not listed by id and not counted."""
    globex = parfinanciero.sign("u-0700", "globex", ["users:read"])
    seen = [
        await client.send("users", "GET", "/v1/users/u-0001", token=globex, tenant="globex"),
        await client.send(
            "users", "GET", "/v1/users", token=globex, tenant="globex", query={"ids": "u-0001,u-0700"}
        ),
    ]
    assert seen[0].status == 404
    assert [user["id"] for user in seen[1].body["data"]] == ["u-0700"]
    assert seen[1].body["meta"] == {"page": 1, "per_page": 20, "total": 1}


async def test_many_users_come_in_one_call(client: Client, parfinanciero: Example) -> None:
    """listUsers answers up to 50 ids, each user once, and leaves unknown ids out."""
    wanted = [f"u-{number:04d}" for number in range(1, 49)]
    answer = await client.send(
        "users", "GET", "/v1/users", query={"ids": ",".join([*wanted, "u-0001", "nobody"]), "per_page": 100}
    )
    assert [user["id"] for user in answer.body["data"]] == wanted
    assert answer.body["meta"] == {"page": 1, "per_page": 100, "total": 48}
    assert parfinanciero.calls("users") == {"listUsers": 1}


async def test_a_list_of_ids_is_bounded_and_has_no_gaps(client: Client) -> None:
    """More than 50 ids, an empty id and an empty list are refused."""
    many = ",".join(f"u-{number:04d}" for number in range(1, 52))
    said = [
        (await client.send("users", "GET", "/v1/users", query={"ids": ids})).mistakes
        for ids in (many, "u-0001,,u-0002", "")
    ]
    assert said == [
        [("ids", "must have 1 to 50 items")],
        [("ids", "items must have 1 to 64 characters")],
        [("ids", "must have 1 to 3250 characters")],
    ]


async def test_pages_add_up_to_the_whole(client: Client) -> None:
    """Page after page lists every user of the tenant once, by id; a page past the end is empty."""
    pages = [
        await client.send("users", "GET", "/v1/users", query={"page": page, "per_page": 100})
        for page in range(1, 8)
    ]
    assert [len(page.body["data"]) for page in pages] == [100] * 6 + [0]
    assert [user["id"] for page in pages for user in page.body["data"]] == [
        f"u-{number:04d}" for number in range(1, 601)
    ]
    assert pages[6].body["meta"] == {"page": 7, "per_page": 100, "total": 600}


async def test_a_page_holds_twenty_unless_told(client: Client) -> None:
    """Without parameters the first 20 users come."""
    answer = await client.send("users", "GET", "/v1/users")
    assert (len(answer.body["data"]), answer.body["meta"]) == (20, {"page": 1, "per_page": 20, "total": 600})


async def test_wrong_parameters_are_told_together(client: Client) -> None:
    """All wrong parameters are named in one answer."""
    query: list[tuple[str, str | int]] = [("page", 1), ("page", 2), ("per_page", 101), ("ids", "x" * 65)]
    answer = await client.send("users", "GET", "/v1/users", query=query)
    assert answer.status == 400
    assert answer.mistakes == [
        ("ids", "items must have 1 to 64 characters"),
        ("page", "stands more than once"),
        ("per_page", "must be a whole number from 1 to 100"),
    ]


@pytest.mark.parametrize("page", ["0", "-1", "x", "1.5", "1000001", "²"])
async def test_a_page_number_is_whole_and_bounded(client: Client, page: str) -> None:
    """A page that is no whole number from 1 to 1,000,000 is refused."""
    answer = await client.send("users", "GET", "/v1/users", query={"page": page})
    assert (answer.status, answer.mistakes) == (400, [("page", "must be a whole number from 1 to 1000000")])


async def test_a_change_makes_a_new_version(client: Client, writer: str) -> None:
    """updateUser changes the named members, leaves the others, and gives the next ETag."""
    before = (await client.send("users", "GET", "/v1/users/u-0004")).body["data"]
    change = {
        "name": "New Name",
        "email": "new@example.org",
        "status": "closed",
        "birth_date": None,
        "preferences": {"any": [1, {"thing": None}]},
        "profile": {"phone": None, "address": {"street": "A 1", "city": "B", "country": "DE"}},
    }
    answer = await client.send(
        "users", "PATCH", "/v1/users/u-0004", token=writer, body=change, headers={"If-Match": '"1"'}
    )
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert answer.body == {"data": {**before, **change}}
    again = await client.send("users", "GET", "/v1/users/u-0004", headers={"If-None-Match": '"1"'})
    assert (again.status, again.body) == (200, answer.body)


async def test_members_that_are_not_named_stay(client: Client, writer: str) -> None:
    """A change of one member, without If-Match, leaves everything else as it was."""
    before = (await client.send("users", "GET", "/v1/users/u-0005")).body["data"]
    answer = await client.send(
        "users", "PATCH", "/v1/users/u-0005", token=writer, body={"birth_date": "1990-02-28"}
    )
    assert answer.body == {"data": {**before, "birth_date": "1990-02-28"}}


@pytest.mark.parametrize("condition", ['"2"', 'W/"1"', "nonsense", ""])
async def test_another_version_is_not_changed(client: Client, writer: str, condition: str) -> None:
    """If-Match that does not name the present version is 412, and nothing changes; weak tags never match."""
    answer = await client.send(
        "users",
        "PATCH",
        "/v1/users/u-0004",
        token=writer,
        body={"name": "X"},
        headers={"If-Match": condition},
    )
    after = await client.send("users", "GET", "/v1/users/u-0004")
    assert (answer.status, after.headers["ETag"]) == (412, '"1"')


async def test_no_demo_caller_may_change_users(client: Client) -> None:
    """ana reads users, but lacks the scope to change them."""
    answer = await client.send("users", "PATCH", "/v1/users/u-0001", body={"name": "X"})
    assert (answer.status, answer.body["title"]) == (403, "The token lacks the scope users:write")


async def test_all_mistakes_of_a_body_are_told_together(client: Client, writer: str) -> None:
    """A wrong body is 422 with a pointer to every mistake, unknown members among them."""
    body = {
        "name": "",
        "email": "nobody",
        "status": "gone",
        "birth_date": "2026-02-30",
        "preferences": [],
        "profile": {"address": {"street": 7, "country": "de"}},
        "a/b": 1,
    }
    answer = await client.send("users", "PATCH", "/v1/users/u-0004", token=writer, body=body)
    assert answer.status == 422
    assert answer.mistakes == [
        ("#/a~1b", "is not known here; known are name, email, status, birth_date, profile, preferences"),
        ("#/name", "must have 1 to 120 characters"),
        ("#/email", r"must match [^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+"),
        ("#/status", "must be one of active, suspended, closed"),
        ("#/birth_date", "must be a date"),
        ("#/preferences", "must be an object"),
        ("#/profile/phone", "is required"),
        ("#/profile/address/street", "must be a string"),
        ("#/profile/address/city", "is required"),
        ("#/profile/address/country", "must match [A-Z]{2}"),
    ]


@pytest.mark.parametrize(
    ("body", "mistake"),
    [
        ({}, ("#", "must name at least one member")),
        ([1], ("#", "must be an object")),
        ({"profile": None}, ("#/profile", "must be an object")),
        ({"birth_date": 5}, ("#/birth_date", "must be a string or null")),
        ({"birth_date": "2026-W01-1"}, ("#/birth_date", "must match [0-9]{4}-[0-9]{2}-[0-9]{2}")),
    ],
)
async def test_a_body_is_an_object_that_names_something(
    client: Client, writer: str, body: object, mistake: tuple[str, str]
) -> None:
    """A body that is no object, or an empty one, is refused at its place."""
    answer = await client.send("users", "PATCH", "/v1/users/u-0004", token=writer, body=body)
    assert (answer.status, answer.mistakes[0]) == (422, mistake)


@pytest.mark.parametrize(
    ("raw", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"name": "\xff"}', "application/json", 400),
        (b"[" * 50_000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b'"' + b"x" * 70_000 + b'"', "application/json", 413),
    ],
)
async def test_what_is_no_json_is_refused(
    client: Client, writer: str, raw: bytes, media_type: str, status: int
) -> None:
    """Broken JSON, bad UTF-8, endless nesting, other media types and large bodies are problem documents."""
    answer = await client.send(
        "users", "PATCH", "/v1/users/u-0004", token=writer, raw=raw, headers={"Content-Type": media_type}
    )
    assert (answer.status, answer.body["status"]) == (status, status)
