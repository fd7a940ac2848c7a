"""What a person may see of a sitting: blindness and the hidden card are decided here."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lms.roleplay.models import Rating, RatingState, Sitting, SittingState
from lms.roleplay.rules import mean_levels


@dataclass(frozen=True)
class CriterionView:
    """A criterion with the mean level over the visible ratings and each scorer's level and remark."""

    criterion: dict[str, Any]
    level: Decimal | None
    given: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True)
class SittingView:
    """A sitting as one reader may see it."""

    sitting: Sitting
    hidden_card: dict[str, Any] | None
    ratings: tuple[Rating, ...]
    criteria: tuple[CriterionView, ...]
    submitted: int
    scores: bool
    """Whether the reader is one of the scorers."""


def view_for(sitting: Sitting, reader_id: int | None) -> SittingView:
    """Return what a reader may see.

    The player sees neither the hidden card nor any rating before the sitting is done. A
    scorer sees only the own rating until having submitted it. Nobody sees another's draft.
    """
    done = sitting.state is SittingState.DONE
    plays = reader_id == sitting.employee_id
    scores = reader_id in {scorer.employee_id for scorer in sitting.scorers}
    submitted = [rating for rating in sitting.ratings if rating.state is RatingState.SUBMITTED]
    own = [rating for rating in submitted if rating.scorer_id == reader_id]
    if done:
        visible = submitted
    elif plays:
        visible = []
    elif scores:
        visible = submitted if own else []
    else:
        visible = []
    return SittingView(
        sitting=sitting,
        hidden_card=None if plays and not done else sitting.scenario.hidden_card,
        ratings=tuple(visible),
        criteria=tuple(_criteria(sitting, visible)),
        submitted=len(submitted),
        scores=scores,
    )


def _criteria(sitting: Sitting, ratings: list[Rating]) -> list[CriterionView]:
    levels = [{score.criterion_code: score.level for score in rating.scores} for rating in ratings]
    return [
        CriterionView(
            criterion=criterion,
            level=mean_levels(levels, criterion["code"]) if levels else None,
            given=tuple(
                (rating.scorer.name, score.level, score.remark)
                for rating in ratings
                for score in rating.scores
                if score.criterion_code == criterion["code"]
            ),
        )
        for criterion in sitting.scenario.rubric.content["criteria"]
    ]
