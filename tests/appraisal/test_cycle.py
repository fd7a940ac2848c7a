"""A cycle from figures to published results."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from lms import scoring
from lms.access.services import decide
from lms.appraisal import services
from lms.appraisal.models import (
    Appraisal,
    AppraisalState,
    ComprehensiveRating,
    Cycle,
    CycleState,
    Line,
    RatingChange,
    VersionState,
)
from lms.appraisal.services import computing, frozen, publishing, ratings, results, schemes
from lms.core import jobs
from lms.core.audit import SYSTEM
from lms.core.errors import Forbidden, Refused, Rejected
from lms.core.jobs import JobState, kind_of
from lms.core.jobs.runner import run_inline
from lms.people.services import grant_leave
from lms.scoring import presets
from tests.appraisal.house import (
    FIRST,
    NOW,
    TODAY,
    House,
    active_scheme,
    draft,
    import_actuals,
    marks,
    open_cycle,
)

Story = tuple[House, Cycle]


def compute(story: Story) -> str:
    house, cycle = story
    return services.run_cycle(house.session, cycle, house.person("hr"), NOW)


def publish(story: Story) -> None:
    house, cycle = story
    services.publish_by_two(house.session, cycle, house.person("hr"), house.person("hr2"), now=NOW)


# ---------------------------------------------------------------- schemes


def test_an_active_version_is_never_changed(session: Session, story: Story) -> None:
    house, cycle = story
    version = cycle.scheme_version
    before = version.sha256
    other = replace(draft(), name_zh="改了名称")
    newer = services.revise_scheme(session, house.person("hr"), version.scheme_id, other, now=NOW)
    assert (newer.number, newer.state) == (2, VersionState.DRAFT)
    assert version.sha256 == before == scoring.sha256(scoring.parse(version.document))
    services.revise_scheme(session, house.person("hr"), version.scheme_id, draft(), now=NOW)
    assert newer.number == 2, "a draft is revised in place"
    services.activate(session, house.person("hr"), newer, now=NOW)
    session.refresh(version)
    assert version.state is VersionState.RETIRED
    with pytest.raises(Refused):
        services.activate(session, house.person("hr"), newer, now=NOW)


def test_two_people_do_not_overwrite_each_others_draft(session: Session, story: Story) -> None:
    house, cycle = story
    scheme_id = cycle.scheme_version.scheme_id
    version = services.revise_scheme(session, house.person("hr"), scheme_id, draft(name_en="One"), now=NOW)
    seen = schemes.stamp(version)
    services.revise_scheme(session, house.person("hr2"), scheme_id, draft(name_en="Two"), now=NOW, seen=seen)
    with pytest.raises(Refused):
        services.revise_scheme(
            session, house.person("hr"), scheme_id, draft(name_en="Three"), now=NOW, seen=seen
        )


def test_a_measure_that_does_not_exist_is_refused(session: Session, story: Story) -> None:
    house, _ = story
    made = draft(code="OTHER")
    rows = (replace(made.sections[0].indicators[0], measure="NOTHING"),)
    made = replace(made, sections=(replace(made.sections[0], indicators=rows), *made.sections[1:]))
    with pytest.raises(scoring.InvalidScheme) as refused:
        services.design_scheme(
            session,
            house.person("hr"),
            made,
            house.units["HO"].id,
            now=NOW,
            measures=list(services.known_measures(session)),
        )
    assert [problem.path for problem in refused.value.problems] == ["sections/0/indicators/0/measure"]


# ---------------------------------------------------------------- computing


@pytest.mark.requirement("2.10")
def test_the_composite_of_the_book(session: Session, story: Story) -> None:
    house, cycle = story
    compute(story)
    li = house.appraisal(cycle, "li")
    assert (li.total, li.grade, li.state) == (Decimal("89.89"), "B", AppraisalState.COMPLETE)
    whole = results.whole(session, li.id)
    assert [(s.code, s.points, s.contribution) for s in whole.sections] == [
        ("business", Decimal("92.4"), Decimal("55.44")),
        ("comprehensive", Decimal(85), Decimal("21.25")),
        ("training", Decimal(88), Decimal("13.2")),
    ]
    assert cycle.state is CycleState.COMPUTED
    ranks = {name: house.appraisal(cycle, name).rank for name in ("li", "wang", "qian")}
    assert ranks == {"wang": 1, "li": 2, "qian": 3}


@pytest.mark.requirement("7.08")
def test_every_point_opens_down_to_its_source_row(session: Session, story: Story) -> None:
    house, cycle = story
    compute(story)
    tree = results.explain(session, house.appraisal(cycle, "li").id)
    deposits = tree.sections[0].lines[0]
    assert [(row.kind, row.line, row.value, row.day) for row in deposits.sources] == [
        ("imported", 2, Decimal(50), date(2026, 7, 10)),
        ("imported", 3, Decimal("42.4"), date(2026, 8, 10)),
    ]
    assert [step.step for step in deposits.steps][:4] == ["measure", "reference", "position", "curve"]
    service = tree.sections[1].lines[0]
    assert (service.sources[0].kind, service.sources[0].label) == ("rating", "赵主管")
    quiz = tree.sections[2].lines[0]
    assert [(row.kind, row.value) for row in quiz.sources] == [("quiz", Decimal(70)), ("quiz", Decimal(90))]
    assert quiz.line.actual == 90, "the best attempt counts"


@pytest.mark.requirement("2.13")
def test_seven_fours_are_eighty(session: Session, story: Story) -> None:
    house, cycle = story
    services.rate_many(
        session, house.person("zhao"), cycle, {house.people["li"].id: marks((4,) * 7)}, now=NOW
    )
    compute(story)
    whole = results.whole(session, house.appraisal(cycle, "li").id)
    assert whole.sections[1].points == 80


@pytest.mark.requirement("2.13")
def test_one_missing_rating_leaves_the_composite_incomplete(session: Session, story: Story) -> None:
    house, cycle = story
    rating = session.scalars(
        select(ComprehensiveRating).filter_by(employee_id=house.people["li"].id, indicator_code="ethics")
    ).one()
    session.delete(rating)
    session.flush()
    found = services.completeness(session, cycle)
    assert [(gap.code, gap.people, gap.examples, gap.rating) for gap in found.gaps] == [
        ("C_ETHICS", 1, ("E001",), True)
    ]
    assert (found.people, found.ready) == (3, 2)
    compute(story)
    li = house.appraisal(cycle, "li")
    assert (li.state, li.total, li.grade, li.rank) == (AppraisalState.INCOMPLETE, None, None, None)
    assert results.missing_of(li, "zh") == ("道德修养",)
    assert house.appraisal(cycle, "wang").rank == 1


@pytest.mark.requirement("2.15")
def test_a_confirmed_breach_caps_the_grade(session: Session, story: Story) -> None:
    house, cycle = story
    import_actuals(session, "E002,CONFIRMED_BREACHES,2026-08-01,1")
    compute(story)
    wang = house.appraisal(cycle, "wang")
    assert wang.total is not None
    assert wang.total > 90
    assert (wang.grade, wang.final_grade) == ("C", "C")
    (gate,) = results.gates_of(wang, "zh")
    assert gate.effect == "等级最高为 C"
    assert "经确认的违规" in gate.reason
    assert results.report_data(session, wang.id, "en").gates[0].effect == "Grade at most C"


@pytest.mark.requirement("7.20")
def test_running_twice_gives_the_same_bytes(session: Session, story: Story) -> None:
    _house, cycle = story
    first, inputs, files = compute(story), cycle.inputs_sha256, dict(cycle.results or {})
    assert compute(story) == first
    assert cycle.inputs_sha256 == inputs
    assert {name: one["sha256"] for name, one in (cycle.results or {}).items()} == {
        name: one["sha256"] for name, one in files.items()
    }
    people = session.scalar(select(func.count()).select_from(Appraisal).where(Appraisal.cycle_id == cycle.id))
    lines = session.scalar(select(func.count()).select_from(Line))
    assert (people, lines) == (3, 30), "nothing doubled"


@pytest.mark.requirement("7.20")
def test_a_closed_cycle_is_verified_and_a_changed_total_is_found(session: Session, story: Story) -> None:
    house, cycle = story
    compute(story)
    assert services.verify(session, cycle).sound
    house.appraisal(cycle, "li").total = Decimal("95.00")
    session.flush()
    found = services.verify(session, cycle)
    assert (found.sound, found.differing, found.same_result) == (False, ("E001",), True)


def test_what_is_imported_later_does_not_change_what_was_frozen(session: Session, story: Story) -> None:
    house, cycle = story
    compute(story)
    import_actuals(session, "E001,DEPOSIT,2026-09-01,20")
    assert services.verify(session, cycle).sound
    assert len(results.explain(session, house.appraisal(cycle, "li").id).sections[0].lines[0].sources) == 2
    compute(story)
    assert (house.appraisal(cycle, "li").total or 0) > Decimal("89.89")


def test_the_job_computes_what_the_command_computes(session: Session, story: Story) -> None:
    _house, cycle = story
    first = compute(story)
    job = jobs.Job(
        kind=computing.KIND,
        label="计算考核",
        args={"cycle_id": cycle.id},
        state=JobState.QUEUED,
        actor_label="hr",
        created_at=NOW,
    )
    session.add(job)
    session.commit()
    assert kind_of(computing.KIND).plan(session, job) == ["gather", "score", "store:0"]
    done = run_inline(job.id)
    assert (done.state, done.message) == (JobState.DONE, None)
    assert (done.result or {})["result_sha256"] == first


def test_a_damaged_frozen_file_is_found(session: Session, story: Story) -> None:
    _, cycle = story
    compute(story)
    kept = dict(cycle.frozen or {})
    kept["facts"] = {**kept["facts"], "sha256": "0" * 64}
    assert frozen.damaged(kept) == ["facts"]


# ---------------------------------------------------------------- leave


def test_who_is_away_for_the_whole_period_is_not_scored(session: Session, story: Story) -> None:
    house, cycle = story
    grant_leave(session, SYSTEM, house.people["qian"], "parental", date(2026, 1, 1), None)
    compute(story)
    qian = house.appraisal(cycle, "qian")
    assert (qian.state, qian.total, qian.rank) == (AppraisalState.ON_LEAVE, None, None)
    assert results.whole(session, qian.id).lines == []


def test_a_leave_never_makes_a_silent_zero(session: Session, story: Story) -> None:
    house, _ = story
    made = draft(code="ZERO")
    rows = (
        replace(made.sections[0].indicators[0], weight=60.0),
        replace(made.sections[0].indicators[0], code="B_NPL", measure="NPL", weight=40.0, missing="zero"),
    )
    made = replace(made, sections=(replace(made.sections[0], indicators=rows), *made.sections[1:]))
    grant_leave(session, SYSTEM, house.people["li"], "sick", FIRST, date(2026, 8, 1))
    cycle = open_cycle(house, active_scheme(house, made), code="Z", unit=house.units["EAST"])
    services.rate_many(
        session,
        house.person("zhao"),
        cycle,
        {house.people[name].id: marks() for name in ("li", "wang")},
        now=NOW,
    )
    services.run_cycle(session, cycle, house.person("hr"), NOW)
    assert house.appraisal(cycle, "wang").state is AppraisalState.COMPLETE
    li = house.appraisal(cycle, "li")
    assert (li.state, li.total, li.missing) == (AppraisalState.INCOMPLETE, None, ["B_NPL"])


def test_people_of_a_cycle_are_each_others_peers_on_leave_or_not(session: Session, story: Story) -> None:
    house, _ = story
    made = draft(code="PLACE")
    first = made.sections[0].indicators[0]
    placed = {"code": first.code, "name_zh": first.name_zh, "measure": first.measure, "missing": "zero"}
    placed |= presets.by_rank([(1, 100), (2, 80)], others=60)
    row = replace(first, mode=services.Mode.CUSTOM, custom=placed, weight=60.0, missing="zero")
    lost = replace(first, code="B_NPL", measure="NPL", weight=40.0, missing="zero")
    made = replace(made, sections=(replace(made.sections[0], indicators=(row, lost)), *made.sections[1:]))
    grant_leave(session, SYSTEM, house.people["li"], "sick", FIRST, date(2026, 8, 1))
    cycle = open_cycle(house, active_scheme(house, made), code="P", unit=house.units["EAST"])
    services.run_cycle(session, cycle, house.person("hr"), NOW)
    placed_by = {
        name: next(one for one in house.appraisal(cycle, name).lines if one.indicator_code == first.code)
        for name in ("li", "wang")
    }
    actuals = {name: one.actual for name, one in placed_by.items()}
    first_is_li = actuals["li"] > actuals["wang"]
    assert {name: one.points for name, one in placed_by.items()} == {
        "li": Decimal(100 if first_is_li else 80),
        "wang": Decimal(80 if first_is_li else 100),
    }


# ---------------------------------------------------------------- rating


def rate(story: Story, who: str, whom: str, level: int, note: str = "", reason: str = "") -> int:
    house, cycle = story
    given = {house.people[whom].id: [services.Mark("service", level, note)]}
    return services.rate(house.session, house.person(who), cycle, given, reason=reason, now=NOW, day=TODAY)


def test_a_supervisor_rates_the_own_people_only(session: Session, story: Story) -> None:
    house, cycle = story
    assert rate(story, "zhao", "li", 3) == 1
    for who, whom in (("zhao", "qian"), ("sun", "li"), ("li", "li"), ("hr", "li")):
        with pytest.raises(Forbidden):
            rate(story, who, whom, 3)
    mine = session.scalars(ratings.rateable(cycle.id, house.person("zhao"), TODAY)).all()
    assert [appraisal.employee.number for appraisal in mine] == ["E001", "E002"]


def test_nothing_of_a_bad_set_of_marks_is_kept(session: Session, story: Story) -> None:
    house, cycle = story
    bad = {
        house.people["li"].id: [services.Mark("service", 3), services.Mark("ethics", 1)],
        house.people["wang"].id: [services.Mark("service", 9)],
    }
    with pytest.raises(Rejected) as refused:
        services.rate(session, house.person("zhao"), cycle, bad, now=NOW, day=TODAY)
    li, wang = house.people["li"].id, house.people["wang"].id
    assert [problem.field for problem in refused.value.problems] == [f"{li}-ethics", f"{wang}-service"]
    assert ratings.rated(session, cycle.id, [li])[li]["service"].level == 5


@pytest.mark.requirement("2.14")
def test_a_late_change_needs_a_reason_and_keeps_both_values(session: Session, story: Story) -> None:
    compute(story)
    with pytest.raises(Refused):
        rate(story, "zhao", "li", 4)
    assert rate(story, "zhao", "li", 4, reason="客户撤回表扬信") == 1
    change = session.scalars(select(RatingChange)).one()
    assert (change.old_level, change.new_level, change.reason) == (5, 4, "客户撤回表扬信")
    publish(story)
    with pytest.raises(Refused):
        rate(story, "zhao", "li", 3, reason="再改")


def test_to_do_of_supervisor_and_trainee(session: Session, story: Story) -> None:
    house, cycle = story
    assert services.todo(session, house.person("zhao"), NOW) == []
    session.delete(session.scalars(select(ComprehensiveRating)).first())
    session.flush()
    (line,) = services.todo(session, house.person("zhao"), NOW)
    assert (line.params["people"], line.url_args) == (1, {"cycle_id": cycle.id})
    assert services.todo(session, house.person("li"), NOW) == []
    compute(story)
    publish(story)
    (line,) = services.todo(session, house.person("wang"), NOW)
    assert line.url_endpoint == "appraisal.result"


# ---------------------------------------------------------------- publishing


@pytest.mark.requirement("3.17")
def test_maker_and_checker_are_never_one(session: Session, story: Story) -> None:
    house, cycle = story
    with pytest.raises(Refused):
        services.propose_publish(session, house.person("hr"), cycle, now=NOW)
    compute(story)
    proposal = services.propose_publish(session, house.person("hr"), cycle, now=NOW)
    with pytest.raises(Refused):
        decide(session, house.person("hr"), proposal, approve=True, reason="", now=NOW)
    assert cycle.state is CycleState.COMPUTED
    decide(session, house.person("hr2"), proposal, approve=True, reason="", now=NOW)
    assert (cycle.state, cycle.published_at) == (CycleState.PUBLISHED, NOW)
    for act in (lambda: compute(story), lambda: computing.store(session, cycle, 0)):
        with pytest.raises(Refused):
            act()


def test_what_was_proposed_is_what_is_published(session: Session, story: Story) -> None:
    house, cycle = story
    compute(story)
    proposal = services.propose_publish(session, house.person("hr"), cycle, now=NOW)
    import_actuals(session, "E001,DEPOSIT,2026-09-01,20")
    compute(story)
    with pytest.raises(Refused):
        decide(session, house.person("hr2"), proposal, approve=True, reason="", now=NOW)


@pytest.mark.requirement("3.17")
def test_an_adjustment_stands_beside_the_total_with_two_names(session: Session, story: Story) -> None:
    house, cycle = story
    compute(story)
    li = house.appraisal(cycle, "li")
    with pytest.raises(Refused):
        services.propose_adjustment(session, house.person("hr"), li, Decimal(1), " ", now=NOW)
    with pytest.raises(Refused):
        services.propose_adjustment(session, house.person("hr"), li, Decimal(21), "太多", now=NOW)
    proposal = services.propose_adjustment(
        session, house.person("hr"), li, Decimal("1.50"), "救灾期间代岗", now=NOW
    )
    with pytest.raises(Refused):
        decide(session, house.person("hr"), proposal, approve=True, reason="", now=NOW)
    decide(session, house.person("hr2"), proposal, approve=True, reason="", now=NOW)
    session.expire_all()
    li = results.whole(session, li.id)
    assert (li.total, li.final_total) == (Decimal("89.89"), Decimal("91.39"))
    assert (li.grade, li.final_grade) == ("B", "A")
    assert [(a.maker_name, a.checker_name) for a in li.adjustments] == [("何人事", "胡人事")]
    compute(story)
    assert house.appraisal(cycle, "li").final_total == Decimal("91.39"), "a new run keeps adjustments"


# ---------------------------------------------------------------- seeing


def numbers(story: Story, who: str) -> list[str]:
    house, _ = story
    found = house.session.scalars(results.listed(house.person(who), TODAY, sort="name"))
    return sorted(appraisal.employee.number for appraisal in found)


def test_a_supervisor_of_another_unit_sees_nothing(session: Session, story: Story) -> None:
    assert numbers(story, "hr") == [], "nothing is computed yet"
    compute(story)
    assert numbers(story, "zhao") == ["E001", "E002"]
    assert numbers(story, "sun") == ["E003"]
    assert numbers(story, "hr") == ["E001", "E002", "E003"]
    assert numbers(story, "li") == []


def test_own_results_show_once_published(session: Session, story: Story) -> None:
    house, _ = story
    compute(story)
    me = house.people["li"].id
    assert session.scalars(results.own(me)).all() == []
    assert session.scalars(results.visible(house.person("li")).where(Appraisal.employee_id == me)).all() == []
    publish(story)
    assert [a.employee_id for a in session.scalars(results.own(me))] == [me]


def test_the_paper_says_what_the_page_says(session: Session, story: Story) -> None:
    house, cycle = story
    compute(story)
    publish(story)
    data = results.report_data(session, house.appraisal(cycle, "li").id, "en")
    assert (data.composite, data.grade, data.rank, data.of) == (Decimal("89.89"), "B Good", 2, 3)
    shares = {section.name: section.weight for section in data.sections}
    parts = [(line.contribution or 0) * (shares[line.section] or 0) / 100 for line in data.lines]
    assert sum(parts) == data.composite
    assert data.lines[0].position == "92.4 %"
    assert [level.level for level in data.comprehensive] == [5, 4, 4, 4, 4, 4, 4]
    assert data.training[0].quiz_percent == 90
    assert data.comments[0].about == "Customer service"
    assert data.trend[-1].total == Decimal("89.89")


def test_a_cycle_is_opened_once_and_only_with_people(session: Session, story: Story) -> None:
    house, cycle = story
    version = cycle.scheme_version
    for changes in (
        {"code": "2026Q3"},
        {"code": "X"},
        {"code": "X", "period": "2019Q1"},
        {"code": "X", "period": "Q3"},
    ):
        with pytest.raises(Refused):
            open_cycle(house, version, **changes)


def test_lists_ask_as_many_queries_for_many_as_for_few(session: Session, story: Story) -> None:
    house, _cycle = story
    compute(story)
    person = house.person("hr")

    def queries(limit: int) -> int:
        session.expire_all()
        session.expunge_all()
        seen: list[str] = []

        def note(_c: object, _cu: object, statement: str, *_: object) -> None:
            seen.append(statement)

        bind = session.connection()
        event.listen(bind, "before_cursor_execute", note)
        try:
            page = list(session.scalars(results.listed(person, TODAY).limit(limit)))
            assert len(page) == limit
            for appraisal in page:
                assert appraisal.employee.name
                assert appraisal.org_unit.name_zh
                assert appraisal.cycle.code
            results.section_points(session, [appraisal.id for appraisal in page])
        finally:
            event.remove(bind, "before_cursor_execute", note)
        return len(seen)

    assert queries(1) == queries(3)


def test_the_proposal_of_a_cycle_is_found_while_it_waits(session: Session, story: Story) -> None:
    house, cycle = story
    compute(story)
    assert publishing.waiting(session, f"cycle:{cycle.id}", NOW) is None
    proposal = services.propose_publish(session, house.person("hr"), cycle, now=NOW)
    assert publishing.waiting(session, f"cycle:{cycle.id}", NOW) is proposal
