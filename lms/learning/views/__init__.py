"""Pages of learning, split by noun."""

from lms.learning.views import cohort_changes, cohorts, lessons
from lms.learning.views.blueprint import bp

__all__ = ["bp", "cohort_changes", "cohorts", "lessons"]
