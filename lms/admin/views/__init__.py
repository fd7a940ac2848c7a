"""Pages of administration, split by noun."""

from lms.admin.views import bank, codes, datamodels, feeds, imports, indicators, rights, suspense
from lms.admin.views.blueprint import bp

__all__ = ["bank", "bp", "codes", "datamodels", "feeds", "imports", "indicators", "rights", "suspense"]
