"""OpenAPI documents read into the frozen model that everything else stands on."""
