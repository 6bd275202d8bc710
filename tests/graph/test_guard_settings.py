"""What a project says of breakers, limits and caches, of services and of operations; and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.caching.cache_rule import CacheRule, Reuse
from adapters.mistake import ProjectError
from adapters.policies.breaker_state import BreakerRule
from adapters.policies.limit_rule import LimitRule
from adapters.policies.rate import Rate
from adapters.service import OperationRules
from graph.project.project import load_project
from graph.settings.cache_settings import CacheSettings
from graph.settings.settings import Service, read_settings
from tests.graph.projects import TEXT, an, contract, operation, ref, write

HEAD = '[graph]\nschema = "schema:schema"\n[services.users]\nurl = "http://localhost"\n'
MODULE = """
    import strawberry
    from stolon import rest

    users = rest.contract("users")

    @strawberry.type
    class Query:
        user: rest.auto = rest.query(users.op("getUser"))

    schema = rest.Schema(query=Query)
"""
USERS = {"users": contract(operation("GET /user", "getUser", ref("User")), User=an({"id": TEXT}))}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, MODULE, USERS, HEAD)
    return tmp_path.resolve()


def read(folder: Path, text: str) -> Service:
    (folder / "stolon.toml").write_text(HEAD + text)
    return read_settings(folder, {}).services["users"]


def mistakes(folder: Path, text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(ProjectError) as caught:
        read(folder, text)
    return [(one.line, one.path, one.message) for one in caught.value.mistakes]


def test_a_service_has_a_breaker_and_room_without_a_word(folder):
    """Where nothing is said a breaker opens at half of twenty calls, and no rate is kept but what answers tell."""
    service = read(folder, "")
    assert service.breaker == BreakerRule(
        enabled=True, window=30.0, calls=20, failures=0.5, slow_after=None, slow=0.5, pause=5.0, probes=3
    )
    assert service.limit == LimitRule(calls=None, queue=1000, rate=None, burst=None, learn=True)
    assert service.operations == {}


def test_every_setting_of_a_breaker_and_a_limit_is_read(folder):
    """Each key arrives as a plain value: shares, seconds, counts, and a rate."""
    service = read(
        folder,
        """
[services.users.breaker]
enabled = false
window = "1m"
calls = 50
failures = 0.25
slow_after = "800ms"
slow = 1
pause = "10s"
probes = 5
[services.users.limit]
calls = 16
queue = 200
rate = "100/min"
burst = 20
learn = false
""",
    )
    assert service.breaker == BreakerRule(False, 60.0, 50, 0.25, 0.8, 1.0, 10.0, 5)
    assert service.limit == LimitRule(16, 200, Rate(100, 60.0), 20, False)


def test_operations_have_what_they_say_and_the_rest_of_their_service(folder):
    """An operation's breaker differs from the service's in what its table says. Its limit counts by itself what it
    says, and the rest together with the service's.
    """
    service = read(
        folder,
        """
breaker = { pause = "10s", probes = 1 }
limit = { calls = 16, queue = 200, rate = "100/min", burst = 20 }
[services.users.operations.report]
breaker = { slow_after = "2s" }
[services.users.operations.search.limit]
rate = "10/min"
[services.users.operations."odd id"]
[services.users.operations.find]
limit = {}
""",
    )
    assert service.operations == {
        "report": OperationRules(breaker=BreakerRule(pause=10.0, probes=1, slow_after=2.0)),
        "search": OperationRules(limit=LimitRule(queue=200, rate=Rate(10, 60.0))),
        "odd id": OperationRules(),
        "find": OperationRules(limit=LimitRule(queue=200)),
    }


def test_mistakes_are_told_at_once_with_their_lines(folder):
    """Every wrong key and value of these tables is told, each at its line, with what was expected."""
    text = """[services.users.breaker]
