"""What was declared, bound to contracts: every parameter finds its supplier, every field its source, or a mistake."""
