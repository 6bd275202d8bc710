"""The plants of a garden: a small REST service that keeps contracts/plants.yaml. `python plants.py` serves it."""

from aiohttp import web

PORT = 9301
PLANTS = [
    {
        "id": number,
        "name": name,
        "kind": kind,
        "heightCm": height,
        "plantedOn": day,
        "bed": {"row": row, "soil": soil},
    }
    for number, name, kind, height, day, row, soil in (
        (1, "Mint", "herb", 40, "2026-03-01", 1, "loam"),
        (2, "Fig", "fruit", 210, "2024-11-12", 3, "clay"),
        (3, "Leek", "vegetable", None, "2026-04-20", 2, "loam"),
        (4, "Sage", "herb", 55, "2025-04-02", 1, "sand"),
    )
]


def problem(status: int, title: str, **more: object) -> web.Response:
    """A problem document (RFC 9457)."""
    body = {"title": title, "status": status, **more}
    return web.json_response(body, status=status, content_type="application/problem+json")


async def list_plants(request: web.Request) -> web.Response:
    """A part of the plants, perhaps of one kind."""
    kind = request.query.get("kind")
    offset, limit = int(request.query.get("offset", 0)), int(request.query.get("limit", 20))
    found = [one for one in request.app[ROWS] if kind in (None, one["kind"])]
    return web.json_response({"plants": found[offset : offset + limit], "total": len(found)})


async def find_plants(request: web.Request) -> web.Response:
    """The plants of these numbers, as far as there are any."""
    ids = {int(text) for text in request.query["ids"].split(",")}
    return web.json_response({"plants": [one for one in request.app[ROWS] if one["id"] in ids]})


async def get_plant(request: web.Request) -> web.Response:
    """One plant."""
    for one in request.app[ROWS]:
        if str(one["id"]) == request.match_info["plantId"]:
            return web.json_response(one)
    return problem(404, "There is no such plant.")


async def add_plant(request: web.Request) -> web.Response:
    """A new plant, if its name is none that there is."""
    given = await request.json()
    if any(character.isdigit() for character in given["name"]):
        error = {"pointer": "/name", "detail": "a plant's name has no digits"}
        return problem(422, "The plant cannot be planted.", errors=[error])
    if any(one["name"] == given["name"] for one in request.app[ROWS]):
        return problem(409, "There is a plant of this name.")
    plant = {"heightCm": None, "plantedOn": "2026-05-01", **given, "id": len(request.app[ROWS]) + 1}
    request.app[ROWS].append(plant)
    return web.json_response(plant, status=201)


ROWS: web.AppKey[list[dict[str, object]]] = web.AppKey("rows", list)


def application() -> web.Application:
    """The service, with plants of its own."""
    app = web.Application()
    app[ROWS] = [dict(one) for one in PLANTS]
    app.add_routes(
        [
            web.get("/plants", list_plants),
            web.get("/plants/some", find_plants),
            web.get("/plants/{plantId}", get_plant),
            web.post("/plants", add_plant),
        ]
    )
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=PORT)
