"""A small house of two branches with figures, marks and courses, built through the services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from lms.access.models import Account
from lms.access.policy import Role
from lms.access.services import Person, grant, open_account, person_of
from lms.appraisal import services
from lms.appraisal.models import Appraisal, Cycle, SchemeVersion
from lms.core.audit import SYSTEM
from lms.core.db import Model
from lms.indicators import services as indicators
from lms.indicators.rules import Direction, ImportKind, IndicatorSet
from lms.indicators.services.pipeline import hold
from lms.learning.models import Cohort, CohortState, Course, CourseVersion, Enrolment, EnrolmentState
from lms.learning.services import record_outcome
from lms.people.models import Employee, Level, OrgUnit
from lms.people.services import define_grade, define_post, hire, open_unit, post
from tests.replay import Named, replayed

NOW = datetime(2026, 10, 8, 2, tzinfo=UTC)
TODAY = date(2026, 10, 8)
FIRST = date(2026, 7, 1)
SERIES = "relationship_manager"
SHARES = (25.0, 15.0, 12.0, 12.0, 12.0, 12.0, 12.0)


@dataclass
class House:
    """Who and what stands in it, by short names."""

    session: Session
    units: dict[str, OrgUnit] = field(default_factory=dict)
    people: dict[str, Employee] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, named: Named) -> House:
        """Return the house whose units, people and accounts are so named."""
        found: dict[str, dict[str, Any]] = {"unit": {}, "person": {}, "account": {}}
        for name, row in named.items():
            kind, _, short = name.partition(":")
            if short:
                found[kind][short] = row
        return cls(session, found["unit"], found["person"], found["account"])

    def named(self) -> dict[str, Model]:
        """Return all of it by name."""
        kinds = {"unit": self.units, "person": self.people, "account": self.accounts}
        return {f"{kind}:{name}": row for kind, rows in kinds.items() for name, row in rows.items()}

    def person(self, name: str) -> Person:
        return person_of(self.session, self.accounts[name], TODAY, "zh")

    def appraisal(self, cycle: Cycle, name: str) -> Appraisal:
        return (
            self.session.query(Appraisal).filter_by(cycle_id=cycle.id, employee_id=self.people[name].id).one()
        )


PASSWORD_HASH = "not a hash that any password has"


def build(session: Session, password_hash: str = PASSWORD_HASH) -> House:
    """Head office with two branches; in east Li and Wang (managers), Zhao (supervisor); in west Qian, Sun."""
    house = House(session)
    start = date(2020, 1, 1)
    head = open_unit(
        session, SYSTEM, code="HO", name_zh="总行", level=Level.HEAD_OFFICE, parent=None, valid_from=start
    )
    for code, name in (("EAST", "城东支行"), ("WEST", "城西支行")):
        house.units[code] = open_unit(
            session, SYSTEM, code=code, name_zh=name, level=Level.TIER_1, parent=head, valid_from=start
        )
    house.units["HO"] = head
    manager = define_post(session, "RM", "客户经理", SERIES, "Relationship manager")
    boss = define_post(session, "BOSS", "支行主管", "management")
    third = define_grade(session, "G3", "三级", 3)
    staff = [
        ("li", "E001", "李明", "EAST", manager, Role.TRAINEE),
        ("wang", "E002", "王芳", "EAST", manager, Role.TRAINEE),
        ("qian", "E003", "钱进", "WEST", manager, Role.TRAINEE),
        ("zhao", "S001", "赵主管", "EAST", boss, Role.SUPERVISOR),
        ("sun", "S002", "孙主管", "WEST", boss, Role.SUPERVISOR),
        ("hr", "H001", "何人事", "HO", boss, Role.HR),
        ("hr2", "H002", "胡人事", "HO", boss, Role.HR),
    ]
    for name, number, called, unit, held, role in staff:
        employee = hire(session, SYSTEM, number=number, name=called, hired_on=start)
        post(
            session,
            SYSTEM,
            employee,
            house.units[unit],
            held,
            start,
            grade=third if held is manager else None,
        )
        account = open_account(
            session,
            SYSTEM,
            username=name,
            password_hash=password_hash,
            name=called,
            employee=employee,
            now=NOW,
        )
        grant(session, SYSTEM, account, role, house.units[unit], start)
        house.people[name], house.accounts[name] = employee, account
    session.flush()
    return house


def define_indicators(session: Session) -> None:
    for code, name, unit, direction in (
        ("DEPOSIT", "存款", "元", Direction.MORE),
        ("NPL", "不良率", "%", Direction.LESS),
        ("CONFIRMED_BREACHES", "确认违规次数", "次", Direction.LESS),
    ):
        indicators.define_indicator(
            session,
            SYSTEM,
            indicators.IndicatorDraft(code, name, IndicatorSet.OTHER, unit, direction=direction),
        )


def import_rows(
    session: Session, kind: ImportKind, header: str, rows: Sequence[str], period: str = "2026Q3"
) -> Any:
    text = "\n".join([header, *rows]) + "\n"
    upload = indicators.run_import(
        session,
        SYSTEM,
        indicators.UploadDraft(kind, f"{kind}.csv", hold(text.encode()), period),
        now=NOW,
    )
    assert upload.state.value == "committed", upload.state
    return upload


def import_actuals(session: Session, *rows: str, period: str = "2026Q3") -> Any:
    return import_rows(session, ImportKind.ACTUALS, "工号,指标,日期,数值", rows, period)


def import_targets(session: Session, *rows: str, period: str = "2026Q3") -> Any:
    return import_rows(session, ImportKind.TARGETS, "工号,指标,目标值", rows, period)


def draft(**changes: Any) -> services.SchemeDraft:
    """业绩 60 (deposits by ratio), 综合 25 (one 5 and six 4 make 85), 培训 15, a gate and grades."""
    business = (
        services.IndicatorDraft(
            "B_DEPOSIT", "存款", "DEPOSIT", unit="元", weight=100.0, floor=0.0, cap=120.0
        ),
    )
    base = services.standard_scheme("RM-Q", "客户经理季度考核", business, "Quarterly appraisal")
    rated = base.sections[1]
    rated = replace(
        rated,
        indicators=tuple(replace(i, weight=w) for i, w in zip(rated.indicators, SHARES, strict=True)),
    )
    return replace(base, sections=(base.sections[0], rated, base.sections[2]), **changes)


def active_scheme(house: House, made: services.SchemeDraft | None = None) -> SchemeVersion:
    version = services.design_scheme(
        house.session, house.person("hr"), made or draft(), house.units["HO"].id, now=NOW
    )
    services.activate(house.session, house.person("hr"), version, now=NOW, lint_reason="只为测试")
    return version


def open_cycle(house: House, version: SchemeVersion, **changes: Any) -> Cycle:
    values: dict[str, Any] = {
        "code": "2026Q3",
        "name_zh": "2026年第三季度考核",
        "name_en": "Third quarter 2026",
        "period": "2026Q3",
        "unit": house.units["HO"],
    }
    return services.open_cycle(
        house.session, house.person("hr"), version=version, series=SERIES, now=NOW, **(values | changes)
    )


def marks(levels: Sequence[int] = (5, 4, 4, 4, 4, 4, 4)) -> list[services.Mark]:
    return [
        services.Mark(item.code, level, "依据充分" if level in (1, 2, 5) else "")
        for item, level in zip(services.SEVEN, levels, strict=True)
    ]


def give_training(
    session: Session, employee: Employee, unit: OrgUnit, quiz: Sequence[int] = (70, 90), sitting: int = 85
) -> Enrolment:
    """Quiz attempts (the best counts) and a sitting in a course that ended in the period."""
    course = session.query(Course).filter_by(code="C01").one_or_none()
    if course is None:
        course = Course(code="C01")
        session.add(course)
        session.flush()
        version = CourseVersion(
            course_id=course.id,
            number=1,
            sha256="0" * 64,
            title_zh="认识考核体系",
            summary_zh="",
            hours=Decimal(2),
            pass_percent=Decimal(60),
            required={"quizzes": ["Q1"], "forms": []},
            package={},
            published_at=NOW,
        )
        session.add(version)
        session.flush()
        session.add(
            Cohort(
                number="P01",
                name_zh="第一期",
                course_version_id=version.id,
                org_unit_id=unit.id,
                starts_on=date(2026, 8, 1),
                ends_on=date(2026, 8, 20),
                location="",
                rest_days=False,
                state=CohortState.OPEN,
                capacity=30,
            )
        )
        session.flush()
    cohort = session.query(Cohort).filter_by(number="P01").one()
    enrolment = Enrolment(
        cohort_id=cohort.id,
        employee_id=employee.id,
        state=next(iter(EnrolmentState)),
        enrolled_at=datetime(2026, 8, 1, tzinfo=UTC),
    )
    session.add(enrolment)
    session.flush()
    results = [("quiz", "Q1", points) for points in quiz] + [("sitting", "S1", sitting)]
    for at, (kind, item, points) in enumerate(results):
        record_outcome(
            session,
            enrolment_id=enrolment.id,
            kind=kind,
            source=f"{kind}:{enrolment.id}{at}",
            points=Decimal(points),
            passed=points >= 60,
            occurred_at=datetime(2026, 8, 10 + at, tzinfo=UTC),
            item=item,
        )
    return enrolment


def whole_story(session: Session, password_hash: str = PASSWORD_HASH) -> tuple[House, Cycle]:
    """Figures, courses and marks for the three managers; Li comes to 89.89. Nothing is computed yet."""
    house = build(session, password_hash)
    define_indicators(session)
    import_targets(session, "E001,DEPOSIT,100", "E002,DEPOSIT,100", "E003,DEPOSIT,100")
    import_actuals(
        session,
        "E001,DEPOSIT,2026-07-10,50",
        "E001,DEPOSIT,2026-08-10,42.4",
        "E002,DEPOSIT,2026-08-10,110",
        "E003,DEPOSIT,2026-08-10,80",
    )
    cycle = open_cycle(house, active_scheme(house))
    for name, unit in (("li", "EAST"), ("wang", "EAST"), ("qian", "WEST")):
        give_training(session, house.people[name], house.units[unit])
    services.rate_many(
        session,
        house.person("zhao"),
        cycle,
        {house.people[name].id: marks() for name in ("li", "wang", "qian")},
        now=NOW,
    )
    return house, cycle


def told_again(session: Session, password_hash: str, *, computed: bool = False) -> tuple[House, Cycle]:
    """Return the whole story, computed if wanted; after the first time in a process its rows are copied."""

    def build_it() -> Named:
        house, cycle = whole_story(session, password_hash)
        if computed:
            services.run_cycle(session, cycle, house.person("hr"), NOW)
        return {**house.named(), "cycle": cycle}

    named = replayed(session, f"story, computed: {computed}, {password_hash}", build_it)
    cycle = named["cycle"]
    assert isinstance(cycle, Cycle)
    return House.of(session, named), cycle
