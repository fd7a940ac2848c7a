"""Pages of appraisal; those about scheme files stand apart."""

from lms.appraisal.views import scheme_files  # noqa: F401 (adds its routes)
from lms.appraisal.views.pages import bp

__all__ = ["bp"]
