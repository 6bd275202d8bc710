"""`stolon.toml` read into frozen Structs, or refused with every mistake at once."""
