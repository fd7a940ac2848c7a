"""Pages of appraisal; those about schemes and their files stand apart."""

from lms.appraisal.views import scheme_files, schemes  # noqa: F401 (they add their routes)
from lms.appraisal.views.pages import bp

__all__ = ["bp"]
