"""GraphQL over HTTP: from a request's headers and body to a document, and from an answer to bytes."""
