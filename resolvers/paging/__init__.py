"""Pages of services as connections, and whole lists out of pages."""
