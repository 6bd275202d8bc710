"""Relay connections over the pagings of services, recognised in contracts or stated by projects."""
