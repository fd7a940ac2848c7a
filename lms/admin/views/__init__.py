"""Pages of administration, split by noun."""

from lms.admin.views import (
    bank,
    data,
    datamodels,
    hidden,
    import_steps,
    imports,
    indicators,
    people,
    posts,
    rights,
    rosters,
    units,
    values,
)
from lms.admin.views.blueprint import bp

__all__ = [
    "bank",
    "bp",
    "data",
    "datamodels",
    "hidden",
    "import_steps",
    "imports",
    "indicators",
    "people",
    "posts",
    "rights",
    "rosters",
    "units",
    "values",
]
