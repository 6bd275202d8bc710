"""E-mails to customers.

The notifications service takes a key, which opens everybody's. So who may see them is said here.
"""

from entities import User

from stolon import rest

notifications = rest.contract("notifications")


@rest.type(
    notifications.schema("Email"),
    key="id",
    one=notifications.op("getEmail"),
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
        notifications.op("listEmails", recipient_id=rest.this("id")),
        description="What was sent to the customer, the newest first.",
    )
