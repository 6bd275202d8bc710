"""What it means that two lanes agree about one request (docs/architecture.md, "Three lanes, one meaning"): pure.

Data are equal byte for byte, errors as multisets of path, code and message. Errors strictly below a position that is
null in the data are compared apart: when a value that insists is missing, each lane abandons what is beside it, in
its own order, so that which other errors it still meets, and what it still asks for, is its own (GraphQL, section
6.4.4, lets an executor cancel siblings). Both lanes must have one reason at least for each such position. Calls are
compared where nothing was abandoned; changes always.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec

from adapters.contract.contract import Missing
from tests.lanes.services import Call
from tests.lanes.world import Ran

Path: TypeAlias = tuple[str | int, ...]
Told: TypeAlias = tuple[Path | None, str, str]
"""An error: path, code, message."""

MET_BY_CHANCE: Final = 1
"""How many batches may be one call on the reference lane and two on a plan: seen once in 20,000 cases."""
_PLACE: Final = re.compile(r"(breaks its contract at )\S+(: expected )")


@dataclass(frozen=True, slots=True)
class Errors:
    """The errors of one answer. `below` are those strictly below a null, by the position of that null."""

    at: Counter[Told]
    below: Mapping[Path, Counter[Told]]


def differences(reference: Ran, plan: Ran, *, latency: bool, steady: bool = True) -> list[str]:
    """Every way in which the lanes disagree, a sentence each; none where they agree.

    Both ask for the same things. Where answers take no time the plan makes no more calls of it than the reference
    does, but for one: keys of branches that have nothing to do with each other may meet in a batch on one lane and
    just miss on the other. Nothing is said where resolvers of the project ran: how many turns of the loop those take,
    and so what still leaves in one batch with what they ask for, is each lane's own.
    `latency`: answers took time, so that the lanes may have cut their batches differently. Not `steady`: what goes
    wrong depends on how batches are cut; then nothing is said where they were cut differently, because something was
    abandoned, or by such a chance: another call may be broken than the one that the other lane made.
    """
    cut_alike = _lines(reference.calls) == _lines(plan.calls)
    loose = latency or not cut_alike
    theirs, ours = errors_of(reference, loose=loose), errors_of(plan, loose=loose)
    abandoned = bool(theirs.below or ours.below)
    if not steady and abandoned and not cut_alike:
        return []
    if not steady and not cut_alike and abs(len(reference.calls) - len(plan.calls)) <= MET_BY_CHANCE:
        return _changes(reference.calls, plan.calls)
    found = [*_data(reference, plan), *_errors(theirs, ours), *_changes(reference.calls, plan.calls)]
    if abandoned:
        return found
    found += _same("resolvers ran", Counter(reference.resolvers), Counter(plan.resolvers))
    found += _missing("the plan did not ask for", _atoms(reference.calls), _atoms(plan.calls))
    found += _missing("only the plan asked for", _atoms(plan.calls), _atoms(reference.calls))
    if not latency and not reference.resolvers and len(plan.calls) > len(reference.calls) + MET_BY_CHANCE:
        found += _same("calls", _lines(reference.calls), _lines(plan.calls))
    return found


def encoded(data: object) -> bytes:
    """Data as they are sent; nothing where nothing was executed."""
    return b"" if isinstance(data, Missing) else msgspec.json.encode(data, enc_hook=str)


def errors_of(ran: Ran, *, loose: bool) -> Errors:
    """The errors of an answer, sorted out. Loose: where in its batch an item stood is left out of messages."""
    at: Counter[Told] = Counter()
    below: dict[Path, Counter[Told]] = {}
    for error in ran.answer.errors:
        path = tuple(error["path"]) if "path" in error else None
        message = _PLACE.sub(r"\1…\2", error["message"]) if loose else error["message"]
        told = (path, str(error["extensions"]["code"]), message)
        null = None if path is None else nulled_above(ran.answer.data, path)
        if null is None:
            at[told] += 1
        else:
            below.setdefault(null, Counter())[told] += 1
    return Errors(at, below)


def nulled_above(data: object, path: Path) -> Path | None:
    """The position strictly above a path that is null in the data; None where there is none."""
    here: Any = data
    for depth, step in enumerate(path):
        if here is None:
            return path[:depth]
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            return None
    return None


def _data(reference: Ran, plan: Ran) -> list[str]:
    theirs, ours = encoded(reference.answer.data), encoded(plan.answer.data)
    return [] if theirs == ours else [f"data:\n  reference {theirs.decode()}\n  plan      {ours.decode()}"]


def _errors(theirs: Errors, ours: Errors) -> list[str]:
    found = _same("errors", theirs.at, ours.at)
    for position in sorted({*theirs.below, *ours.below}, key=str):
        for lane, below in (("reference", theirs.below), ("plan", ours.below)):
            if position not in below:
                found.append(f"{list(position)} is null: the {lane} lane does not say why")
    return found


def _changes(theirs: Sequence[Call], ours: Sequence[Call]) -> list[str]:
    reference = [one.line for one in theirs if one.changes]
    plan = [one.line for one in ours if one.changes]
    return [] if reference == plan else [f"changes:\n  reference {reference}\n  plan      {plan}"]


def _lines(calls: Iterable[Call]) -> Counter[tuple[str, str, str]]:
    return Counter(one.line for one in calls)


def _atoms(calls: Iterable[Call]) -> set[tuple[str, ...]]:
    return {atom for one in calls for atom in one.atoms}


def _missing(what: str, these: set[tuple[str, ...]], among: set[tuple[str, ...]]) -> list[str]:
    return [f"{what} {_listed(these - among)}"] if these - among else []


def _same(what: str, theirs: Counter[Any], ours: Counter[Any]) -> list[str]:
    return [
        f"{what}: only the {lane} has {_listed(more)}"
        for lane, more in (("reference", theirs - ours), ("plan", ours - theirs))
        if more
    ]


def _listed(items: Iterable[Any]) -> str:
    shown = Counter(items) if not isinstance(items, Counter) else items
    return ", ".join(f"{one!r}{f' ({times} times)' if times > 1 else ''}" for one, times in shown.items())
