"""Connections and applications: listening, draining, reloading, and developing."""
