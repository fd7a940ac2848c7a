"""A cycle that looks at earlier periods, at peer groups and at the calendar, from figures to verification."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from lms.access.services import decide
from lms.appraisal import services
from lms.appraisal.models import AppraisalState, Cycle, LineState, SchemeVersion
from lms.appraisal.rules.totals import final_grade
from lms.appraisal.services import computing, frozen, publishing, schemes, verifying
from lms.appraisal.services.surroundings import elapsed
from lms.core.periods import Period
from lms.scoring import schemefile
from tests.appraisal.house import (
    NOW,
    House,
    build,
    define_indicators,
    import_actuals,
    import_targets,
    open_cycle,
)

SCHEME = """
format: zhixing-scheme/1
code: BACK
name_zh: 往前看的方案
reason_for_full_business: 只为测试
formulas:
- {code: EASY, name_zh: 减半的目标, formula: {product: [0.5, {target: DEPOSIT}]}}
sections:
- code: business
  name_zh: 业绩
  weight: 100
  indicators:
  - code: CAUGHT_UP
    name_zh: 补欠
    weight: 40
    measure: DEPOSIT
    rule: {preset: completion_ratio, reference: {kind: target, carry: shortfall, within_year: true}}
  - code: GROWTH
    name_zh: 比上期
    weight: 20
    measure: DEPOSIT
    missing: zero
    rule: {preset: completion_ratio, reference: {kind: prior}}
  - code: EASILY
    name_zh: 比公式
    weight: 20
    measure: DEPOSIT
    rule: {preset: completion_ratio, cap: 100, reference: {kind: measure, measure: EASY}}
  - code: NPL
    name_zh: 不良率
    weight: 10
    measure: NPL
    missing: previous
    rule: {preset: value_as_points, cap: null}
  - code: PLACE
    name_zh: 行内名次
    weight: 10
    measure: DEPOSIT
    peers: tier_1
    rule: {preset: by_rank, places: [[1, 100]], others: 50}
gates:
- code: AGAIN
  name_zh: 上期为 C
  condition: {measure: result.grade, op: le, value: C}
  effect: multiply
  factor: 0.5
  clause_zh: 上期为 C 的，总分减半。
grades:
- code: A
  name_zh: 优秀
  at_least: null
  top: 34
  admission: [{measure: result.indicator.GROWTH, op: ge, value: 100}]
