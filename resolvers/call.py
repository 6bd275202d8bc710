"""From a bound operation and what was supplied to one upstream request: the only place where requests are put
together.

`resolvers/loading/store.py` asks for requests here and sends them down `adapters/stack.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from adapters.contract.constraints import Constraints
from adapters.contract.contract import MISSING, Parameter
from adapters.messages import Identity, Request
from adapters.problem import FieldProblem
from adapters.serialize import BadValue, headers, target
from resolvers.caller import Caller
from resolvers.change_keys import put
from resolvers.fault import Code, Fault, FieldError
from resolvers.reading.record import raw
from resolvers.source import (
    Argument,
    Binding,
    BoundOperation,
    Claim,
    Constant,
    Each,
    Header,
    Key,
    Keys,
    Supplied,
    Supplier,
    Target,
    This,
)
from resolvers.wire_values import to_wire

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class Sender(msgspec.Struct, frozen=True):
    """On whose behalf requests are made: the caller, the headers passed on for it, and the request's
    deadline. (A Struct, since each request makes one.)
    """

    caller: Caller
    headers: Mapping[str, str] = {}
    deadline: float | None = None

    def __repr__(self) -> str:
        return f"Sender(caller={self.caller!r}, deadline={self.deadline!r})"

    @property
    def identity(self) -> Identity:
        """What calls may carry of the caller."""
        return self.caller.identity


def request_of(
    call: BoundOperation,
    supplied: Supplied,
    sender: Sender,
    more: Mapping[Parameter | str, object] = MappingProxyType({}),
) -> Request:
    """The request of one call. `more` are values that paging adds: parameters, or query parameters by name.

    Raises FieldError where a value can't be sent: BAD_USER_INPUT for what the client supplied, UPSTREAM_ERROR
    for what Stolon supplied.
    """
    parameters, body = _values(call, supplied, sender)
    change = put(supplied.change, call.change_key, parameters)
    by_name: dict[str, object] = {}
    if more:
        bound = _bound(call, parameters)
        for place, value in more.items():
            if isinstance(place, Parameter):
                parameters[place] = value
            elif place not in bound:
                by_name[place] = value
    path, sent_headers = _written(call, parameters)
    return Request(
        service=call.service,
        operation=call.operation.id,
        method=call.operation.method,
        target=_with_query(path, by_name),
        headers={**sender.headers, **sent_headers},
        body=None if body is MISSING else _ENCODER.encode(body),
        safe=call.safe,
        keyed=call.change_key in parameters,
        identity=sender.identity,
        entitled=call.public or sender.caller.authenticated,
        fallback=call.fallback,
        deadline=sender.deadline,
        once=None if change is None else change.once(path, sent_headers, sender.headers, body),
        tags=() if call.tags is None else call.tags(supplied, parameters, body),
    )


def check(call: BoundOperation, supplied: Supplied, sender: Sender) -> None:
    """Raises what `request_of` would, before anything is asked: of a lookup whose key the client says."""
    parameters, _ = _values(call, supplied, sender)
    _written(call, parameters)


def _values(call: BoundOperation, supplied: Supplied, sender: Sender) -> tuple[dict[Parameter, object], Any]:
    """The values of parameters, and of the body or MISSING."""
    parameters: dict[Parameter, object] = {}
    body: Any = MISSING
    for binding in call.bindings:
        value, to = supply(binding.supplier, supplied, sender), binding.target
        if value is MISSING:
            continue
        try:
            sent = to_wire(call.contract, to.use, value)
        except ValueError as wrong:
            raise FieldError(_refusal(call, binding, (), str(wrong))) from None
        # No URL or header can say null: it means the same as nothing.
        if to.parameter is None or sent is not None:
            if to.constraints is not None:
                _check(call, binding, to.constraints, sent)
            if to.parameter is None:
                body = _placed(body, to.body or (), sent)
            else:
                parameters[to.parameter] = sent
    return parameters, body


def _written(call: BoundOperation, parameters: Mapping[Parameter, object]) -> tuple[str, dict[str, str]]:
    try:
        return target(call.operation, parameters), headers(call.operation, parameters)
    except BadValue as wrong:
        raise FieldError(_bad_value(call, wrong)) from None


def _bound(call: BoundOperation, parameters: Mapping[Parameter, object]) -> set[str]:
    """The names that only the declaration gives values to. Others, which come from upstream URLs and from clients'
    cursors, never replace what it binds; but they may say what a client left out.
    """
    return {
        one.target.parameter.name
        for one in call.bindings
        if one.target.parameter is not None
        and (one.target.parameter in parameters or not isinstance(one.supplier, Argument))
    }


def other_parameters(call: BoundOperation, supplied: Supplied, sender: Sender) -> bytes:
    """What tells two calls of a batched operation apart beside the parents' own values, or the keys asked for, in
    canonical bytes.
    """
    values: list[Any] = []
    for binding in call.bindings:
        if isinstance(binding.supplier, (Each, Key, Keys)):
            continue
        value = supply(binding.supplier, supplied, sender)
        values.append([] if value is MISSING else [value])
    return _ENCODER.encode(values)


def _with_query(path: str, more: Mapping[str, object]) -> str:
    if not more:
        return path
    pairs = [
        (name, one) for name, value in more.items() for one in (value if isinstance(value, list) else [value])
    ]
    return path + ("&" if "?" in path else "?") + urlencode(pairs)


def supply(supplier: Supplier, supplied: Supplied, sender: Sender) -> Any:
    """The value of a supplier; MISSING where the client left it out."""
    match supplier:
        case Argument(name):
            return supplied.arguments.get(name, MISSING)
        case This(path):
            return raw(supplied.parent, path)
        case Constant(value):
            return value
        case Key(part):
            return supplied.key[part]
        case Keys(None, names):
            return [dict(zip(names, key, strict=True)) for key in supplied.keys]
        case Keys(int(part)):
            return [key[part] for key in supplied.keys]
        case Each():
            return list(supplied.each)
        case Claim(name):
            return _claim(name, sender.caller)
        case Header(name):
            return sender.headers.get(name, MISSING)


def _claim(name: str, caller: Caller) -> object:
    value: Any = caller.claims.get(name)
    if value is None:
        # Not one claim of this very name, as `https://example.com/tenant` is one, but a path into another.
        value = caller.claims
        for step in name.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
    if value is None:
        message = f"This field needs a caller whose token has the claim {name!r}."
        raise FieldError(Fault(Code.FORBIDDEN if caller.authenticated else Code.UNAUTHENTICATED, message))
    return value


def _placed(body: object, path: tuple[str, ...], value: object) -> object:
    """A body with a value at a path. What the declaration binds wins over what the client sent in its way."""
    if not path:
        return value
    known = body if isinstance(body, Mapping) else {}
    return {**known, path[0]: _placed(known.get(path[0]), path[1:], value)}


def _check(call: BoundOperation, binding: Binding, constraints: Constraints, sent: object) -> None:
    found = constraints.check(sent)
    if found:
        raise FieldError(_refusal(call, binding, found[0].path, found[0].message, found[1:]))


def _refusal(
    call: BoundOperation,
    binding: Binding,
    path: tuple[str | int, ...],
    message: str,
    more: tuple[Any, ...] = (),
) -> Fault:
    if not isinstance(binding.supplier, Argument):
        return Fault(
            Code.UPSTREAM_ERROR,
            "A value that the gateway would send is not what the service's contract asks for.",
            service=call.service,
            operation=call.operation.id,
            details={"parameter": target_name(binding.target), "reason": message},
        )
    wrong = [(path, message), *((one.path, one.message) for one in more)]
    fields = [
        {"path": list(argument_path(call, binding.target, one)), "message": text} for one, text in wrong
    ]
    where = ".".join(str(step) for step in fields[0]["path"])
    return Fault(
        Code.BAD_USER_INPUT,
        f"{where}: {message}",
        service=call.service,
        operation=call.operation.id,
        details={"fields": fields},
    )


def argument_path(call: BoundOperation, to: Target, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The path of the GraphQL argument that a place below a target was supplied by."""
    if to.parameter is not None:
        found = call.locate(
            FieldProblem(pointer=path, location=to.parameter.location, name=to.parameter.name, message="")
        )
    else:
        found = call.locate(
            FieldProblem(pointer=(*(to.body or ()), *path), location="body", name=None, message="")
        )
    return found if found is not None else (target_name(to), *path)


def target_name(to: Target) -> str:
    """The upstream's own name of a target."""
    return to.parameter.name if to.parameter is not None else ".".join(to.body or ("body",))


def _bad_value(call: BoundOperation, wrong: BadValue) -> Fault:
    for binding in call.bindings:
        if binding.target.parameter is not None and binding.target.parameter.name == wrong.parameter:
            return _refusal(call, binding, (), str(wrong))
    return Fault(
        Code.UPSTREAM_ERROR, "The call could not be made.", service=call.service, operation=call.operation.id
    )
