"""GraphQL over HTTP as its specification's own audits see it (npm `graphql-http`)."""

from __future__ import annotations

from tests.protocol.node import Node
from tests.protocol.project import Front

AUDITS = """
for (const audit of serverAudits({ url: given.url })) {
  const result = await audit.fn();
  say({ id: audit.id, name: audit.name, status: result.status, reason: result.reason });
}
"""


async def test_every_audit_passes(node: Node, front: Front):
    """All of the specification's audits pass: what a server must do, should do and may do."""
    audits = await node.run(AUDITS, url=front.url)

    assert [one for one in audits if one["status"] != "ok"] == []
    assert len(audits) == 61, "another release of graphql-http: look at what it audits"
    assert {audit["name"].split(" ")[0] for audit in audits} == {"MUST", "SHOULD", "MAY"}
