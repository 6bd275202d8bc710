"""The failure tree: every way in which a call can end without an answer, each translated once from its
library.

`adapters/transport/transport.py` and the policies raise these; `resolvers/errors.py` maps them to GraphQL errors. An
answer of any status, 5xx included, is no failure here: it is a `Response`.
"""

from __future__ import annotations

from typing import TypeVar

Raised = TypeVar("Raised", bound=BaseException)


def again(failure: Raised) -> Raised:
    """An equal exception that nobody has raised yet, with the first as its cause.

    One exception raised in two tasks gathers both tracebacks and loses its context; whoever waits for a
    shared call gets one of its own. Works for keyword-only constructors, which `copy.copy` does not.
    """
    fresh = type(failure).__new__(type(failure), *failure.args)
    fresh.args = failure.args
    for name, value in vars(failure).items():
        setattr(fresh, name, value)
    fresh.__cause__ = failure
    return fresh


class UpstreamFailure(Exception):
    """A call that brought no answer. `sent` is true where the request may have reached the service.

    The message is for logs; it holds no token, header or body.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class Unavailable(UpstreamFailure):
    """The service could not be reached or hung up: refused, reset, DNS, TLS."""


class Refused(Unavailable):
    """The call did not leave, to spare the service or those who wait: its breaker is open, or its queue is full.

    `retry_after` is in seconds: before that, another try is of no use. Never sent.
    """

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message, sent=False)
        self.retry_after = retry_after


class RateExceeded(Refused):
    """The service answers no more calls for now, by the rate that it publishes or tells: none was made."""


class TimedOut(UpstreamFailure):
    """The deadline of the call passed."""


class BadAnswer(UpstreamFailure):
    """Bytes came that are no usable HTTP answer: malformed, cut short, or over the bound on bodies."""


class NotSent(UpstreamFailure):
    """The call was refused before it left: a policy forbids it. Never sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=False)


class KeyReused(NotSent):
    """A client's idempotency key came again, with another payload (draft-ietf-httpapi-idempotency-key-header-07,
    section 2.7).
    """


class Unauthenticated(NotSent):
    """The service wants the caller's own credentials, and the caller has none."""
