"""Forms of administration, split by noun."""
