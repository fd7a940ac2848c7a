"""Checks over the parts of a course package: documents in, findings out, nothing read and nothing stored."""
