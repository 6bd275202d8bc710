"""Who asks: tokens checked, keys kept fresh, claims read; and what services are told of it."""
