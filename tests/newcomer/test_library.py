"""A project that a newcomer wrote by the README, over services with other names, envelopes and ways of paging."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from graph.app import App, load
from graph.serving.server import serving
from tests.newcomer.library_services import BIG, CALLS, catalogue, lending, loan_id

LIBRARY = Path(__file__).resolve().parent / "library"


class Library:
    """The served library and its two services' counters."""

    def __init__(self, url: str, apps: list[web.Application], session: aiohttp.ClientSession) -> None:
        self._url = url
        self._apps = apps
        self._session = session

    async def ask(
        self, query: str, variables: Mapping[str, Any] | None = None
    ) -> tuple[Any, list[tuple[list[Any], str]]]:
        """Data, and path and code of each error; the counters begin at zero with it."""
        for app in self._apps:
            app[CALLS].clear()
        body = {"query": query, "variables": dict(variables or {})}
        async with self._session.post(self._url, json=body) as response:
            answer = msgspec.json.decode(await response.read())
        errors = [(one.get("path"), one["extensions"]["code"]) for one in answer.get("errors", [])]
        return answer.get("data"), errors

    def calls(self) -> dict[str, int]:
        """What the last query cost, by the names of the services' routes."""
        return {name: count for app in self._apps for name, count in app[CALLS].items()}


@pytest.fixture
async def library() -> AsyncIterator[Library]:
    """The library's project, served over its services."""
    apps = [catalogue(), lending()]
    runners: list[web.AppRunner] = []
    urls: list[str] = []
    try:
        for app in apps:
            runner = web.AppRunner(app)
            await runner.setup()
            runners.append(runner)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            urls.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
        project: App = load(LIBRARY, {"CATALOG_URL": urls[0], "LENDING_URL": urls[1]})
        async with (
            serving(project.application(), "127.0.0.1", 0) as url,
            aiohttp.ClientSession() as session,
        ):
            yield Library(f"{url}/graphql", apps, session)
    finally:
        for runner in runners:
            await runner.cleanup()


async def test_names_envelopes_and_formats_are_the_graphs_own(library: Library) -> None:
    """Upstream names in every style become GraphQL's; enums, decimals and nested values come as their types."""
    data, errors = await library.ask(
        "{work(workId: 1){workId title subTitle fullTitle language isbn price pages authors{fullName birthYear}}}"
    )
    assert errors == []
    assert data == {
        "work": {
            "workId": "1",
            "title": "Os Maias",
            "subTitle": None,
            "fullTitle": "Os Maias",
            "language": "PT_BR",
            "isbn": "978-1",
            "price": "12.1",
            "pages": 720,
            "authors": [{"fullName": "Eça de Queirós", "birthYear": 1845}],
        }
    }
    assert library.calls() == {"find": 1}


async def test_a_post_lookup_batches_by_its_own_limit(library: Library) -> None:
    """Twenty loans lead to twenty different works in lookups of at most three; unknown ones are null."""
    data, errors = await library.ask(
        "{member(memberNo: 7){name loans(first: 20){nodes{work{workId title}}}}}"
    )
    works = [node["work"] for node in data["member"]["loans"]["nodes"]]
    assert errors == []
    assert works[:4] == [
        {"workId": "1", "title": "Os Maias"},
        {"workId": "2", "title": "Dune"},
        {"workId": "3", "title": "水浒传"},
        {"workId": str(BIG), "title": "The Last Digit"},
    ]
    assert works[4:] == [None] * 16
    assert library.calls() == {"member": 1, "loans": 1, "lookup": 7}


async def test_page_tokens_lead_through_a_connection(library: Library) -> None:
    """Tokens of the upstream become cursors: three pages of two, two and one, and the total is known."""
    query = (
        "query($after: String) {works(first: 2, after: $after)"
        "{totalCount pageInfo{hasNextPage endCursor} nodes{title}}}"
    )
    titles: list[list[str]] = []
    after = None
    for _ in range(5):
        data, errors = await library.ask(query, {"after": after})
        assert (errors, library.calls(), data["works"]["totalCount"]) == ([], {"search": 1}, 5)
        titles.append([one["title"] for one in data["works"]["nodes"]])
        if not data["works"]["pageInfo"]["hasNextPage"]:
            break
        after = data["works"]["pageInfo"]["endCursor"]
    assert titles == [["Os Maias", "Dune"], ["水浒传", "Emma"], ["The Last Digit"]]


