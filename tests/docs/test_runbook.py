"""The runbook tells of everything that the log can say at warning and above, and of nothing else."""

from __future__ import annotations

import io
import json
import logging
import re

import pytest

from graph.observing.log_lines import logged
from graph.observing.log_writer import LineWriter
from graph.observing.observe import SEEN, Seen
from graph.observing.trace_context import TraceContext
from tests.docs.garden import DOCS
from tests.docs.log_events import Event, events
from tests.docs.pages import RUNBOOK, Block, blocks

EVENTS = events(DOCS.parent, "graph", "resolvers", "adapters")
SHOWN = [(page, block) for page in RUNBOOK for block in blocks(page) if block.language == "log"]
PARTS = ("**Means**", "**See**", "**Do**")


def shown_lines(file: str) -> list[str]:
    """The lines that the runbook shows of a source file."""
    return [line for _, block in SHOWN if block.words == (file,) for line in block.text.splitlines()]


def of_line(file: str, line: str) -> Event:
    """The event that a shown line is of: of several forms that fit, the one that says the most."""
    return max(
        (event for event in EVENTS if event.file == file and event.is_form_of(line)),
        key=lambda event: len(event.template),
    )


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: f"{event.file}:{event.line}")
def test_every_warning_and_error_has_its_section(event: Event):
    """Whatever the sources log at warning or above is shown under its file's name, as it looks."""
    assert [line for line in shown_lines(event.file) if event.is_form_of(line)] != [], event.template


@pytest.mark.parametrize(("page", "block"), SHOWN, ids=lambda one: getattr(one, "line", None) or one.stem)
def test_every_line_that_is_shown_can_be_logged(page: object, block: Block):
    """The runbook speaks of no line that the sources do not have any more."""
    known = [event for event in EVENTS if (event.file,) == block.words]
    lines = block.text.splitlines()
    assert [line for line in lines if not any(event.is_form_of(line) for event in known)] == []


def test_every_section_says_logger_level_and_what_to_do():
    """Below its lines a section names their logger and level, what they mean, where to look, and what to do."""
    wrong = []
    for page in RUNBOOK:
        for section in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            title = f"{page.stem}: {section.splitlines()[0]}"
            for file, lines in re.findall(r"^```log (.+)\n([^`]+)^```$", section, re.MULTILINE):
                logged = [of_line(file, line) for line in lines.splitlines()]
                words = {f"`{word}`" for event in logged for word in (event.logger, event.level) if word}
                wrong += [f"{title}: {word}" for word in words if word not in section]
            wrong += [f"{title}: {part}" for part in PARTS if part not in section]
    assert wrong == []


def test_a_line_has_the_keys_that_are_shown():
    """The example of a line has the keys that lines have."""
    (example,) = [block for block in blocks(DOCS / "runbook" / "README.md") if block.language == "json"]
    stream = io.BytesIO()
    token = SEEN.set(Seen("4f0c", TraceContext("a" * 32, "b" * 16), 0.0))
    try:
        with logged(LineWriter(stream)):
            logging.getLogger("stolon.graphql").error("a line")
    finally:
        SEEN.reset(token)
    assert list(json.loads(example.text)) == list(json.loads(stream.getvalue()))
