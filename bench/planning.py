"""What an operation of 50 fields costs before anything is called: parsed, counted, validated and planned.

    python bench/planning.py [--documents 200] [--rounds 5]

Cold is a document that was never seen: each one differs from all others in its text, so that nothing kept helps.
Warm is one seen before, in a string that is new with every request, as bodies are: found, its operation chosen,
known to be valid, its plan found. CPU time of this process, with the garbage collector on; the least of all rounds,
since noise only ever adds, and the median beside it. The bundled project is loaded, none of its services is called.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from graphql import DocumentNode, specified_rules, validate  # noqa: E402  # after the path
from graphql.execution import Executor  # noqa: E402

from graph.declaring.schema import Schema  # noqa: E402
from graph.documents.documents import Chosen, Documents, examined, parsed, pick  # noqa: E402
from graph.documents.validation import STRAWBERRY_RULES, errors_of  # noqa: E402
from graph.project.project import load_project  # noqa: E402
from graph.settings.limits import Limits  # noqa: E402
from resolvers.plan.operation import Operation  # noqa: E402

PROJECT: Final = ROOT / "examples" / "parfinanciero"
COLD, WARM = 4_000.0, 5.0  # µs, the targets
FIELDS: Final = 50
REPEATS: Final = 500  # of a warm request in one measured stretch
RULES: Final = tuple(specified_rules)

# Fields are counted as they are written: fragments once.
OPERATION: Final = """\
query Dashboard%(number)d(
  $first: Int = 10, $status: OrderStatus, $user: ID!, $order: ID!, $withPayments: Boolean!
) {
  me { ...Person }
  customer%(number)d: user(userId: $user) {
    ...Person
    email
    birthDate
  }
  latest: order(orderId: $order) {
    ...OrderParts
    customer { id label }
  }
  open: orders(first: $first, status: $status) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges { cursor node { ...OrderParts } }
  }
  shipped: orders(first: 5, status: SHIPPED) {
    nodes { id note customer { id city } }
  }
}

fragment Person on User {
  id
  name
  status
  profile { phone address { street city country } }
  orders(first: $first, status: PAID) { nodes { id total } totalCount }
}

fragment OrderParts on Order {
  id
  status
  currency
  total
  placedAt
  lines { sku quantity unitPrice }
  payments @include(if: $withPayments) { id state amount }
}
"""

VARIABLES: Final = {"user": "u-1", "order": "o-1", "withPayments": True}


def operation_of(schema: Schema, chosen: Chosen) -> Operation:
    """What planning is given: graphql-core's executor has sorted out fragments and coerced variables by then."""
    built = Executor.build(
        schema._schema, chosen.document.node, raw_variable_values=VARIABLES, operation_name=None
    )
    if isinstance(built, list):
        raise SystemExit(f"the variables are not what they should be: {built}")
    return Operation(built.schema, built.operation, built.fragments, built.variable_values)


@dataclass(slots=True)
class Part:
    """The microseconds that one part took, each time that it was measured."""

    name: str
    times: list[float] = field(default_factory=list)

    def row(self) -> str:
        """The least and the median, as a line of the table."""
        return f"| {self.name} | {min(self.times):,.1f} | {statistics.median(self.times):,.1f} |"


@dataclass(slots=True)
class Clock:
    """CPU time, in the order in which things are done."""

    last: float = 0.0

    def start(self) -> None:
        """Begin."""
        self.last = time.process_time()

    def lap(self, part: Part, count: int = 1) -> float:
        """The microseconds since the last lap, or the start, for each of `count`; noted in the part."""
        now = time.process_time()
        passed = (now - self.last) * 1e6 / count
        part.times.append(passed)
        self.last = time.process_time()
        return passed


def texts(count: int) -> Iterator[str]:
    """Documents of the same shape, none of which was there before."""
    for number in range(count):
        yield OPERATION % {"number": number}


def cold(schema: Schema, count: int) -> list[Part]:
    """Each part of what a new document costs."""
    names = ("parse", "figures, operation chosen", "validate", "plan", "**cold**")
    parse, choose, check, plan, whole = map(Part, names)
    library = Part("(`graphql.validate`, for comparison)")
    clock, documents, limits = Clock(), Documents(), Limits()
    for text in texts(count):
        clock.start()
        node: DocumentNode = parsed(text, limits)
        passed = clock.lap(parse)
        document = examined(node, text)
        chosen = Chosen(document, pick(document, None, limits), documents)
        passed += clock.lap(choose)
        errors = errors_of(schema._schema, node, (*RULES, *STRAWBERRY_RULES))
        passed += clock.lap(check)
        if errors or document.fields != FIELDS:
            raise SystemExit(f"the document is not what it should be: {document.fields} fields, {errors}")
        operation = operation_of(schema, chosen)
        clock.start()
        schema.plans.of(operation)
        passed += clock.lap(plan)
        whole.times.append(passed)
        clock.start()
        validate(schema._schema, node, (*RULES, *STRAWBERRY_RULES))
        clock.lap(library)
    return [one for one in (parse, choose, check, plan, whole, library) if one.times]


def warm(schema: Schema, rounds: int) -> list[Part]:
    """Each part of what a request costs whose document is kept."""
    documents, clock = Documents(), Clock()
    raw = (OPERATION % {"number": 0}).encode()
    kept = documents.choose(raw.decode(), "Dashboard0")
    kept.found_valid(RULES)
    operation = operation_of(schema, kept)
    schema.plans.of(operation)
    choose, find, whole = Part("operation chosen, known as valid"), Part("plan found"), Part("**warm**")
    for _ in range(rounds * 20):
        fresh = [raw.decode() for _ in range(REPEATS)]
        clock.start()
        for text in fresh:
            if not documents.choose(text, "Dashboard0").is_valid_under(RULES):
                raise SystemExit("the document was not kept")
        passed = clock.lap(choose, REPEATS)
        clock.start()
        for _ in fresh:
            schema.plans.of(operation)
        passed += clock.lap(find, REPEATS)
        whole.times.append(passed)
    return [one for one in (choose, find, whole) if one.times]


def main() -> None:
    """Measure, and print a table for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--documents", type=int, default=200, help="new documents a round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    schema = load_project(PROJECT, {}).schema
    found = cold(schema, options.documents * options.rounds)
    print(f"a new document of {FIELDS} fields; the target is {COLD:,.0f} µs in all\n")
    print("| part | µs | median |\n| --- | ---: | ---: |", *(one.row() for one in found), sep="\n")
    print(f"\na document that is kept; the target is {WARM:,.0f} µs in all\n")
    found = warm(schema, options.rounds)
    print("| part | µs | median |\n| --- | ---: | ---: |", *(one.row() for one in found), sep="\n")


if __name__ == "__main__":
    main()
