"""The diagrams can be drawn, and the calls in them are those that are made."""

from __future__ import annotations

import re

import pytest

from graph.explain.asking import explained
from graph.project.project import load_project
from tests.docs.garden import DOCS
from tests.docs.pages import Block, blocks

EXAMPLE = DOCS.parent / "examples" / "parfinanciero"
DIAGRAMS = [one for one in blocks(DOCS / "diagrams.md") if one.language == "mermaid"]
CONTAINERS, QUERY, CHECKOUT, SIGN_IN = DIAGRAMS
SEQUENCES = [QUERY, CHECKOUT, SIGN_IN]
MESSAGE = re.compile(r"(\w+)(->>|-->>)(\w+): ([^;#]+)")
OPEN = re.compile(r"(?:alt|opt|loop) [^;#]+")
ELEMENT = re.compile(r'(?:Person|System|Container|ContainerDb)(?:_Ext)?\((\w+)(?:, "[^"]+"){1,3}\)')
RELATION = re.compile(r'Rel\((\w+), (\w+)(?:, "[^"]+"){1,2}\)')
BOUNDARY = re.compile(r'System_Boundary\(\w+, "[^"]+"\) \{')


def drawn(block: Block) -> list[str]:
    """The lines of a diagram below its head."""
    return [line.strip() for line in block.text.splitlines()[1:]]


def messages(block: Block) -> list[tuple[str, str, str]]:
    """Who says what to whom, in a sequence diagram; answers left out."""
    found = [MESSAGE.fullmatch(line) for line in drawn(block)]
    return [(one[1], one[3], one[4]) for one in found if one is not None and one[2] == "->>"]


@pytest.mark.parametrize("block", SEQUENCES, ids=["query", "checkout", "sign-in"])
def test_a_sequence_diagram_can_be_drawn(block: Block):
    """Each line is of Mermaid's grammar for sequences, whoever speaks takes part, and what is opened is closed."""
    assert block.text.startswith("sequenceDiagram\n  autonumber\n")
    taking_part: set[str] = set()
    depth, wrong = 0, []
    for line in drawn(block)[1:]:
        if found := re.fullmatch(r"participant (\w+) as [^;#]+", line):
            taking_part.add(found[1])
        elif found := MESSAGE.fullmatch(line):
            wrong += [line for who in (found[1], found[3]) if who not in taking_part]
        elif OPEN.fullmatch(line):
            depth += 1
        elif line == "end":
            depth -= 1
        elif not (depth > 0 and re.fullmatch(r"else [^;#]+", line)):
            wrong.append(line)
    assert (wrong, depth) == ([], 0)


def test_the_containers_can_be_drawn():
    """Each line is of Mermaid's grammar for C4 containers, and relations lead from one element to another."""
    assert CONTAINERS.text.startswith("C4Container\n")
    known: set[str] = set()
    open_boundaries, wrong = 0, []
    for line in drawn(CONTAINERS)[1:]:
        if found := ELEMENT.fullmatch(line):
            known.add(found[1])
        elif found := RELATION.fullmatch(line):
            wrong += [line for one in found.groups() if one not in known]
        elif BOUNDARY.fullmatch(line):
            open_boundaries += 1
        elif line == "}":
            open_boundaries -= 1
        else:
            wrong.append(line)
    assert (wrong, open_boundaries) == ([], 0)


def test_the_querys_calls_are_those_of_its_plan():
    """What the adapters call in the diagram is what the bundled project's plan of that query calls, in its order."""
    project = load_project(EXAMPLE, {})
    texts = [one.read_text(encoding="utf-8") for one in (EXAMPLE / "operations").glob("*.graphql")]
    (query,) = [text for text in texts if "query MyOrders" in text]
    plan = explained(project, query, {"first": 5}, None)
    planned = [{call["operation"] for call in step["operations"]} for step in plan["steps"]]
    shown = [what for who, whom, what in messages(QUERY) if who == "A" and whom in "UOP"]
    assert len(shown) == len(planned)
    assert [one for one, calls in zip(shown, planned, strict=True) if one not in calls] == []


def test_the_checkouts_calls_are_those_that_it_makes():
    """The operations in the diagram are all that the mutation's module calls, and no others."""
    made = set(re.findall(r'\.op\("(\w+)"\)', (EXAMPLE / "checkout.py").read_text(encoding="utf-8")))
    shown = {
        re.split(r"\W", what)[0] for who, whom, what in messages(CHECKOUT) if who == "K" and whom in "OP"
    }
    assert shown == made
