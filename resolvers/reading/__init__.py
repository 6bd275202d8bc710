"""From the bytes of an answer to values, each checked against its contract when it is read."""
