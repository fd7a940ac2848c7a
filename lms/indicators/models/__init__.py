"""Tables of indicators, by noun."""

from lms.indicators.models.codes import CodeMap
from lms.indicators.models.datamodel import DataField, DataModel, DataModelChange, FieldMapping
from lms.indicators.models.feeds import Arrival, Balance, Feed
from lms.indicators.models.importing import ImportBatch, ImportMapping, ImportUpload
from lms.indicators.models.indicator import Indicator
from lms.indicators.models.lint import LintRow, TargetExcess
from lms.indicators.models.target import Target, TargetAnswer
from lms.indicators.models.values import Derivation, HiddenValue, Recalculation, TypedValue

__all__ = [
    "Arrival",
    "Balance",
    "CodeMap",
    "DataField",
    "DataModel",
    "DataModelChange",
    "Derivation",
    "Feed",
    "FieldMapping",
    "HiddenValue",
    "ImportBatch",
    "ImportMapping",
    "ImportUpload",
    "Indicator",
    "LintRow",
    "Recalculation",
    "Target",
    "TargetAnswer",
    "TargetExcess",
    "TypedValue",
]
