"""The lanes on which documents are executed, and what an execution ends with."""
