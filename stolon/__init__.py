"""Stolon: REST services, each with an OpenAPI contract, served as one GraphQL schema.

`rest` is the declaring idiom; `Context` is what resolvers are handed as `info.context`; `testing` runs a
project's schema over scripted services. A project's code imports nothing else.
"""

from graph.declaring import rest
from resolvers.context import Context
from stolon import testing

__all__ = ["Context", "rest", "testing"]
