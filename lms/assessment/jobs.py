"""What quizzes have done by themselves: attempts whose time is over are closed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from lms.assessment.services import expire_overdue
from lms.core.housekeeping import chore

EXPIRE = "assessment.expire"


@chore(EXPIRE)
def expire(session: Session, now: datetime) -> int:
    """Grade a batch of attempts that nobody handed in before their time was over."""
    return expire_overdue(session, now=now)
