"""The notifications service: e-mail, kept in an outbox. HTTP on the outside, `outbox.py` within. Its contract is
`contracts/notifications.yaml`.

A bought service, as many are: callers show an API key (`api_keys.py`) and stay within its rates (`rates.py`). Nothing
is sent anywhere: who runs the demo finds in the outbox what would have been.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web

from . import seed_emails
from .api_keys import KEY, check_key
from .application import OPTIONS, Operation, answer, assemble
from .checks import EMAIL, Body, Parameters, read_json
from .options import ServiceOptions, timestamp
from .outbox import Email, Outbox
from .problems import not_found
from .rates import RATES, Rates, rated
from .security import CALLER

STORE: Final = web.AppKey("outbox", Outbox)


def create_app(options: ServiceOptions) -> web.Application:
    """The notifications service; `options.secret` is the one key that it takes."""

    async def storage(app: web.Application) -> AsyncIterator[None]:
        app[STORE] = store = Outbox(options.database, seed_emails.emails())
        yield
        store.close()

    operations = [
        Operation("listEmails", "GET", "/v1/emails", "", rated("reads", list_emails)),
        Operation("sendEmail", "POST", "/v1/emails", "", rated("sends", send_email)),
        Operation("getEmail", "GET", "/v1/emails/{email_id}", "", rated("reads", get_email)),
    ]
    app = assemble("notifications", operations, options, storage, check=check_key)
    app[KEY] = options.secret
    app[RATES] = Rates(options.clock)
    return app


async def list_emails(request: web.Request) -> web.Response:
    """`listEmails`: a part of the outbox, the newest first."""
    parameters = Parameters(request)
    # Names of its own, as bought services have them.
    recipient_id = parameters.text("filter[recipient]", most=64)
    begin = parameters.whole("begin", 0, 0, 1_000_000)
    amount = parameters.whole("amount", 20, 1, 100)
    parameters.done()
    emails, total = request.app[STORE].page(request[CALLER].tenant, recipient_id, begin, amount)
    return answer({"emails": emails, "found": total, "more": begin + len(emails) < total})


async def get_email(request: web.Request) -> web.Response:
    """`getEmail`: the e-mail with this id."""
    parameters = Parameters(request)
    email_id = parameters.path_uuid("email_id")
    parameters.done()
    found = request.app[STORE].find(request[CALLER].tenant, email_id)
    if found is None:
        raise not_found("email")
    return answer(found)


async def send_email(request: web.Request) -> web.Response:
    """`sendEmail`: puts an e-mail into the outbox."""
    body = Body(await read_json(request), ("recipient_id", "to", "subject", "text"))
    recipient_id, to = body.text("recipient_id", most=64), body.text("to", most=254, pattern=EMAIL)
    subject, text = body.text("subject", most=200), body.text("text", most=10_000)
    body.done()
    options = request.app[OPTIONS]
    made = Email(
        id=str(options.new_id()),
        recipient_id=str(recipient_id),
        to=str(to),
        subject=str(subject),
        text=str(text),
        state="queued",
        created_at=timestamp(options.now()),
    )
    request.app[STORE].add(request[CALLER].tenant, made)
    return answer(made, status=201, headers={"Location": f"/v1/emails/{made.id}"})
