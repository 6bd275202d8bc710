"""What each field means: sources, calls, batches, records, paging and the mapping of errors.

Knows nothing of HTTP servers.
"""
