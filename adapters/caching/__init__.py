"""The HTTP cache of one service: what may be kept, used again, renewed and dropped (RFC 9111, RFC 5861)."""
