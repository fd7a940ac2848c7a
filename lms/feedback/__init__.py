"""Feedback on training: forms, waves, who gave an answer, and what was said (never who said it)."""
