"""A report as a Mermaid flowchart: a box for each step, a subgraph for each wave, an arrow from each step to those
that wait for its values, a dotted line between those that share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from graph.explain.report import Report
from graph.explain.tree import tree
from graph.explain.words import bound_of

_PLAIN: Final = re.compile(r"[^A-Za-z0-9 ._/,:-]")
# Lines are told apart by what no escaped text holds.
_BREAK: Final = "<br/>"


def mermaid(report: Report) -> str:
    """The chart of a report, without a newline at its end; of what has no plan, a chart that says so."""
    if "refused" in report or report["lane"] != "plan":
        return f'flowchart TD\n  reason["{_escaped(tree(report))}"]'
    return "\n".join(["flowchart TD", *_waves(report), *_edges(report)])


def _waves(report: Report) -> Iterator[str]:
    steps = report["steps"]
    for wave in sorted({one["wave"] for one in steps}):
        yield f'  subgraph wave{wave}["wave {wave}"]'
        for one in steps:
            if one["wave"] == wave:
                yield f'    step{one["step"]}["{_BREAK.join(map(_escaped, _label(one)))}"]'
        yield "  end"


def _label(step: Report) -> Iterator[str]:
    yield f"{step['step']} {step['path']}"
    for one in step["operations"]:
        yield f"{one['service']} {one['operation']}: {one['method']} {one['path']}"
    if not step["operations"]:
        yield f"resolver {step['field']}"
    yield bound_of(step["calls"])


def _edges(report: Report) -> Iterator[str]:
    for one in report["steps"]:
        if one["after"] is not None:
            yield f"  step{one['after']} --> step{one['step']}"
        if one["shares"] is not None:
            yield f"  step{one['shares']} -. shared .- step{one['step']}"


def _escaped(text: str) -> str:
    """Text that stands in a quoted label for itself: whatever has a meaning there as its code."""
    return _PLAIN.sub(lambda found: f"#{ord(found[0])};", text)
