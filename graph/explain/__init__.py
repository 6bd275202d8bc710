"""Plans, shown: as JSON, as a tree that a person can read, as a chart."""
