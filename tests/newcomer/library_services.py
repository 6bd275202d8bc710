"""Two small REST services of a library, as two teams would write them: a catalogue and the lending desk."""

from __future__ import annotations

from collections import Counter
from typing import Any

from aiohttp import web

BIG = 9_007_199_254_740_993
WORKS: dict[int, dict[str, Any]] = {
    1: {
        "workId": 1,
        "title": "Os Maias",
        "language": "pt-BR",
        "ISBN13": "978-1",
        "priceEUR": 12.10,
        "authors": [{"fullName": "Eça de Queirós", "birthYear": 1845}],
        "dimensions": {"pageCount": 720},
    },
    2: {"workId": 2, "title": "Dune", "subTitle": "Part One", "language": "en", "authors": []},
    3: {"workId": 3, "title": "水浒传", "language": "zh-Hant", "authors": [{"fullName": "施耐庵"}]},
    4: {"workId": 4, "title": "Emma", "subTitle": None, "language": "en", "authors": []},
    BIG: {"workId": BIG, "title": "The Last Digit", "language": "en", "authors": []},
}
MEMBERS = {
    7: {"memberNo": 7, "name": "Ida", "status": "ACTIVE", "e-mail": "ida@example.org"},
    8: {"memberNo": 8, "name": "Otto", "status": "BLOCKED"},
}
REVIEWS = [
    {"reviewId": f"00000000-0000-4000-8000-{n:012d}", "stars": 1 + n % 5, "text": None, "memberNo": 7 + n % 2}
    for n in range(5)
]
CALLS: web.AppKey[Counter[str]] = web.AppKey("calls", Counter)
LOANS: web.AppKey[list[dict[str, Any]]] = web.AppKey("loans", list)


def loan_id(number: int) -> str:
    """The id of the loan of this number."""
    return f"10000000-0000-4000-8000-{number:012d}"


@web.middleware
async def count(request: web.Request, handler: Any) -> web.StreamResponse:
    """Counts each call by its route's name."""
    request.app[CALLS][str(request.match_info.route.resource.name)] += 1  # type: ignore[union-attr]  # routes have one
    answer: web.StreamResponse = await handler(request)
    return answer


def catalogue() -> web.Application:
    """The catalogue: tokens for pages, a lookup by POST, next page numbers for reviews."""

    async def search(request: web.Request) -> web.Response:
        start, size = int(request.query.get("pageToken", 0)), int(request.query.get("pageSize", 10))
        language = request.query.get("filter[language]")
        found = [work for work in WORKS.values() if language in (None, work["language"])]
        page: dict[str, Any] = {"results": found[start : start + size], "totalSize": len(found)}
        if start + size < len(found):
            page["nextPageToken"] = str(start + size)
        return web.json_response(page)

    async def find(request: web.Request) -> web.Response:
        work = WORKS.get(int(request.match_info["workId"]))
        if work is None:
            return web.json_response({"error": "no such work"}, status=404)
        return web.json_response(work)

    async def lookup(request: web.Request) -> web.Response:
        ids = (await request.json())["workIds"]
        assert len(ids) <= 3
        return web.json_response({"results": [WORKS[one] for one in reversed(ids) if one in WORKS]})

    async def reviews(request: web.Request) -> web.Response:
        page = int(request.query.get("page", 1))
        found = REVIEWS if request.match_info["workId"] == "1" else []
        following = page + 1 if len(found) > page * 2 else None
        return web.json_response({"results": found[(page - 1) * 2 : page * 2], "nextPage": following})

    app = web.Application(middlewares=[count])
    app[CALLS] = Counter()
    app.router.add_get("/v2/works", search, name="search")
    app.router.add_get("/v2/works/{workId}", find, name="find")
    app.router.add_post("/v2/works/lookup", lookup, name="lookup")
    app.router.add_get("/v2/works/{workId}/reviews", reviews, name="reviews")
    return app


def lending() -> web.Application:
    """The lending desk: pages from 0 as Spring writes them, errors too, and a DELETE without an answer."""

    async def member(request: web.Request) -> web.Response:
        found = MEMBERS.get(int(request.match_info["memberNo"]))
        return web.Response(status=404) if found is None else web.json_response({"member": found})

    async def loans(request: web.Request) -> web.Response:
        number, size = int(request.query.get("page", 0)), int(request.query.get("size", 20))
        wanted = request.query.get("memberNo")
        found = [loan for loan in request.app[LOANS] if wanted in (None, str(loan["memberNo"]))]
        content = found[number * size : number * size + size]
        pages = -(-len(found) // size)
        return web.json_response(
            {
                "content": content,
                "totalElements": len(found),
                "totalPages": pages,
                "number": number,
                "size": size,
                "first": number == 0,
                "last": number + 1 >= pages,
            }
        )

    async def lend(request: web.Request) -> web.Response:
        asked = await request.json()
        if any(loan["workId"] == asked["workId"] for loan in request.app[LOANS]):
            problem = {
                "status": 409,
                "error": "Conflict",
                "message": "The work is lent",
                "path": "/api/loans",
            }
            return web.json_response(problem, status=409)
        number = len(request.app[LOANS])
        made = {"loanId": loan_id(number), "dueOn": "2027-01-31", **asked}
        made.pop("days", None)
        request.app[LOANS].append(made)
        return web.json_response(made, status=201)

    async def give_back(request: web.Request) -> web.Response:
        kept = [loan for loan in request.app[LOANS] if loan["loanId"] != request.match_info["loanId"]]
        if len(kept) == len(request.app[LOANS]):
            return web.Response(status=404)
        request.app[LOANS][:] = kept
        return web.Response(status=204)

    app = web.Application(middlewares=[count])
    app[CALLS] = Counter()
    works = [1, 2, 3, BIG]
    app[LOANS] = [
        {
            "loanId": loan_id(number),
            "memberNo": 7,
            "workId": works[number] if number < 4 else 1000 + number,
            "dueOn": "2027-01-01",
            "returned": False,
        }
        for number in range(25)
    ]
    app.router.add_get("/api/members/{memberNo}", member, name="member")
    app.router.add_get("/api/loans", loans, name="loans")
    app.router.add_post("/api/loans", lend, name="lend")
    app.router.add_delete("/api/loans/{loanId}", give_back, name="give_back")
    return app
