"""What a call passes on its way to a service: deadlines, flights, retries, breakers, limits."""
