"""How one call reaches one service: contracts, the policy stack, transports and frozen messages.

Knows nothing of GraphQL.
"""
