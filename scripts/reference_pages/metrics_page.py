"""docs/reference/metrics.md: every figure of `/metrics`, asked of the registry that a served project has."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from prometheus_client import Metric

from graph.observing.seeing import Seeing
from graph.settings.settings import GraphSettings, HeaderSettings, Settings
from scripts.reference_pages.words import Words

OURS: Final = "stolon_"
INTRO: Final = """\
# Metrics

Told at `/metrics` of the second address (`stolon serve --observe 9090`, or `[observe] address`) in Prometheus' form;
of several workers the sum. Every label is bounded: services by the project, operations by `[observe] operations`.
Counters end in `_total`; histograms have `_bucket`, `_sum` and `_count`. Beside these stand the process's own
(`process_…`, `python_info`)."""


def page(words: Words) -> str:
    """The page's text."""
    settings = Settings(
        folder=Path(), graph=GraphSettings(schema="schema:schema"), headers=HeaderSettings(), services={}
    )
    families = [one for one in Seeing(settings).metrics.registry.collect() if one.name.startswith(OURS)]
    lines = ["| metric | type | labels | counts | what it is good for |", "| --- | --- | --- | --- | --- |"]
    for one in families:
        name = f"{one.name}_total" if one.type == "counter" else one.name
        labels = ", ".join(f"`{label}`" for label in labels_of(one))
        lines.append(
            f"| `{name}` | {one.type} | {labels} | {one.documentation} | {words.of('metrics', name)} |"
        )
    return "\n\n".join([INTRO, "\n".join(lines)]) + "\n"


def labels_of(family: Metric) -> tuple[str, ...]:
    """The names of a family's labels; the library keeps them where no sample is needed to see them."""
    return tuple(getattr(family, "_labelnames", ()))
