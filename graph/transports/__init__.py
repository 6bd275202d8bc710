"""The ways in which a GraphQL request arrives, one per file: each knows its requests and answers them."""
