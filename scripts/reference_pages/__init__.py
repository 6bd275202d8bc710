"""The reference in docs/reference/, written from the code: `scripts/reference-pages`, or `--check` to compare.

What can be asked of the code is asked of it: which settings `stolon.toml` may hold and what each expects, which
names the idiom has, which errors and metrics there are. What only a person can say, what something is for, stands in
`docs/reference/words.toml`, or in a comment beside the code. `__main__.py` puts the pages together.
"""
