"""The words for where a person stands and for what an outcome tells of."""

from __future__ import annotations

from enum import StrEnum


class EnrolmentState(StrEnum):
    """Where a person stands in a cohort."""

    ENROLLED = "enrolled"
    LEARNING = "learning"
    ATTENDED = "attended"  # 到课未结业
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


class OutcomeKind(StrEnum):
    """What kind of event an outcome tells of."""

    QUIZ = "quiz"
    SITTING = "sitting"
    FEEDBACK = "feedback"
    ATTENDANCE = "attendance"
