"""Documents parsed, counted and validated once, and kept."""
