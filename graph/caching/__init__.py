"""Whole answers that are kept and what clients may do with them; the caches that a process has open."""
