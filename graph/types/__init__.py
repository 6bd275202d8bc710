"""GraphQL types made from contracts' schemas: their names, scalars, unions and directives."""
