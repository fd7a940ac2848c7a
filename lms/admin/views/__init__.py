"""Pages of administration, split by noun."""

from lms.admin.views import hidden, imports, indicators, rights
from lms.admin.views.blueprint import bp

__all__ = ["bp", "hidden", "imports", "indicators", "rights"]
