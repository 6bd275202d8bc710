"""Whose credentials a call carries: one file for each way, and the tokens that are kept for them."""
