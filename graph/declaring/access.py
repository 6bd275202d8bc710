"""Who may see a field: decided from the caller's token alone, before anything is called upstream."""

from __future__ import annotations

from typing import Any

from strawberry.extensions import FieldExtension
from strawberry.types.info import Info
from strawberry.utils.await_maybe import await_maybe

from graph.declaring.declare import Access
from graph.executing.context_value import context_of
from resolvers.caller import Caller
from resolvers.fault import Code, Fault, FieldError

_NOT_AUTHENTICATED = Fault(Code.UNAUTHENTICATED, "This field needs an authenticated caller.")


def authorise(access: Access, caller: Caller) -> None:
    """Raises FieldError: UNAUTHENTICATED for an unverified caller, FORBIDDEN where a scope is missing."""
    fault = denial(access, caller)
    if fault is not None:
        raise FieldError(fault)


def denial(access: Access, caller: Caller) -> Fault | None:
    """The fault of a caller who may not see it; None for one who may."""
    if not access:
        return None
    if not caller.authenticated:  # which also lends it nothing of the gateway's own
        return _NOT_AUTHENTICATED
    missing = sorted(access.scopes - caller.scopes)
    if not missing:
        return None
    named = ", ".join(missing)
    return Fault(Code.FORBIDDEN, f"This field needs the scope {named}.", details={"missingScopes": missing})


class AccessExtension(FieldExtension):
    """The same decision for a plain Strawberry field whose type not everyone may see."""

    def __init__(self, access: Access) -> None:
        self.access = access

    def resolve(self, next_: Any, source: Any, info: Info[Any, Any], **kwargs: Any) -> Any:
        """Decide, then let the resolver run."""
        authorise(self.access, context_of(info.context).caller)
        return next_(source, info, **kwargs)

    async def resolve_async(self, next_: Any, source: Any, info: Info[Any, Any], **kwargs: Any) -> Any:
        """Decide, then let the resolver run; that of a subscription gives a generator, which nobody awaits."""
        authorise(self.access, context_of(info.context).caller)
        return await await_maybe(next_(source, info, **kwargs))
