"""The cache as the public suite of HTTP caches sees it (npm `http-cache-tests`, shown at cache-tests.fyi)."""

from __future__ import annotations

import re
from pathlib import Path

from tests.protocol.cache_proxy import proxied
from tests.protocol.node import Node

DOCUMENT = Path(__file__).parents[2] / "docs" / "caching.md"
SUITE = """
const { runTests, getResults } = await import('http-cache-tests/client/runner.mjs');
const { default: suites } = await import('http-cache-tests/tests/index.mjs');
// By itself fetch asks every cache on the way to pass by, which is a browser's business.
const asking = (url, { cache, ...init } = {}) => fetch(url, init);
await runTests(suites, asking, false, given.url, 1000);
const results = getResults();
for (const { id, kind = 'required', browser_only: browser = false } of suites.flatMap((suite) => suite.tests))
  if (!browser) say({ id, kind, passed: results[id] === true, result: results[id] });
"""


async def test_every_test_that_applies_passes(node: Node, modules: Path, tmp_path: Path):
    """What the suite requires of a cache and what it finds optimal passes, but for what `docs/caching.md` lists with
    its reason, and nothing is listed there that passes. Its further questions have no right answer.
    """
    async with proxied(modules, tmp_path) as url:
        found = await node.run(SUITE, url=url)

    asked = [one for one in found if one["kind"] != "check"]
    assert (len(found), len(asked)) == (329, 243), "another release of http-cache-tests: look at what it asks"
    failed = {one["id"]: one["result"] for one in asked if not one["passed"]}
    listed = told()
    assert {name: result for name, result in failed.items() if name not in listed} == {}
    assert sorted(set(listed) - set(failed)) == []


def told() -> list[str]:
    """The tests that the document's table excuses, each once."""
    section = DOCUMENT.read_text(encoding="utf-8").partition("## The public suite")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    names = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert len(names) == len(set(names))
    return names
