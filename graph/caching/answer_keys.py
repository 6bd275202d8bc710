"""Which operations have answers that may be kept whole, for whom, and under which key. Pure.

`graph/caching/kept_answers.py` asks for each plan once, and for a key with each request. A key is a SHA-256 of
everything that the answer depends on: the operation's text, its variables, the headers that services see, and, of
what is for one caller, whose it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from graphql import OperationType

from adapters.caching.cache_reuse import ANYTHING, conditional, wanted
from adapters.messages import Identity
from adapters.policies.flight import LEFT_OUT
from graph.identity.claims import claim
from resolvers.caller import Caller
from resolvers.plan.meaning import Attribute, Call, Property, TypeName
from resolvers.plan.operation import Operation
from resolvers.plan.plan import Field, Plan, Shape
from resolvers.plan.walking import held
from resolvers.source import BoundOperation, Claim, Fetch, Grouped, Lookup, Pages, Source, Supplier

_FORMAT: Final = "stolon whole answers 1"
"""Changes with what is kept, and with what a key says: other versions of Stolon may use the same store."""
_ENCODE: Final = msgspec.json.Encoder(order="deterministic", decimal_format="string").encode


@dataclass(slots=True, eq=False)
class Keepable:
    """An operation whose answers may be kept. `of` stands for what it says; `for_all`: where all parts of an answer
    are for all callers, so is the answer; `claims` are those of the caller's that its calls are made from.

    `kept` is whether an answer of it was ever kept here, so that it is worth looking for one. It is the one thing
    here that changes.
    """

    of: bytes
    for_all: bool
    claims: tuple[str, ...]
    variables: tuple[str, ...]
    kept: bool = False

    def may_share(self, identity: Identity) -> bool:
        """Whether the caller's answers can be for all: what services tell a tenant is for that tenant at most."""
        return self.for_all and identity.tenant is None


class AnswerKeys(msgspec.Struct, frozen=True):
    """Where an answer may be: for its caller alone, and for all, where it can be for all."""

    private: bytes
    shared: bytes | None


def keepable(plan: Plan, operation: Operation, generation: bytes) -> Keepable | None:
    """What is to be known of an operation's answers; None where none may be kept: of changes, and wherever a Python
    resolver takes part, whose answer may depend on anything. `generation` tells apart what the same text means in
    different versions of a project.
    """
    location = operation.node.loc
    if plan.kind is not OperationType.QUERY or location is None or not plan.steps:
        return None
    fields = list(_fields(plan.root))
    if not all(_is_of_services(one, at_root=one.parent is plan.root.type) for one in fields):
        return None
    sources = [one.meaning.source for one in fields if isinstance(one.meaning, Call)]
    claims = {one.name for source in sources for one in suppliers(source) if isinstance(one, Claim)}
    name = operation.node.name
    said = [_FORMAT, generation.hex(), location.source.body, None if name is None else name.value]
    variables = [one.variable.name.value for one in operation.node.variable_definitions or ()]
    return Keepable(
        of=hashlib.sha256(_ENCODE(said)).digest(),
        for_all=not plan.access and not claims,
        claims=tuple(sorted(claims)),
        variables=tuple(sorted(variables)),
    )


def answer_keys(
    about: Keepable, variables: Mapping[str, Any], headers: Mapping[str, str], caller: Caller
) -> AnswerKeys | None:
    """The keys of one request's answer; None for a request that cannot be told from others, or wants no kept answer.

    `variables` are those that the client sent, which with the operation's text say what they come to; what it does
    not declare counts for nothing. `headers` are those that services see. By what a client writes otherwise though it
    means the same (`1`, `1.0`) answers are told apart too: that costs a call, never a wrong answer.
    """
    if conditional(headers) or wanted(headers) is not ANYTHING:
        return None
    sent = {name: variables[name] for name in about.variables if name in variables}
    seen = sorted((name, text) for name, text in headers.items() if name not in LEFT_OUT)
    claimed = [claim(caller.claims, name) for name in about.claims]
    try:
        said = _ENCODE([sent, seen, claimed])
        whose = _ENCODE([caller.identity.partition, caller.identity.tenant])
    except (TypeError, ValueError, RecursionError):  # a file, or text that is no Unicode
        return None
    shared = hashlib.sha256(about.of + b"all" + said).digest()
    private = hashlib.sha256(about.of + b"one" + _measured(whose) + said).digest()
    return AnswerKeys(private, shared if about.may_share(caller.identity) else None)


def suppliers(source: Source) -> Iterator[Supplier]:
    """All that the calls of a source are made from."""
    match source:
        case Lookup():
            yield from source.key
            if source.call is not None:
                yield from _bound(source.call)
            for each in source.entity.operations:
                yield from _bound(each)
        case Fetch() | Grouped() | Pages():
            yield from _bound(source.call)


def _bound(call: BoundOperation) -> Iterator[Supplier]:
    yield from (one.supplier for one in call.bindings)


def _is_of_services(one: Field, *, at_root: bool) -> bool:
    """Whether a value comes from services alone. What a value that they gave holds does; what the root of a project
    holds is Python's.
    """
    return isinstance(one.meaning, TypeName | Property | Call) or (
        isinstance(one.meaning, Attribute) and not at_root
    )


def _fields(shape: Shape) -> Iterator[Field]:
    waiting = [shape]
    while waiting:
        for one in held(waiting.pop()):
            yield one
            waiting.append(one.shape)


def _measured(part: bytes) -> bytes:
    """With its length before it, so that no two different pairs are spelled the same."""
    return b"%d:%b" % (len(part), part)
