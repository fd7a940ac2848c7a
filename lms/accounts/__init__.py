"""Pages of signing in, of one's own account, of first set-up, and of the second person."""
