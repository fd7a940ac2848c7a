"""Pages of appraisal; those about schemes, their files and parameters stand apart."""

from lms.appraisal.views import parameters, scheme_files, schemes  # noqa: F401 (they add their routes)
from lms.appraisal.views.pages import bp

__all__ = ["bp"]
