"""Kept whole answers of two replicas over one shared store: sockets on all sides."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from graph.project.project_digest import project_digest
from tests.adapters.store_server import ValkeyServer, new_prefix, valkey
from tests.graph.answering import CHANGE, Users, answering
from tests.graph.served import rest

QUERY = "query ($id: ID!) { user(id: $id) { name } }"


@pytest.fixture(scope="module")
def server() -> Iterator[ValkeyServer]:
    with valkey() as made:
        yield made


@pytest.fixture
async def users() -> AsyncIterator[Users]:
    async with rest() as service:
        made = Users(service)
        made.control = {"cache-control": "public, max-age=60"}
        yield made


def store(server: ValkeyServer, prefix: str) -> str:
    return f'[cache]\nurl = "redis://127.0.0.1:{server.port}"\nprefix = "{prefix}"\nwait = "1s"\n'


async def test_replicas_share_whole_answers(tmp_path: Path, users: Users, server: ValkeyServer):
    """What one replica kept is a hit for the other, once that has kept an answer of the same operation itself; and a
    change made at one is seen by the other within a second.
    """
    shared = store(server, new_prefix())
    async with (
        answering(tmp_path, shared, credentials="none", users=users) as one,
        answering(tmp_path, shared, credentials="none", users=users) as two,
    ):
        first = await one.post(QUERY, variables={"id": "1"})
        await two.post(QUERY, variables={"id": "2"})
        assert users.calls == 2
        assert (await two.post(QUERY, variables={"id": "1"})).body == first.body
        assert (two.came(), users.calls) == ({"stored": 1, "hit": 1}, 2)
        await one.gateway.ask(CHANGE)
        async with asyncio.timeout(1.0):
            while (await two.post(QUERY, variables={"id": "1"})).body == first.body:
                pass
        assert (await two.post(QUERY, variables={"id": "1"})).body == b'{"data":{"user":{"name":"new"}}}'


async def test_versions_of_a_project_share_nothing(tmp_path: Path, users: Users, server: ValkeyServer):
    """During a rollout the new replicas are not given what the old ones made of the same query."""
    shared = store(server, new_prefix())
    async with answering(tmp_path / "old", shared, credentials="none", users=users) as old:
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "more.py").write_text("MORE = 1\n")
        async with answering(tmp_path / "new", shared, credentials="none", users=users) as new:
            for number in ("1", "2"):
                await old.post(QUERY, variables={"id": number})
            await new.post(QUERY, variables={"id": "1"})
            await new.post(QUERY, variables={"id": "2"})
            assert new.came() == {"stored": 2, "missed": 1}
            assert users.calls == 2  # what services answered is shared all the same


def test_a_digest_is_of_what_a_project_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Equal files, wherever they lie, have one; other names, other text and other versions of Stolon another. Of a
    project that is too large, or cannot be read, nobody else has the same.
    """
    for name in ("one", "two"):
        (tmp_path / name / "contracts").mkdir(parents=True)
        (tmp_path / name / "schema.py").write_text("schema = 1\n")
        (tmp_path / name / "contracts" / "users.json").write_text("{}")
        (tmp_path / name / "notes.txt").write_text(name)
    one, two = (project_digest(tmp_path / name) for name in ("one", "two"))
    assert (one, len(one)) == (two, 32)
    assert project_digest(tmp_path / "one", most=12) != one
    assert project_digest(tmp_path / "one", most=13) == one
    monkeypatch.setattr("graph.project.project_digest.version", lambda _: "9")
    assert project_digest(tmp_path / "one") != one
    monkeypatch.undo()
    (tmp_path / "two" / "schema.py").write_text("schema = 2\n")
    assert project_digest(tmp_path / "two") != one
    (tmp_path / "one" / "schema.py").rename(tmp_path / "one" / "schemas.py")
    assert project_digest(tmp_path / "one") != one
    (tmp_path / "one" / "broken.py").symlink_to(tmp_path / "nowhere")
    own = [secrets.token_bytes(32)]
    monkeypatch.setattr(Path, "read_bytes", _unreadable)
    monkeypatch.setattr("graph.project.project_digest.secrets.token_bytes", lambda _: own[0])
    assert project_digest(tmp_path / "one") == own[0]


def _unreadable(_: Path) -> bytes:
    raise PermissionError
