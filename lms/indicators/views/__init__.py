"""Pages of figures: typing values, targets and what people say to them."""

from lms.indicators.views import entry, lint, targets
from lms.indicators.views.blueprint import bp

__all__ = ["bp", "entry", "lint", "targets"]
