"""docs/reference/errors.md: every `extensions.code`, what leads to it, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from resolvers.fault import Code
from scripts.reference_pages.error_probe import Row, refusals, rows
from scripts.reference_pages.words import Words

INTRO: Final = """\
# Error codes

Every error has `extensions.code`, and those of fields the `path` of the field that needed what failed; the rest of
the answer is there. `extensions.retryable` says whether the same request may fare better later, `retryAfter`, where
it is known, in how many seconds; `requestId` names the request in the log. What a service said of a client's mistake
stands in `problem` (RFC 9457) and `fields`; what a 5xx says is in the log alone."""
TABLE: Final = """\
## What a service does, and the code for it

Found by trying: a scripted service did each of these. A dash is no error: the field is null, or has its value."""
DOOR: Final = """\
## Refused before anything is called

These come without data. Over HTTP the answer has the status shown; where none is, the request was well formed, and
the status is 400, or 200 for clients that accept `application/json` alone. On a WebSocket or in an event stream the
code comes in an error message."""


async def page(words: Words, graph: Path) -> str:
    """The page's text. `graph` is the folder of the layer that refuses."""
    refused = {code: statuses for code, statuses in refusals(graph).items() if code not in set(Code)}
    parts = [INTRO, "## Of fields"]
    for code in Code:
        parts += [f"### `{code}`", words.of("errors", str(code))]
    parts += [TABLE, _table(await rows()), DOOR]
    lines = ["| code | status | when, and what to do |", "| --- | --- | --- |"]
    for refusal, statuses in sorted(refused.items()):
        shown = ", ".join(map(str, sorted(statuses)))
        lines.append(f"| `{refusal}` | {shown} | {words.of('errors', refusal)} |")
    return "\n\n".join([*parts, "\n".join(lines)]) + "\n"


def _table(found: list[Row]) -> str:
    head = "| the service | a read with the client's values | a read without | a change |"
    return "\n".join(
        [
            head,
            "| --- | --- | --- | --- |",
            *(f"| {one.what} | {' | '.join(map(_cell, one.codes))} |" for one in found),
        ]
    )


def _cell(code: str) -> str:
    return f"`{code}`" if code else "—"