- {code: B, name_zh: 良好, at_least: 60}
- {code: C, name_zh: 合格, at_least: null}
"""


def active(house: House) -> SchemeVersion:
    version = schemes.design_parsed(
        house.session, house.person("hr"), schemefile.read(SCHEME), house.units["HO"].id, now=NOW
    )
    services.activate(house.session, house.person("hr"), version, now=NOW)
    return version


@pytest.fixture
def quarters(session: Session, today: None) -> tuple[House, Cycle, Cycle]:
    """The third quarter, published, and the fourth, computed."""
    house = build(session)
    define_indicators(session)
    import_targets(session, *(f"E00{n},DEPOSIT,100" for n in (1, 2, 3)))
    import_targets(session, *(f"E00{n},DEPOSIT,100" for n in (1, 2, 3)), period="2026Q4")
    import_actuals(
        session,
        "E001,DEPOSIT,2026-08-10,80",
        "E002,DEPOSIT,2026-08-10,125",
        "E003,DEPOSIT,2026-08-10,10",
        "E001,NPL,2026-08-10,77",
        "E002,NPL,2026-08-10,0",
        "E003,NPL,2026-08-10,0",
    )
    import_actuals(
        session,
        "E001,DEPOSIT,2026-11-10,96",
        "E002,DEPOSIT,2026-11-10,100",
        "E003,DEPOSIT,2026-11-10,190",
        "E002,NPL,2026-11-10,0",
        "E003,NPL,2026-11-10,0",
        period="2026Q4",
    )
    version = active(house)
    first = open_cycle(house, version)
    services.run_cycle(session, first, house.person("hr"), NOW)
    services.publish_by_two(session, first, house.person("hr"), house.person("hr2"), now=NOW)
    second = open_cycle(house, version, code="2026Q4", period="2026Q4")
    services.run_cycle(session, second, house.person("hr"), NOW)
    return house, first, second


def points(house: House, cycle: Cycle, who: str) -> dict[str, Decimal | None]:
    return {line.indicator_code: line.points for line in house.appraisal(cycle, who).lines}


def test_a_period_is_compared_with_the_one_before(quarters: tuple[House, Cycle, Cycle]) -> None:
    house, first, second = quarters
    assert points(house, first, "li") == {
        "CAUGHT_UP": Decimal("80.00"),
        "GROWTH": Decimal("0.00"),
        "EASILY": Decimal("100.00"),
        "NPL": Decimal("77.00"),
        "PLACE": Decimal("50.00"),
    }
    assert [house.appraisal(first, who).grade for who in ("li", "wang", "qian")] == ["B", "B", "C"]

    assert points(house, second, "li") == {
        "CAUGHT_UP": Decimal("80.00"),  # 96 of 100 and the 20 that were lacking
        "GROWTH": Decimal("120.00"),  # 96 against 80
        "EASILY": Decimal("100.00"),  # half of the target
        "NPL": Decimal("77.00"),  # nothing new: as the quarter before
        "PLACE": Decimal("50.00"),  # second of the two of the branch
    }
    line = next(one for one in house.appraisal(second, "li").lines if one.indicator_code == "NPL")
    assert line.state is LineState.PREVIOUS
    assert points(house, second, "wang")["CAUGHT_UP"] == Decimal("100.00")  # a surplus lowers nothing
    assert points(house, second, "qian")["CAUGHT_UP"] == Decimal("100.00")  # 190 of 100 + 90
    assert points(house, second, "qian")["PLACE"] == Decimal("100.00")  # alone in the west
    halved = house.appraisal(second, "qian")
    assert halved.gates == ["AGAIN"]
    assert halved.total == Decimal("47.00")  # of (40 + 24 + 20 + 0 + 10) for the C of the quarter before
    assert {"history", "groups"} <= set(second.frozen or {})


@pytest.mark.sampled
def test_quotas_hold_after_an_adjustment_and_what_was_frozen_is_verified(
    quarters: tuple[House, Cycle, Cycle], session: Session
) -> None:
    house, _, second = quarters
    li, wang = house.appraisal(second, "li"), house.appraisal(second, "wang")
    assert (li.total, li.grade) == (Decimal("88.70"), "A")
    assert (wang.total, wang.grade) == (Decimal("86.00"), "B")
    proposal = publishing.propose_adjustment(
        house.session, house.person("hr"), wang, Decimal(10), "补录业绩", now=NOW
    )
    decide(house.session, house.person("hr2"), proposal, approve=True, reason="", now=NOW)
    assert (wang.final_total, wang.final_grade) == (Decimal("96.00"), "B"), (
        "kept out by what the grade asks for"
    )
    scheme = computing.scheme_of(second)
    assert final_grade(scheme, Decimal("86.86"), [], li.trace) == "B", "under the cut-off of the quota"
    assert final_grade(scheme, Decimal("86.87"), [], li.trace) == "A", "86 and 32 % of the way to 88.70"
    assert final_grade(scheme, Decimal("59.00"), [], li.trace) == "C"
    hr, hr2 = house.person("hr"), house.person("hr2")
    services.publish_by_two(session, second, hr, hr2, now=NOW)
    import_actuals(session, "E001,DEPOSIT,2026-08-11,500")
    assert list(verifying.verify(session, second).differences) == []
    rows = frozen.table(second.frozen or {}, "groups").to_pylist()
    assert {(row["subject"], row["group"]) for row in rows} == {
        ("E001", "EAST"),
        ("E002", "EAST"),
        ("E003", "WEST"),
    }


@pytest.mark.sampled
def test_earlier_results_count_only_when_they_are_published(session: Session, today: None) -> None:
    house = build(session)
    define_indicators(session)
    import_targets(session, "E001,DEPOSIT,100", period="2026Q4")
    import_actuals(session, "E001,DEPOSIT,2026-11-10,96", period="2026Q4")
    version = active(house)
    services.run_cycle(session, open_cycle(house, version), house.person("hr"), NOW)
    second = open_cycle(house, version, code="2026Q4", period="2026Q4")
    services.run_cycle(session, second, house.person("hr"), NOW)
    assert house.appraisal(second, "li").state is AppraisalState.INCOMPLETE
    assert house.appraisal(second, "li").missing == ["NPL"]


@pytest.mark.parametrize(
    ("day", "part"), [(date(2026, 6, 30), 0.0), (date(2026, 7, 23), 0.25), (date(2026, 12, 31), 1.0)]
)
def test_how_much_of_a_period_is_over(day: date, part: float) -> None:
    assert elapsed(Period.parse("2026Q3"), day) == part
