"""Memory: a caller who never repeats a document costs no more of it than one who does."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from graphql import get_introspection_query

from graph.documents.documents import Documents
from graph.executing.executor import GraphQLRequest
from graph.executing.lanes import Lanes
from graph.settings.limits import Limits
from resolvers.caller import NOBODY
from resolvers.plan.cache import PlanCache
from stolon import testing
from tests.graph import projects

MODULE = """
    from __future__ import annotations
    import strawberry
    from stolon import rest

    users = rest.contract("users")

    @rest.type(users.schema("User"))
    class User:
        id: rest.auto
        name: rest.auto

    @strawberry.type
    class Query:
        user: User | None = rest.query(users.op("getUser"))

    schema = rest.Schema(query=Query)
"""
USERS = projects.contract(
    projects.operation("GET /users/{id}", "getUser", projects.ref("User")),
    User=projects.an({"id": projects.TEXT, "name": projects.TEXT}),
)

KEPT = 50
"""How many documents are kept, and how many plans."""
FULL = 40
"""Documents of each kind after which both are full: three kinds are valid."""
MORE = 250
"""Documents of each kind that come then."""
BYTES_EACH = 50
"""What each of these may leave behind on average: less than the shortest text takes as a key of any cache."""

# Of each number a document, or a name for it, that nobody sent before: three kinds are valid, and there is one for
# each way to be refused.
KINDS: dict[str, Callable[[int], tuple[str, str | None, dict[str, Any]]]] = {
    "aliases": lambda n: (f'{{a{n}: user(id: "{n}") {{id b{n}: name}}}}', None, {}),
    "operations": lambda n: (
        f"query Q{n}($v{n}: String!) {{user(id: $v{n}) {{name}}}}",
        f"Q{n}",
        {f"v{n}": f"{n}"},
    ),
    "conditions": lambda n: (
        f'query ($b: Boolean!) {{user(id: "{n}") {{id @skip(if: $b)}}}}',
        None,
        {"b": n % 2 == 0},
    ),
    "unknown": lambda n: (f'{{user(id: "1") {{field{n}}}}}', None, {}),
    "directives": lambda n: (f'{{user(id: "1") {{id @d{n}}}}}', None, {}),
    "fragments": lambda n: (f'{{user(id: "1") {{...F{n}}}}} fragment F{n} on T{n} {{id}}', None, {}),
    "syntax": lambda n: (f"{{user{n}(", None, {}),
    "unnamed": lambda n: ("{__typename}", f"N{n}", {}),
    "coerced": lambda n: ("query ($i: String!) {user(id: $i) {id}}", None, {"i": [f"v{n}"]}),
}


@contextmanager
def traced() -> Iterator[Callable[[], int]]:
    """A count of the bytes that Python holds."""

    def held() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        yield held
    finally:
        tracemalloc.stop()


async def test_documents_that_never_repeat_leave_nothing_behind(tmp_path):
    """Thousands of new documents, valid or not, run through all of serving that knows documents: ours, Strawberry's
    and graphql-core's; once what may be kept is full, it grows no more.
    """
    schema = projects.load(tmp_path, MODULE, {"users": USERS})
    services = testing.Services()
    services.answer("users", "getUser", json={"id": "1", "name": "Ana"})
    documents = Documents(Limits(documents=KEPT))
    schema.plans.kept = PlanCache(count=KEPT)
    lane = Lanes(schema, services.upstreams(schema), documents=documents)
    refused = set()

    async def ask(numbers: range) -> None:
        for number in numbers:
            for kind, made in KINDS.items():
                query, name, variables = made(number)
                answer = await lane.execute(GraphQLRequest(query, variables, name), NOBODY, {}, "r")
                if answer.errors:
                    refused.add(kind)
            services.requests.clear()

    with traced() as held:
        await ask(range(1_000, 1_000 + FULL))
        before = held()
        await ask(range(5_000, 5_000 + MORE))
        grown = held() - before
    assert set(KINDS) - refused == {"aliases", "operations", "conditions"}
    assert len(documents) == KEPT
    assert grown < MORE * len(KINDS) * BYTES_EACH


SHAPES = {
    "fields": "{" + " ".join(f"field{n}" for n in range(200)) + "}",
    "short": "{a}",
    "nested": "{a" * 15 + "}" * 15,
    "aliases": "{" + " ".join(f"a{n}: b" for n in range(90)) + "}",
    "arguments": "{"
    + " ".join(f'f{n}(a: $v, b: {{c: [1, 2.5, "s"], d: E}}) @include(if: $x)' for n in range(50))
    + "}",
    "fragments": "{...F0}"
    + " ".join(f"fragment F{n} on T {{...F{n + 1} a}}" for n in range(20))
    + "fragment F20 on T {a}",
    "variables": "query (" + " ".join(f"$v{n}: [I!]! = [1]" for n in range(50)) + ") {a}",
    "string": '{a(b: "' + "x" * 20_000 + '")}',
    "wide": '{a(b: "' + "\N{GRINNING FACE}" * 5_000 + '")}',
    "block": '{a(b: """' + "line\n  line\n" * 2_000 + '""")}',
    "comments": "{a" + "#\n" * 2_000 + "}",
    "comment": "{a #" + "x" * 20_000 + "\n}",
    "spaces": "{a" + " ,\n" * 5_000 + "}",
    "introspection": get_introspection_query(),
    "operations": " ".join(f"query Q{n} {{a}}" for n in range(100)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_document_takes_no_more_than_it_counts_for(shape):
    """The estimate by which documents are bounded is never less than what one really takes."""
    # So many that no document counts for an equal share, but for its own estimate.
    documents = Documents(
        Limits(documents=1_000_000, document_bytes=1 << 30, root_fields=1_000, aliases=1_000)
    )
    weight = 0
    with traced() as held:
        before = held()
        for number in range(20):
            # Each text is made here, as a request's is, and so counted.
            chosen = documents.choose(SHAPES[shape] + " " * number, "Q1" if shape == "operations" else None)
            chosen.found_valid(())
            weight += chosen.document.weight
        taken = held() - before
    assert len(documents) == 20
    assert taken < weight
