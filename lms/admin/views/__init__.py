"""Pages of administration, split by noun."""

from lms.admin.views import bank, datamodels, imports, indicators, rights
from lms.admin.views.blueprint import bp

__all__ = ["bank", "bp", "datamodels", "imports", "indicators", "rights"]
