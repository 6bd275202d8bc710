"""The image without an engine: the Dockerfile's own steps, taken in an empty root and run there.

`dockerfile.py` reads, `context.py` picks what the builder gets, `build.py` takes the steps, `sandbox.py` puts a
command into a root, and `__main__.py` shows that the image does what it says.
"""
