"""The module that generated types say they live in: Strawberry looks a type's module up in `sys.modules`.

It holds nothing; each generated type has a qualified name of its own, made of its contract and its place
there.
"""
