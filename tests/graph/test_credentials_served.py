"""Credentials in a whole project: read from its file, carried to real services, and seen by nobody else."""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from tests.adapters.wire import answer, says, serving
from tests.graph.projects import TEXT, an, contract, operation, ref
from tests.graph.served import Asked, Reply, rest, served

SHOP = contract(operation("GET /things/{id}", "getThing", ref("Thing")), Thing=an({"id": TEXT, "link": TEXT}))
MODULE = """
    import strawberry
    from stolon import rest

    shop = rest.contract("shop")


    @rest.type(shop.schema("Thing"))
    class Thing:
        id: rest.auto
        link: rest.auto


    @strawberry.type
    class Query:
        thing: Thing | None = rest.query(shop.op("getThing"))
        sight: Thing | None = rest.query(shop.op("getThing"), public=True)


    schema = rest.Schema(query=Query)
"""
HEAD = '[graph]\nschema = "schema:schema"\n[services.shop]\nurl = "%s"\n[services.shop.credentials]\n'


async def test_a_rotated_key_reaches_its_service_and_nobody_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """A key in the query: used from its file, anew when that changes, for public fields; in no answer and no log."""
    file = tmp_path / "key"
    file.write_text("first-s3cr3t\n")
    taken = ["first-s3cr3t"]

    def things(asked: Asked) -> Reply:
        if not asked.path.endswith(f"?key={taken[-1]}"):
            return Reply({"detail": f"no such key: {asked.path}"}, status=401)
        return Reply({"id": "a", "link": f"https://shop.example{asked.path}"})

    async with rest() as shop:
        shop.on("GET /things/a", things)
        toml = HEAD % shop.url + f'way = "api_key"\nquery = "key"\nkey_file = "{file}"\n'
        with caplog.at_level(logging.DEBUG):
            async with served(tmp_path, MODULE, {"shop": SHOP}, toml) as gateway:
                first = await gateway.ask('{ sight(id: "a") { id link } }')
                file.write_text("second-s3cr3t\n")
                taken.append("second-s3cr3t")
                second = await gateway.ask('{ sight(id: "a") { id link } }')
                taken.append("third-s3cr3t")
                third = await gateway.ask('{ sight(id: "a") { id link } }')
                denied = await gateway.ask('{ thing(id: "a") { id } }', token="anything")
    seen = {"sight": {"id": "a", "link": "https://shop.example/things/a?key=[key]"}}
    assert (first, second) == ({"data": seen}, {"data": seen})
    assert third["errors"][0]["extensions"]["code"] == "UPSTREAM_ERROR"
    assert denied["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert len(shop.asked) == 4  # the refused first key once, and nothing for who was denied
    assert "ALARM: it refused the gateway's own credentials" in caplog.text
    assert "s3cr3t" not in caplog.text + str([first, second, third, denied])


async def test_a_callers_token_is_exchanged_for_its_service(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """A service gets the exchanged token and never the caller's; a caller whose token is refused is told so."""
    grant = answer(b'{"access_token": "exchanged-s3cr3t", "token_type": "Bearer", "expires_in": 60}')
    refusal = answer(b'{"error": "invalid_grant"}', "400 Bad Request")
    async with rest() as shop, serving(says(grant), says(refusal)) as tokens:
        shop.on("GET /things/a", Reply({"id": "a", "link": "l"}))
        toml = (
            HEAD % shop.url
            + f'way = "exchange"\ntoken_url = "{tokens.url}/token"\nclient_id = "gateway"\n'
            + 'client_secret = "${SECRET}"\naudience = "api://shop"\n'
        )
        with caplog.at_level(logging.DEBUG):
            async with served(
                tmp_path, MODULE, {"shop": SHOP}, toml, environ={"SECRET": "own-s3cr3t"}
            ) as gateway:
                found = [
                    await gateway.ask('{ thing(id: "a") { id } }', token=one)
                    for one in ("ann-s3cr3t", "ann-s3cr3t", "bob-s3cr3t")
                ]
    assert found[:2] == [{"data": {"thing": {"id": "a"}}}] * 2
    assert found[2]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert [one.headers["authorization"] for one in shop.asked] == ["Bearer exchanged-s3cr3t"] * 2
    forms = [dict(parse_qsl(tokens.body(at).decode())) for at in range(len(tokens.requests))]
    assert [(one["subject_token"], one["audience"]) for one in forms] == [
        ("ann-s3cr3t", "api://shop"),
        ("bob-s3cr3t", "api://shop"),
    ]
    assert "s3cr3t" not in caplog.text + str(found)
