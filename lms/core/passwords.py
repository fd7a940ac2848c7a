"""What a password must be."""

SHORTEST = 10
"""A password has at least so many characters; a sentence is welcome."""
