"""Courses, cohorts and what people have learnt in them."""
