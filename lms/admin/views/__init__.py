"""Pages of administration, split by noun."""

from lms.admin.views import (
    bank,
    codes,
    data,
    datamodels,
    feeds,
    hidden,
    import_steps,
    imports,
    indicators,
    people,
    posts,
    rights,
    rosters,
    suspense,
    units,
    values,
)
from lms.admin.views.blueprint import bp

__all__ = [
    "bank",
    "bp",
    "codes",
    "data",
    "datamodels",
    "feeds",
    "hidden",
    "import_steps",
    "imports",
    "indicators",
    "people",
    "posts",
    "rights",
    "rosters",
    "suspense",
    "units",
    "values",
]
