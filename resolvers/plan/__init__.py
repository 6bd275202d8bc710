"""Plans: what one GraphQL operation will do, worked out before anything is called.

`planning.py` makes them by passes, in the order that it gives reasons for; `plan.py` is what comes out;
`resolvers/run` runs it.
"""
