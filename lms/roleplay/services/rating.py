"""Rating a sitting, blind; the last submission settles it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.audit import Acting, record
from lms.core.errors import Problem, Refused, Rejected
from lms.core.i18n import N_
from lms.learning.models import OutcomeKind
from lms.learning.services import record_outcome
from lms.roleplay.models import Rating, RatingScore, RatingState, Sitting, SittingState
from lms.roleplay.rules import LEVELS, NO_LEVEL, check, final, mark


def my_rating(session: Session, sitting: Sitting, scorer_id: int) -> Rating | None:
    """Return a scorer's own rating of a sitting."""
    return session.scalar(
        select(Rating).where(Rating.sitting_id == sitting.id, Rating.scorer_id == scorer_id)
    )


def save_draft(
    session: Session,
    actor: Acting,
    sitting: Sitting,
    scorer_id: int,
    *,
    levels: Mapping[str, int],
    remarks: Mapping[str, str],
    overall: str,
) -> Rating:
    """Keep what a scorer has so far.

    Raises:
        Refused: when the person does not score this sitting or has submitted already.
    """
    if scorer_id not in {scorer.employee_id for scorer in sitting.scorers}:
        raise Refused(N_("您不是这场演练的评分人。"))
    if sitting.state is not SittingState.SCHEDULED:
        raise Refused(N_("这场演练已经结束评分。"))
    rating = my_rating(session, sitting, scorer_id)
    if rating is None:
        rating = Rating(sitting_id=sitting.id, scorer_id=scorer_id, state=RatingState.DRAFT)
        session.add(rating)
    elif rating.state is RatingState.SUBMITTED:
        raise Refused(N_("评分已提交，不能再修改。"))
    codes = [criterion["code"] for criterion in sitting.scenario.rubric.content["criteria"]]
    held = {score.criterion_code: score for score in rating.scores}
    for code in codes:
        level, remark = levels.get(code, NO_LEVEL), remarks.get(code, "").strip()[:1000]
        score = held.get(code)
        if score is None and level not in LEVELS and not remark:
            continue
        if score is None:
            score = RatingScore(criterion_code=code)
            rating.scores.append(score)
        score.level, score.remark = level if level in LEVELS else NO_LEVEL, remark
    rating.remarks = overall.strip()[:2000]
    session.flush()
    return rating


def submit(
    session: Session,
    actor: Acting,
    sitting: Sitting,
    scorer_id: int,
    *,
    levels: Mapping[str, int],
    remarks: Mapping[str, str],
    overall: str,
    now: datetime,
) -> Rating:
    """Submit a rating; when it is the last one, settle the sitting and report its outcome.

    Raises:
        Refused: as `save_draft`.
        Rejected: naming every criterion without a level, or at level 1 without a remark.
    """
    rubric = sitting.scenario.rubric.content
    rating = save_draft(session, actor, sitting, scorer_id, levels=levels, remarks=remarks, overall=overall)
    faults = check(rubric, levels, remarks)
    if faults:
        raise Rejected([Problem(fault.message, fault.params, field=fault.code) for fault in faults])
    marked = mark(rubric, levels)
    rating.percent, rating.before_gates = marked.percent, marked.before_gates
    rating.state, rating.submitted_at = RatingState.SUBMITTED, now
    session.flush()
    record(session, actor, "roleplay:rating:submit", f"rating:{rating.id}", percent=str(marked.percent))
    _settle(session, actor, sitting, now)
    return rating


def _settle(session: Session, actor: Acting, sitting: Sitting, now: datetime) -> None:
    submitted = session.scalars(
        select(Rating).where(Rating.sitting_id == sitting.id, Rating.state == RatingState.SUBMITTED)
    ).all()
    if len(submitted) < len(sitting.scorers):
        return
    settled = final([rating.percent for rating in submitted if rating.percent is not None])
    sitting.final_percent, sitting.spread = settled.percent, settled.spread
    sitting.state, sitting.done_at = SittingState.DONE, now
    session.flush()
    record_outcome(
        session,
        enrolment_id=sitting.enrolment_id,
        kind=OutcomeKind.SITTING,
        item=sitting.scenario.code,
        source=f"sitting:{sitting.id}",
        points=settled.percent,
        passed=None,
        occurred_at=now,
    )
    record(session, actor, "roleplay:sitting:settle", f"sitting:{sitting.id}", percent=str(settled.percent))
