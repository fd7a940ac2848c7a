"""Organisation, posts, and the people in them, each with dates."""