windw = "1s"
failures = 0
calls = 0
[services.users.limit]
rate = "100/minute"
burst = 5
[services.users.operations.report]
brekaer = {}
limit = 3
[services.users.operations.search.limit]
rate = "10/min"
burst = 11
[services.users.operations.find.limit]
burst = 2
"""
    assert mistakes(folder, text) == [
        (6, "services.users.breaker.windw", "unknown key; did you mean 'window'?"),
        (7, "services.users.breaker.failures", "expected a number greater than 0, up to 1"),
        (8, "services.users.breaker.calls", "expected an integer from 1 to 1000000"),
        (10, "services.users.limit.rate", "expected a rate such as '10/s', '100/min', '5000/h' or '1/d'"),
        (13, "services.users.operations.report.brekaer", "unknown key; did you mean 'breaker'?"),
        (
            14,
            "services.users.operations.report.limit",
            "expected a table: [services.users.operations.report.limit]",
        ),
        (
            15,
            "services.users.operations.search.limit",
            "limit: burst must be at least 1, and at most the calls of the rate",
        ),
        (18, "services.users.operations.find.limit", "limit: burst is of a rate, and there is none"),
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("operations = 3", "services.users.operations"),
        ("operations = { a = 3 }", "services.users.operations.a"),
    ],
)
def test_what_is_no_table_is_told(folder, text: str, path: str):
    """Operations stand in tables, and each is one."""
    assert mistakes(folder, text) == [(5, path, f"expected a table: [{path}]")]


def test_an_operation_that_no_contract_has_is_a_mistake(folder):
    """Settings of a mistyped operation would guard nothing: it is told, with the nearest name."""
    (folder / "stolon.toml").write_text(
        HEAD + "[services.users.operations.getUsr]\n[services.users.operations.getUser]\n"
    )
    with pytest.raises(ProjectError) as caught:
        load_project(folder, {})
    assert [(one.path, one.message) for one in caught.value.mistakes] == [
        (
            "services.users.operations.getUsr",
            "the contract has no such operation; did you mean 'getUser'?",
        )
    ]


def test_answers_are_cached_without_a_word(folder):
    """Where nothing is said, what answers allow is kept, in 64 MiB for all services together."""
    assert read(folder, "").cache == CacheRule(
        enabled=True, private=True, heuristic=False, headers="all", largest=1 << 20, longest=86_400.0
    )
    assert read_settings(folder, {}).cache == CacheSettings(bytes=64 << 20)


def test_every_setting_of_a_cache_is_read(folder):
    """Of the process, of a service, and of an operation's answers, which have no rule of the service's to fall to."""
    service = read(
        folder,
        """
[services.users.cache]
enabled = false
private = false
heuristic = true
headers = "vary"
largest = "64KiB"
longest = "90m"
[services.users.operations.getUser]
fresh = "30s"
shared = true
stale_while_revalidate = "1m"
stale_if_error = "10m"
[cache]
bytes = "1MiB"
""",
    )
    assert service.cache == CacheRule(False, False, True, "vary", 65_536, 5400.0)
    assert service.operations == {
        "getUser": OperationRules(
            reuse=Reuse(fresh=30.0, shared=True, stale_while_revalidate=60.0, stale_if_error=600.0)
        )
    }
    assert read_settings(folder, {}).cache == CacheSettings(bytes=1 << 20)


def test_mistakes_in_what_is_said_of_caches_are_told(folder):
    """Each at its line, with what was expected."""
    text = """[services.users.cache]
heders = "all"
headers = "none"
largest = 5
[services.users.operations.getUser]
fresh = 30
shared = "yes"
[cache]
bytes = "1KiB"
"""
    assert mistakes(folder, text) == [
        (6, "services.users.cache.heders", "unknown key; did you mean 'headers'?"),
        (7, "services.users.cache.headers", "expected 'all' or 'vary'"),
        (
            8,
            "services.users.cache.largest",
            "expected a size as text, such as '64KiB' or '1MiB'; found integer",
        ),
        (
            10,
            "services.users.operations.getUser.fresh",
            "expected a duration as text, such as '500ms', '5s' or '2m'; found integer",
        ),
        (11, "services.users.operations.getUser.shared", "expected true or false, found text"),
        (13, "cache.bytes", "expected a size from 65536 to 68719476736 bytes"),
    ]


def test_a_change_has_no_answers_to_keep(tmp_path: Path):
    """Freshness of a PUT, PATCH or DELETE would be without effect: it is told."""
    users = contract(
        operation("GET /user", "getUser", ref("User")),
        operation("DELETE /user", "deleteUser", ref("User")),
        User=an({"id": TEXT}),
    )
    rules = '[services.users.operations]\ngetUser.fresh = "5s"\ndeleteUser = { timeout = "5s" }\n'
    write(tmp_path, MODULE, {"users": users}, HEAD + rules)
    assert load_project(tmp_path, {}).settings.services["users"].operations["getUser"].reuse == Reuse(
        fresh=5.0
    )
    (tmp_path / "stolon.toml").write_text(HEAD + rules.replace("timeout", "fresh"))
    with pytest.raises(ProjectError) as caught:
        load_project(tmp_path, {})
    message = "DELETE changes something: its answers are not kept, whatever is said of them"
    assert [(one.path, one.message) for one in caught.value.mistakes] == [
        ("services.users.operations.deleteUser", message)
    ]
