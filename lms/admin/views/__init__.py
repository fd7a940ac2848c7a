"""Pages of administration, split by noun."""

from lms.admin.views import data, datamodels, import_steps, imports, indicators, rights
from lms.admin.views.blueprint import bp

__all__ = ["bp", "data", "datamodels", "import_steps", "imports", "indicators", "rights"]
