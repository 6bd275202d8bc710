"""What clients meet: the declaring idiom, binding to Strawberry, HTTP, identity, settings and the command line."""
