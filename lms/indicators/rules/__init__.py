"""What an indicator is and what makes a row of figures good; values in, values out."""

from lms.indicators.rules.checks import Checked, Spec, check_actuals, check_sets, check_targets
from lms.indicators.rules.columns import ACTUALS, TARGETS
from lms.indicators.rules.drafts import Held, IndicatorDraft, UploadDraft
from lms.indicators.rules.kinds import (
    Aggregate,
    BatchState,
    Direction,
    Flag,
    ImportKind,
    IndicatorSet,
    Policy,
    Source,
)

__all__ = [
    "ACTUALS",
    "TARGETS",
    "Aggregate",
    "BatchState",
    "Checked",
    "Direction",
    "Flag",
    "Held",
    "ImportKind",
    "IndicatorDraft",
    "IndicatorSet",
    "Policy",
    "Source",
    "Spec",
    "UploadDraft",
    "check_actuals",
    "check_sets",
    "check_targets",
]
