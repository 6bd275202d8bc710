"""The fast lane: plans compiled to msgspec types, and run on them.

`program.py` compiles a plan once; `run.py` runs it for one request. Whatever is not as the contracts promise is
left to the checked lane (`resolvers/run`), over the same store.
"""
