"""What was harvested: a small REST service that keeps contracts/harvests.yaml. `python harvests.py` serves it."""

from aiohttp import web

PORT = 9302
HARVESTS = [
    {"id": "h1", "plantId": 2, "pickedOn": "2026-08-02", "grams": 900, "pickedBy": "ana"},
    {"id": "h2", "plantId": 1, "pickedOn": "2026-08-03", "grams": 30, "pickedBy": "bruno"},
    {"id": "h3", "plantId": 2, "pickedOn": "2026-08-09", "grams": 1200, "pickedBy": "ana"},
    {"id": "h4", "plantId": 3, "pickedOn": "2026-09-01", "grams": 450, "pickedBy": "ana"},
    {"id": "h5", "plantId": 1, "pickedOn": "2026-09-04", "grams": 25, "pickedBy": "ana"},
]
MOST_GRAMS = 5000
ROWS: web.AppKey[list[dict[str, object]]] = web.AppKey("rows", list)
KEPT: web.AppKey[dict[str, dict[str, object]]] = web.AppKey("kept", dict)


async def list_harvests(request: web.Request) -> web.Response:
    """A part of the harvests: of some plants, of one person. The cursor is the position of the next."""
    query = request.query
    plants = {int(text) for text in query["plantIds"].split(",")} if "plantIds" in query else None
    found = [
        one
        for one in request.app[ROWS]
        if (plants is None or one["plantId"] in plants) and query.get("pickedBy") in (None, one["pickedBy"])
    ]
    start, limit = int(query.get("cursor", 0)), int(query.get("limit", 20))
    more = str(start + limit) if start + limit < len(found) else None
    return web.json_response({"items": found[start : start + limit], "nextCursor": more})


async def search_harvests(request: web.Request) -> web.Response:
    """The harvests of these numbers: a lookup by POST."""
    wanted = (await request.json())["filter"]["ids"]
    return web.json_response({"items": [one for one in request.app[ROWS] if one["id"] in wanted]})


async def get_yield(request: web.Request) -> web.Response:
    """What one plant gave. That of the thirteenth nobody can say: its scale is broken."""
    if request.match_info["plantId"] == "13":
        return web.Response(status=503)
    grams = [
        one["grams"] for one in request.app[ROWS] if str(one["plantId"]) == request.match_info["plantId"]
    ]
    return web.json_response({"harvests": len(grams), "grams": sum(grams)})


async def add_harvest(request: web.Request) -> web.Response:
    """A new harvest; the same key again brings the same harvest."""
    given, key = await request.json(), request.headers.get("Idempotency-Key", "")
    if key in request.app[KEPT]:
        return web.json_response(request.app[KEPT][key], status=201)
    if given["grams"] > MOST_GRAMS:
        error = {"pointer": "/grams", "detail": "nobody carries more than five kilograms"}
        body = {"title": "That is too much.", "status": 422, "errors": [error]}
        return web.json_response(body, status=422, content_type="application/problem+json")
    harvest = {**given, "id": f"h{len(request.app[ROWS]) + 1}"}
    request.app[ROWS].append(harvest)
    if key:
        request.app[KEPT][key] = harvest
    return web.json_response(harvest, status=201)


def application() -> web.Application:
    """The service, with harvests of its own."""
    app = web.Application()
    app[ROWS], app[KEPT] = [dict(one) for one in HARVESTS], {}
    app.add_routes(
        [
            web.get("/harvests", list_harvests),
            web.post("/harvests", add_harvest),
            web.post("/harvests/search", search_harvests),
            web.get("/yield/{plantId}", get_yield),
        ]
    )
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=PORT)
