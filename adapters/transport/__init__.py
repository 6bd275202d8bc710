"""From a `Request` to bytes on a socket, and back: connections, TLS, bodies."""
