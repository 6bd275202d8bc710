"""The store that replicas share: entries, idempotency keys, and what was dropped."""
