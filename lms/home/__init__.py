"""One front page a role."""
