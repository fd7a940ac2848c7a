"""Scheduling, blind scoring, and what comes of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from lms.core.audit import SYSTEM
from lms.core.errors import Refused, Rejected
from lms.learning.models import Outcome, OutcomeKind
from lms.roleplay import services
from lms.roleplay.models import RatingState, Sitting, SittingState
from tests.assessment.conftest import NOW
from tests.roleplay.conftest import BETTER, GOOD, Stage


def test_a_scorer_sees_the_others_only_after_submitting(stage: Stage) -> None:
    stage.submit("trainer", GOOD)
    blind = stage.view("stranger")
    assert (blind.ratings, blind.submitted, blind.scores) == ((), 1, True)
    assert [(item.level, item.given) for item in blind.criteria] == [(None, ())] * 3
    assert [rating.percent for rating in stage.view("trainer").ratings] == [Decimal(80)]
    stage.submit("stranger", BETTER)
    for name in ("trainer", "stranger", "trainee"):
        seen = stage.view(name)
        assert [rating.percent for rating in seen.ratings] == [Decimal(80), Decimal(100)]
        assert [item.level for item in seen.criteria] == [Decimal("3.50"), Decimal(4), Decimal(3)]


def test_a_draft_is_seen_by_nobody(stage: Stage) -> None:
    stage.draft("stranger", BETTER)
    stage.submit("trainer", GOOD)
    for name in ("trainer", "stranger", "trainee", "hr"):
        seen = stage.view(name)
        assert stage.id_of("stranger") not in [rating.scorer_id for rating in seen.ratings]
        assert seen.submitted == 1


def test_the_player_sees_the_hidden_card_only_when_all_is_done(stage: Stage) -> None:
    assert stage.view("trainee").hidden_card is None
    assert stage.view("trainer").hidden_card is not None
    stage.submit("trainer", GOOD)
    assert stage.view("trainee").hidden_card is None
    assert stage.view("trainee").ratings == ()
    stage.submit("stranger", GOOD)
    seen = stage.view("trainee").hidden_card
    assert seen is not None
    assert seen["need_zh"] == "急需置换高息贷款"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["trainer", "supervisor"], "学员的直接主管不参加演练评分。"),
        (["trainer", "trainee"], "学员不能给自己评分。"),
        ([], "请至少选择一位评分人。"),
    ],
)
def test_who_may_not_score(stage: Stage, names: list[str], message: str) -> None:
    session = stage.school.session
    with pytest.raises(Refused) as refused:
        services.schedule(
            session,
            SYSTEM,
            enrolment=stage.school.enrolment,
            scenario=stage.scenario,
            scorer_ids=[stage.id_of(name) for name in names],
            at=NOW,
        )
    assert refused.value.message == message
    assert session.scalars(select(Sitting)).all() == [stage.sitting]


def test_the_last_submission_settles_the_sitting_and_reports_it(stage: Stage) -> None:
    session = stage.school.session
    reported = select(Outcome).where(Outcome.kind == OutcomeKind.SITTING)
    stage.submit("trainer", GOOD)
    assert stage.view("trainer").sitting.state is SittingState.SCHEDULED
    assert session.scalars(reported).all() == []
    gated = stage.submit("stranger", {**BETTER, "law": 1}, law="承诺了收益")
    assert (gated.percent, gated.before_gates) == (Decimal(59), Decimal(85))
    assert stage.sitting.state is SittingState.DONE
    assert (stage.sitting.final_percent, stage.sitting.spread) == (Decimal("69.5"), Decimal(21))
    outcome = session.scalars(reported).one()
    assert (outcome.enrolment_id, outcome.item) == (stage.school.enrolment.id, "S1")
    assert (outcome.points, outcome.passed, outcome.occurred_at) == (Decimal("69.5"), None, NOW)


def test_what_is_submitted_is_final(stage: Stage) -> None:
    stage.submit("trainer", GOOD)
    with pytest.raises(Refused, match="评分已提交"):
        stage.draft("trainer", BETTER)
    with pytest.raises(Refused, match="评分已提交"):
        stage.submit("trainer", BETTER)
    assert [rating.percent for rating in stage.view("trainer").ratings] == [Decimal(80)]


def test_level_one_without_a_remark_and_a_missing_level_are_refused(stage: Stage) -> None:
    with pytest.raises(Rejected) as rejected:
        stage.submit("trainer", {"need": 1, "offer": 3}, need="  ")
    assert [problem.field for problem in rejected.value.problems] == ["need", "law"]
    rating = services.my_rating(stage.school.session, stage.sitting, stage.id_of("trainer"))
    assert rating is None or rating.state is RatingState.DRAFT
    assert stage.submit("trainer", {**GOOD, "need": 1}, need="没有提问").state is RatingState.SUBMITTED


def test_only_a_scorer_of_the_sitting_rates_it(stage: Stage) -> None:
    for name in ("trainee", "supervisor", "hr"):
        with pytest.raises(Refused, match="不是这场演练的评分人"):
            stage.submit(name, GOOD)
    assert stage.view("trainer").submitted == 0
