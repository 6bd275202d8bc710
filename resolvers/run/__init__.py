"""Running plans: steps over the store, values into shapes, errors to their paths.

`run.py` runs a plan for one request; `place.py` says where a value goes and what an error there takes with it.
"""
