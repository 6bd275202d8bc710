"""What is seen of requests and services: log lines, figures, health and spans."""
