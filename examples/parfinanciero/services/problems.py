"""Problem documents (RFC 9457): the one shape of every error answer of these services.

Handlers raise `Problem`; the middleware here turns it, aiohttp's own errors and unforeseen exceptions into
answers.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

LOG = logging.getLogger("parfinanciero")
MEDIA_TYPE = "application/problem+json"
TYPE_ROOT = "https://parfinanciero.example/problems/"
MOST_ERRORS = 100


class Problem(Exception):
    """An error answer: HTTP `status`, the kind (`slug` ends its type URI, `title` says it), and what is wrong
    here.

    `errors` are the single mistakes (`pointer` or `parameter`, and `detail`), at most 100 of them are sent.
    `members` are further members of the document that the contract declares.
    """

    def __init__(
        self,
        status: int,
        slug: str,
        title: str,
        detail: str | None = None,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.headers = dict(headers or {})
        self.document: dict[str, object] = {"type": TYPE_ROOT + slug, "title": title, "status": status}
        if detail is not None:
            self.document["detail"] = detail
        if errors:
            self.document["errors"] = list(errors[:MOST_ERRORS])
        self.document.update(members or {})

    def response(self) -> web.Response:
        """The problem as an HTTP answer."""
        return web.Response(
            status=self.status,
            body=msgspec.json.encode(self.document),
            content_type=MEDIA_TYPE,
            headers=self.headers,
        )


def not_found(what: str) -> Problem:
    """The 404 of a `what` ("user", "order", "payment") that the tenant does not have."""
    return Problem(404, f"{what}-not-found", f"There is no such {what}")


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers every failure with a problem document; what nobody foresaw is logged and says nothing to the
    client.
    """
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPException as error:
        slug = error.reason.lower().replace(" ", "-")
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return Problem(error.status, slug, error.reason, headers=headers).response()
    except Exception:
        LOG.exception("a call failed")
        return Problem(500, "internal", "The service failed").response()
