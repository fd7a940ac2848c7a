"""Pages of administration, split by noun."""

from lms.admin.views import datamodels, imports, indicators, rights
from lms.admin.views.blueprint import bp

__all__ = ["bp", "datamodels", "imports", "indicators", "rights"]
