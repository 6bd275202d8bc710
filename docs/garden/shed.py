"""What is in a garden's shed: four lists, each paged in a way that nobody recognises. Keeps contracts/shed.yaml."""

from aiohttp import web

PORT = 9303
TOOLS = ["Fork", "Hoe", "Rake", "Spade", "Trowel"]


async def tools_by_sheet(request: web.Request) -> web.Response:
    """Sheets of so many lines, counted from 1."""
    sheet, lines = int(request.query.get("sheet", 1)), int(request.query.get("lines", 2))
    part = TOOLS[(sheet - 1) * lines : sheet * lines]
    return web.json_response({"tools": [{"name": one} for one in part], "count": len(TOOLS)})


async def tools_by_skipping(request: web.Request) -> web.Response:
    """So many, after so many others."""
    skip, take = int(request.query.get("skip", 0)), int(request.query.get("take", 2))
    return web.json_response({"tools": [{"name": one} for one in TOOLS[skip : skip + take]]})


async def tools_by_mark(request: web.Request) -> web.Response:
    """Those from a mark on, and the mark of the next."""
    names = TOOLS[TOOLS.index(request.query["mark"]) if "mark" in request.query else 0 :]
    part, rest = names[:2], names[2:3]
    return web.json_response(
        {"tools": [{"name": one} for one in part], "then": {"mark": rest[0] if rest else None}}
    )


async def tools_by_link(request: web.Request) -> web.Response:
    """Two, with a link to the next two (RFC 8288)."""
    start = int(request.query.get("start", 0))
    more = {"Link": f'</tools/by-link?start={start + 2}>; rel="next"'} if start + 2 < len(TOOLS) else {}
    return web.json_response([{"name": one} for one in TOOLS[start : start + 2]], headers=more)


def application() -> web.Application:
    """The service."""
    app = web.Application()
    app.add_routes(
        [
            web.get("/tools/by-sheet", tools_by_sheet),
            web.get("/tools/by-skipping", tools_by_skipping),
            web.get("/tools/by-mark", tools_by_mark),
            web.get("/tools/by-link", tools_by_link),
        ]
    )
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=PORT)