async def test_an_argument_with_a_name_that_graphql_lacks_reaches_its_parameter(library: Library) -> None:
    """`filter[language]` is the argument filterLanguage, and its enum's value is the contract's own."""
    data, errors = await library.ask("{works(filterLanguage: ZH_HANT){nodes{title}}}")
    assert (data, errors) == ({"works": {"nodes": [{"title": "水浒传"}]}}, [])


async def test_numbered_pages_from_zero_are_followed_to_the_end(library: Library) -> None:
    """A list of a paged operation is whole: 25 loans in as few pages as the service allows."""
    data, errors = await library.ask("{member(memberNo: 7){allLoans{loanId dueOn returned}}}")
    loans = data["member"]["allLoans"]
    assert errors == []
    assert [one["loanId"] for one in loans] == [loan_id(number) for number in range(25)]
    assert loans[0] == {"loanId": loan_id(0), "dueOn": "2027-01-01", "returned": False}
    assert library.calls()["loans"] <= 2


async def test_a_stated_way_of_paging_is_followed(library: Library) -> None:
    """`nextPage` numbers, stated in the declaration, lead to all five reviews; their members are asked once each."""
    data, errors = await library.ask("{work(workId: 1){reviews{stars by{name}}}}")
    assert errors == []
    assert [(one["stars"], one["by"]["name"]) for one in data["work"]["reviews"]] == [
        (1, "Ida"),
        (2, "Otto"),
        (3, "Ida"),
        (4, "Otto"),
        (5, "Ida"),
    ]
    assert library.calls() == {"find": 1, "reviews": 3, "member": 2}


async def test_ids_beyond_doubles_keep_every_digit(library: Library) -> None:
    """An integer key of 2^53 + 1 goes out and comes back whole, also from Python."""
    data, errors = await library.ask(f'{{work(workId: "{BIG}"){{title}} favourite{{workId}}}}')
    assert (data, errors) == ({"work": {"title": "The Last Digit"}, "favourite": {"workId": str(BIG)}}, [])
    assert library.calls() == {"find": 1}


async def test_what_is_not_there_is_null(library: Library) -> None:
    """A declared 404 of a lookup is null without an error."""
    assert await library.ask("{work(workId: 99){title} member(memberNo: 99){name}}") == (
        {"work": None, "member": None},
        [],
    )


async def test_changes_are_made_and_refused(library: Library) -> None:
    """201 gives the new object, a 409 is CONFLICT, a 204 is true, a 404 of a change NOT_FOUND."""
    lend = "mutation($work: BigInt!) {lend(input: {memberNo: 8, workId: $work}){loanId member{name} work{title}}}"
    data, errors = await library.ask(lend, {"work": "4"})
    assert errors == []
    assert data == {"lend": {"loanId": loan_id(25), "member": {"name": "Otto"}, "work": {"title": "Emma"}}}
    assert library.calls() == {"lend": 1, "member": 1, "find": 1}
    assert await library.ask(lend, {"work": "4"}) == ({"lend": None}, [(["lend"], "CONFLICT")])
    back = f'mutation{{giveBack(loanId: "{loan_id(25)}")}}'
    assert await library.ask(back) == ({"giveBack": True}, [])
    assert await library.ask(back) == ({"giveBack": None}, [(["giveBack"], "NOT_FOUND")])


async def test_input_beyond_the_contract_is_not_sent(library: Library) -> None:
    """A bound of the body is checked before the call."""
    data, errors = await library.ask("mutation{lend(input: {memberNo: 8, workId: 4, days: 61}){loanId}}")
    assert (data, errors, library.calls()) == ({"lend": None}, [(["lend"], "BAD_USER_INPUT")], {})
