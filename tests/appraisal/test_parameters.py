"""Parameters by org level: who may set what, what is refused, and what a cycle makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms import scoring
from lms.access.services import decide
from lms.appraisal import services
from lms.appraisal.models import Cycle, Scheme, SchemeParameter
from lms.appraisal.rules.levels import Below, ParameterDraft, ParametersOf, Setting, Why
from lms.appraisal.services import computing, frozen, parameters, results, rulebook
from lms.appraisal.services import cycles as cycle_services
from lms.appraisal.services.parameters import BadParameters, set_parameters
from lms.core.audit import AuditEntry
from lms.core.errors import Refused
from tests.appraisal.house import NOW, House, draft, marks, open_cycle

Story = tuple[House, Cycle]
BUSINESS, COMPREHENSIVE = "sections/business/weight", "sections/comprehensive/weight"
YEAR = date(2026, 1, 1)
PERIOD_END = date(2026, 9, 30)


def opened(path: str, low: float, high: float, value: float | None = None) -> ParameterDraft:
    return ParameterDraft(path, value, Below.RANGE, low, high)


def put(house: House, unit: str, *drafts: ParameterDraft, **changes: Any) -> list[SchemeParameter]:
    scheme = house.session.scalars(select(Scheme)).one()
    replaces = changes.pop("replaces", ())
    setting = Setting(drafts, **({"first": YEAR, "reason": "试点"} | changes))
    return set_parameters(
        house.session, house.person("hr"), scheme, house.units[unit], setting, now=NOW, replaces=replaces
    )


def open_both(house: House, **changes: Any) -> list[SchemeParameter]:
    """The head office lets the branches move two weights: business 50 to 70, comprehensive 15 to 30."""
    return put(house, "HO", opened(BUSINESS, 50, 70), opened(COMPREHENSIVE, 15, 30), **changes)


def raise_business(house: House, unit: str = "EAST", **changes: Any) -> list[SchemeParameter]:
    return put(house, unit, ParameterDraft(BUSINESS, 65.0), ParameterDraft(COMPREHENSIVE, 20.0), **changes)


def held(house: House, unit: str, path: str = BUSINESS, day: date = PERIOD_END) -> float:
    version = parameters.current_version(house.session, house.session.scalars(select(Scheme)).one().id)
    found = parameters.effective_for(house.session, version, house.units[unit], day)
    values = {one.path: one.value for one in scoring.parameters.parameters(found.document)}
    return float(values[path])


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(SchemeParameter)) or 0


def refused(session: Session, *args: Any, **kwargs: Any) -> list[parameters.Finding]:
    """What a setting is refused for; nothing may be stored by it."""
    before = count(session)
    with pytest.raises(BadParameters) as caught:
        put(*args, **kwargs)
    assert count(session) == before
    return list(caught.value.findings)


# ---------------------------------------------------------------- setting


@pytest.mark.requirement("7.17")
def test_a_branch_moves_weights_inside_what_the_head_office_allows(session: Session, story: Story) -> None:
    house, _ = story
    open_both(house)
    made = raise_business(house)
    assert (held(house, "EAST"), held(house, "EAST", COMPREHENSIVE)) == (65, 20)
    assert (held(house, "HO"), held(house, "WEST")) == (60, 60)
    put(house, "EAST", replaces=[one.id for one in made], reason="试点结束")
    assert held(house, "EAST") == 60, "gone, and the head office's weight holds again"
    closed = session.scalars(select(SchemeParameter).where(SchemeParameter.closed_at.is_not(None))).all()
    assert {(one.value, one.closed_by, one.closed_reason) for one in closed} == {
        (65, "何人事", "试点结束"),
        (20, "何人事", "试点结束"),
    }
    events = list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))[-3:]
    assert events == ["appraisal:parameter:set", "appraisal:parameter:set", "appraisal:parameter:close"]


@pytest.mark.requirement("7.18")
def test_dates_and_priority_say_which_of_a_units_rows_holds(session: Session, story: Story) -> None:
    house, _ = story
    open_both(house)
    raise_business(house, priority=2)
    july = date(2026, 7, 1)
    put(
        house,
        "EAST",
        ParameterDraft(BUSINESS, 70.0),
        ParameterDraft(COMPREHENSIVE, 15.0),
        first=july,
        after=date(2026, 10, 1),
    )
    days = (date(2026, 6, 30), july, PERIOD_END, date(2026, 10, 1))
    assert [held(house, "EAST", day=day) for day in days] == [65, 70, 70, 65]


def test_what_was_not_opened_or_is_locked_may_not_be_set(session: Session, story: Story) -> None:
    house, _ = story
    (first, _second) = refused(
        session, house, "EAST", ParameterDraft(BUSINESS, 65.0), ParameterDraft(COMPREHENSIVE, 20.0)
    )
    assert (first.place, first.unit, first.message) == (
        BUSINESS,
        "EAST",
        "上级没有放开此参数，本机构不能设置",
    )
    put(house, "HO", ParameterDraft("grades/A/at_least", 92.0, Below.LOCKED))
    (locked,) = refused(session, house, "EAST", ParameterDraft("grades/A/at_least", 95.0))
    assert (locked.message, dict(locked.params)) == ("此参数已由 %(unit)s 锁定，下级不能设置", {"unit": "HO"})
    assert held(house, "EAST", "grades/A/at_least") == 92


def test_a_value_or_range_outside_of_the_range_above(session: Session, story: Story) -> None:
    house, _ = story
    open_both(house)
    (one,) = refused(
        session, house, "EAST", ParameterDraft(BUSINESS, 75.0), ParameterDraft(COMPREHENSIVE, 15.0)
    )
    assert dict(one.params) == {"value": "75", "range": "50–70"}
    (wide,) = refused(session, house, "EAST", opened(BUSINESS, 40, 60))
    assert (wide.message, dict(wide.params)) == (
        "给下级的范围 %(own)s 超出上级允许的范围 %(range)s",
        {"own": "40–60", "range": "50–70"},
    )
    (own,) = refused(session, house, "HO", opened("grades/A/at_least", 85, 95, 80.0))
    assert dict(own.params) == {"value": "80", "range": "85–95"}


def test_weights_that_do_not_make_100_name_the_unit_the_day_and_the_place(
    session: Session, story: Story
) -> None:
    house, _ = story
    open_both(house)
    (one,) = refused(session, house, "EAST", ParameterDraft(BUSINESS, 65.0), first=date(2026, 8, 1))
    assert (one.place, one.unit, one.day) == ("sections", "EAST", date(2026, 8, 1))
    assert dict(one.params) == {"total": "105"}
    half = [ParameterDraft(COMPREHENSIVE, 20.0)]
    (one,) = refused(session, house, "EAST", *half, first=date(2026, 8, 1), after=date(2026, 9, 1))
    assert dict(one.params) == {"total": "95"}


def test_the_head_office_is_told_which_branch_it_would_break(session: Session, story: Story) -> None:
    house, _ = story
    rows = open_both(house)
    raise_business(house, first=date(2026, 4, 1))
    (one,) = refused(
        session,
        house,
        "HO",
        ParameterDraft(BUSINESS, 60.0, Below.LOCKED),
        opened(COMPREHENSIVE, 15, 30),
        replaces=[row.id for row in rows],
    )
    assert (one.unit, one.day, dict(one.params)) == ("EAST", date(2026, 4, 1), {"total": "95"})
    assert held(house, "EAST") == 65


def test_dates_that_overlap_with_equal_priority(session: Session, story: Story) -> None:
    house, _ = story
    open_both(house)
    made = raise_business(house, after=date(2026, 7, 1))
    again = (ParameterDraft(BUSINESS, 70.0), ParameterDraft(COMPREHENSIVE, 15.0))
    found = refused(session, house, "EAST", *again, first=date(2026, 6, 30))
    assert {(one.place, one.params["n"], one.params["first"]) for one in found} == {
        (BUSINESS, 1, "2026-01-01"),
        (COMPREHENSIVE, 1, "2026-01-01"),
    }
    put(house, "EAST", *again, first=date(2026, 7, 1))
    raise_business(house, replaces=[one.id for one in made], after=date(2026, 6, 1))


def test_ill_made_settings(session: Session, story: Story) -> None:
    house, _ = story
    for wrong, message in (
        (ParameterDraft("sections/none/weight", 1.0), "方案中没有参数 %(path)s"),
        (ParameterDraft(BUSINESS, "zero"), "这里不能填 %(value)s"),
        (ParameterDraft("indicators/B_DEPOSIT/missing", "move"), "这里不能填 %(value)s"),
        (opened(BUSINESS, 70, 50), "下限 %(low)s 大于上限 %(high)s"),
        (ParameterDraft(BUSINESS, None, Below.RANGE), "选择“范围内”时，下限和上限至少填一个"),
        (opened("indicators/B_DEPOSIT/missing", 1, 2), "选项没有范围，只能锁定或放开"),
    ):
        assert [one.message for one in refused(session, house, "HO", wrong)] == [message]
    (days,) = refused(session, house, "HO", ParameterDraft(BUSINESS, 60.0), after=YEAR)
    assert days.message == "结束日期必须晚于开始日期 %(day)s。"
    (first,) = refused(session, house, "HO", ParameterDraft(BUSINESS, 60.0), priority=0)
    assert first.message == "优先级从 1 起，1 最优先"
    with pytest.raises(Refused, match="理由"):
        put(house, "HO", ParameterDraft(BUSINESS, 60.0), reason=" ")


def test_two_people_do_not_change_the_same_rows(session: Session, story: Story) -> None:
    house, _ = story
    rows = [row.id for row in open_both(house)]
    open_both(house, replaces=rows, first=date(2026, 2, 1))
    with pytest.raises(Refused, match="其他人"):
        open_both(house, replaces=rows)


# ---------------------------------------------------------------- cycles


@pytest.mark.requirement("7.17", "7.20")
def test_people_of_a_branch_are_scored_by_its_weights_and_ranked_among_all(
    session: Session, story: Story
) -> None:
    house, cycle = story
    open_both(house)
    raise_business(house)
    services.run_cycle(session, cycle, house.person("hr"), NOW)
    # Li: 92.40 × 65% + 85 × 20% + 88 × 15%; Wang: 110 × 65% + …; Qian, in the west: 80 × 60% + 85 × 25% + …
    totals = {name: house.appraisal(cycle, name) for name in ("li", "wang", "qian")}
    assert {name: (one.total, one.rank) for name, one in totals.items()} == {
        "li": (Decimal("90.26"), 2),
        "wang": (Decimal("101.70"), 1),
        "qian": (Decimal("82.45"), 3),
    }
    assert [one.weight for one in totals["li"].sections] == [65, 20, 15]
    assert [one.weight for one in totals["qian"].sections] == [60, 25, 15]
    stored = frozen.table(cycle.results or {}, "totals").to_pylist()
    assert {row["subject"]: row["rank"] for row in stored} == {"E001": 2, "E002": 1, "E003": 3}
    assert frozen.table(cycle.frozen or {}, "documents").num_rows == 2
    assert services.verify(session, cycle).sound


def test_the_explanation_says_which_row_won_and_which_it_shadows(session: Session, story: Story) -> None:
    house, cycle = story
    open_both(house)
    raise_business(house)
    put(
        house,
        "HO",
        opened(BUSINESS, 55, 70, 62.0),
        opened(COMPREHENSIVE, 15, 30, 23.0),
        priority=2,
        reason="旧口径",
    )
    services.run_cycle(session, cycle, house.person("hr"), NOW)
    told = results.explain(session, house.appraisal(cycle, "li").id)
    one = next(one for one in told.origins if one.path == BUSINESS)
    assert one.winner is not None
    assert (one.own, one.value, one.winner["unit_zh"], one.winner["reason"]) == (60, 65, "城东支行", "试点")
    assert [(shadow.row["reason"], shadow.why) for shadow in one.shadows] == [
        ("旧口径", Why.PRIORITY),
    ]
    assert told.document_sha256 != told.scheme_sha256
    other = results.explain(session, house.appraisal(cycle, "qian").id)
    assert other.document_sha256 == other.scheme_sha256
    assert all(one.winner is None for one in other.origins)


def test_what_is_set_later_changes_nothing_that_is_frozen(session: Session, story: Story) -> None:
    house, cycle = story
    open_both(house)
    made = raise_business(house)
    services.run_cycle(session, cycle, house.person("hr"), NOW)
    before = cycle.result_sha256
    put(house, "EAST", replaces=[one.id for one in made])
    assert services.verify(session, cycle).sound
    told = results.explain(session, house.appraisal(cycle, "li").id)
    assert [one.value for one in told.origins if one.winner is not None] == [65, 20]
    services.run_cycle(session, cycle, house.person("hr"), NOW)
    assert cycle.result_sha256 != before
    assert house.appraisal(cycle, "li").total == Decimal("89.89")


def test_a_document_that_does_not_follow_from_its_origins_is_noticed(session: Session, story: Story) -> None:
    house, cycle = story
    open_both(house)
    raise_business(house)
    services.run_cycle(session, cycle, house.person("hr"), NOW)
    tables = {name: frozen.table(cycle.frozen or {}, name) for name in cycle.frozen or {}}
    lines = tables["parameters"].to_pylist()
    for row in lines:
        row["document"] = next(one["document"] for one in lines if one["unit"] == "EAST")
    tables["parameters"] = type(tables["parameters"]).from_pylist(lines, schema=rulebook.PARAMETERS)
    computing.freeze(session, cycle, frozen.keep(tables), now=NOW)
    assert services.verify(session, cycle).damaged == ("parameters WEST",)


def test_a_cycle_may_take_the_parameters_of_its_own_unit_for_everybody(
    session: Session, story: Story
) -> None:
    house, cycle = story
    open_both(house)
    raise_business(house)
    cycle.parameters_of = ParametersOf.CYCLE
    services.run_cycle(session, cycle, house.person("hr"), NOW)
    assert house.appraisal(cycle, "li").total == Decimal("89.89")
    assert frozen.table(cycle.frozen or {}, "documents").num_rows == 1


def test_an_adjustment_is_graded_by_the_thresholds_of_the_unit(session: Session, story: Story) -> None:
    house, cycle = story
    put(house, "HO", opened("grades/A/at_least", 85, 95))
    put(house, "EAST", ParameterDraft("grades/A/at_least", 95.0))
    services.run_cycle(session, cycle, house.person("hr"), NOW)
    assert house.appraisal(cycle, "li").grade == "B"
    proposal = services.propose_adjustment(
        session, house.person("hr"), house.appraisal(cycle, "li"), Decimal(3), "补记", now=NOW
    )
    decide(session, house.person("hr2"), proposal, approve=True, reason="", now=NOW)
    found = house.appraisal(cycle, "li")
    assert (found.final_total, found.final_grade) == (Decimal("92.89"), "B")
    assert services.verify(session, cycle).sound


@pytest.mark.requirement("7.17")
def test_a_branch_runs_its_own_cycle_over_its_own_people(session: Session, story: Story) -> None:
    house, cycle = story
    open_both(house)
    raise_business(house)
    own = open_cycle(house, cycle.scheme_version, code="EAST-Q3", unit=house.units["EAST"])
    given = {house.people[name].id: marks() for name in ("li", "wang")}
    services.rate_many(session, house.person("zhao"), own, given, now=NOW)
    services.run_cycle(session, own, house.person("hr"), NOW)
    found = {name: house.appraisal(own, name) for name in ("li", "wang")}
    assert {name: one.rank for name, one in found.items()} == {"li": 2, "wang": 1}
    assert [one.weight for one in found["li"].sections] == [65, 20, 15]
    assert cycle_services.counts(session, own.id).people == 2
    west = services.design_scheme(
        session, house.person("hr"), replace(draft(), code="WEST"), house.units["WEST"].id, now=NOW
    )
    services.activate(session, house.person("hr"), west, now=NOW)
    with pytest.raises(Refused, match="只能用本机构或上级机构的方案"):
        open_cycle(house, west, code="EAST-X", unit=house.units["EAST"], period="2026Q2")


# ---------------------------------------------------------------- versions


def test_a_new_version_that_does_not_fit_a_branch_is_not_activated(session: Session, story: Story) -> None:
    house, cycle = story
    open_both(house)
    raise_business(house)
    made = draft()
    shifted = tuple(
        replace(one, weight=weight) for one, weight in zip(made.sections, (60.0, 30.0, 10.0), strict=True)
    )
    scheme_id = cycle.scheme_version.scheme_id
    newer = services.revise_scheme(
        session, house.person("hr"), scheme_id, replace(made, sections=shifted), now=NOW
    )
    with pytest.raises(BadParameters) as caught:
        services.activate(session, house.person("hr"), newer, now=NOW)
    assert [(one.unit, dict(one.params)) for one in caught.value.findings] == [("EAST", {"total": "95"})]


def test_rows_of_a_parameter_that_a_new_version_lacks_are_told(session: Session, story: Story) -> None:
    house, cycle = story
    put(house, "HO", ParameterDraft("indicators/B_DEPOSIT/bound/cap", 130.0))
    made = draft()
    business = replace(made.sections[0], indicators=(replace(made.sections[0].indicators[0], cap=None),))
    newer = services.revise_scheme(
        session,
        house.person("hr"),
        cycle.scheme_version.scheme_id,
        replace(made, sections=(business, *made.sections[1:])),
        now=NOW,
    )
    services.activate(session, house.person("hr"), newer, now=NOW)
    lost = parameters.lost(session, newer.scheme_id, scoring.parse(newer.document))
    assert [(one.unit, one.path) for one in lost] == [("HO", "indicators/B_DEPOSIT/bound/cap")]
    version = parameters.current_version(session, newer.scheme_id)
    assert version.id == newer.id
    found = parameters.effective_for(session, version, house.units["EAST"], PERIOD_END)
    assert found.lost == tuple(lost)
