"""Pages of administration, split by noun."""

from lms.admin.views import imports, indicators, rights, values
from lms.admin.views.blueprint import bp

__all__ = ["bp", "imports", "indicators", "rights", "values"]
