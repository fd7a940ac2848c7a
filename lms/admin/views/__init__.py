"""Pages of administration, split by noun."""

from lms.admin.views import (
    bank,
    datamodels,
    hidden,
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
    "datamodels",
    "hidden",
    "imports",
    "indicators",
    "people",
    "posts",
    "rights",
    "rosters",
    "units",
    "values",
]
