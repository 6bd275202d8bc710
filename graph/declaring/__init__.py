"""What a project's modules write: types, fields and calls, as frozen facts with their places."""
