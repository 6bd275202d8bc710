"""A report as a tree that a person can read: step below step, each with who is called, where its parameters come
from, how it batches, what is picked, its wave and its price.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from graph.explain.report import Report
from graph.explain.words import bound_of, counted

REASONS: Final[Mapping[str, str]] = {
    "switched_off": 'the project\'s file says lane = "reference"',
    "no_context": "whoever executes it has no context of Stolon's",
    "no_root": "the schema has no type for such operations",
    "subscription": "it is a subscription",
    "introspection": "it asks for the schema itself",
    "directive": "it uses a directive other than @skip and @include",
    "fragment_arguments": "a fragment of it has variables of its own",
    "own_executor": "the schema has an executor of its own",
    "resolver_hooks": "an extension of the schema wraps every resolver",
    "condition": "an @skip or @include of it has no value",
    "too_large": "it selects more fields than a plan may have",
}
"""Why an operation has no plan, in words: `Reason` by its value."""


def tree(report: Report) -> str:
    """The text of a report, without a newline at its end."""
    if "refused" in report:
        return str(report["refused"])
    operation = report["operation"]
    named = "operation" if operation is None else f"{operation['kind']} {operation['name'] or '(no name)'}"
    if report["lane"] != "plan":
        why = REASONS.get(report["reason"], report["reason"])
        return f"{named}: no plan, since {why}; graphql-core executes it field by field"
    lines = [
        f"{named}: {counted(len(report['steps']), 'step')} in {counted(report['waves'], 'wave')} of calls",
        bound_of(report["calls"]),
        *_bounds(report["calls"]),
    ]
    below: dict[int | None, list[Report]] = {}
    for step in report["steps"]:
        below.setdefault(step["after"], []).append(step)
    lines += _branches(below, None, "")
    return "\n".join(lines)


def _branches(below: dict[int | None, list[Report]], after: int | None, indent: str) -> Iterator[str]:
    steps = below.get(after, [])
    for step in steps:
        is_last = step is steps[-1]
        title, *rest = _lines(step)
        yield f"{indent}{'└─' if is_last else '├─'} {title}"
        inner = indent + ("   " if is_last else "│  ")
        bar = "│ " if step["step"] in below else "  "
        yield from (f"{inner}{bar} {line}" for line in rest)
        yield from _branches(below, step["step"], inner)


def _lines(step: Report) -> Iterator[str]:
    yield f"{step['step']} {step['path']} ({step['field']}), wave {step['wave']}: {bound_of(step['calls'])}"
    operations = step["operations"]
    for one in operations:
        yield f"{one['service']} {one['operation']}: {one['method']} {one['path']}"
    if not operations:
        yield "resolver in Python"
    for one in step["parameters"]:
        yield f"  {one['name']} in {one['in']}: {one['from']}"
    batch = step["batch"]
    if batch is not None:
        alone = f"; {operations[1]['operation']} for one alone" if len(operations) > 1 else ""
        yield f"at most {counted(batch['most'], batch['by'])} in a call{alone}"
    if step["pick"] is not None:
        yield f"picks {step['pick']}"
    if step["properties"]:
        properties = ", ".join("everything" if one == "*" else one for one in step["properties"])
        yield f"reads {properties}"
    if step["scopes"]:
        yield f"needs {', '.join(step['scopes'])}"
    elif step["authenticated"]:
        yield "needs an authenticated caller"
    if step["shares"] is not None:
        yield f"shares what step {step['shares']} got; priced as if alone"


def _bounds(calls: Report) -> Iterator[str]:
    for name, most in calls["where"].items():
        yield f"  {name} is {'not bounded' if most is None else f'at most {most}'}"
