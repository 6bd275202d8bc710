"""E-mails to customers.

The notifications service is a bought one. It takes a key, which opens everybody's, so who may see them is said here;
and its parameters have names of its own, so how it pages is said here, too.
"""

from typing import Any

from entities import User
from strawberry.permission import BasePermission

from stolon import rest

notifications = rest.contract("notifications")


class InPerson(BasePermission):
    """A rule that no scope tells: a program that acts for somebody (RFC 8693, section 4.1) is not that person."""

    message = "E-mails are sent in person, not by a program on somebody's behalf."

    def has_permission(self, source: Any, info: rest.Info, **arguments: Any) -> bool:
        """Whether the caller's own token was used."""
        return "act" not in info.context.caller.claims


@rest.type(
    notifications.schema("Email"),
    key="id",
    one=notifications.op("GET /v1/emails/{email_id}"),
    scopes=["notifications:read"],
)
class Email:
    """An e-mail to a customer."""

    id: rest.auto
    subject: rest.auto
    text: rest.auto
    state: rest.auto
    created_at: rest.auto
    to: rest.auto = rest.field(scopes=["users:pii"])
    recipient: User | None = rest.link(key="recipient_id", description="Whom it is for.")


@rest.extend(User)
class EmailsOfUser:
    """What the outbox adds to the customer."""

    emails: rest.Connection[Email] | None = rest.connection(
        notifications.op(
            "listEmails",
            {"filter[recipient]": rest.this("id")},
            paging=rest.by_offset(offset="begin", limit="amount", items="emails", total="found", more="more"),
        ),
        description="What was sent to the customer, the newest first.",
    )
