"""Building the demo bank step by step, in the one transaction of the caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from lms.access.services.accounts import HASHER
from lms.appraisal.models import SchemeVersion
from lms.core.audit import SYSTEM
from lms.core.calendar import load_statutory_days
from lms.core.clock import midnight
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.core.profile import set_profile
from lms.demo.aims import aim, type_in
from lms.demo.appraisals import close, design, open_for
from lms.demo.business import bring_in, define
from lms.demo.feeds import prepare_nights
from lms.demo.levels import set_levels
from lms.demo.records import define_models, deliver_savings
from lms.demo.shape import SHAPES
from lms.demo.staff import Bank, open_units, reorganise, send_away, take_on
from lms.demo.training import open_class, plan_sitting, publish_courses, run_course, tell
from lms.feedback.services import forms_for, open_wave
from lms.learning.models import CourseVersion
from lms.learning.services import enrol_many
from lms.roleplay.services import scenarios_for

SEED = 20160901
PASSWORD = "zhixing-demo"  # noqa: S105 (a demo account; production refuses them)
SIGN_INS = (
    "trainee",
    "trainer",
    "trainer2",
    "supervisor",
    "hr",
    "hr2",
    "hr-branch",
    "head",
    "admin",
    "security",
    "audit",
)


@dataclass(frozen=True)
class Plan:
    """What is being built and for which day."""

    size: str
    today: date

    @property
    def now(self) -> datetime:
        """The moment the demo bank believes it is: midday of its day."""
        return midnight(self.today) + timedelta(hours=12)

    def after(self, day: date, *, days: int) -> datetime:
        """The night that many days after a day; when that lies ahead, the present moment."""
        return min(midnight(day + timedelta(days=days)), self.now)


def build(session: Session, size: str, today: date) -> Iterator[tuple[str, int, int]]:
    """Build a variant; yield (message id, step, steps) before each step, for a bar of progress."""
    plan, shape, draw = Plan(size, today), SHAPES[size], Random(SEED)
    built: dict[str, Bank] = {}

    def people() -> None:
        set_profile(session, SYSTEM, name_zh="示例银行", name_en="Demo Bank", colour="#0b4f8a")
        load_statutory_days(session, range(today.year - 3, today.year + 1))
        bank = open_units(session, shape, date(today.year - 12, 1, 1))
        take_on(session, bank, shape, draw, password_hash=HASHER.hash(PASSWORD), now=plan.now, today=today)
        send_away(session, bank, before[0].first)
        built["bank"] = bank

    def indicators() -> None:
        define(session, SYSTEM)
        define_models(session, SYSTEM, now=plan.now)
        deliver_savings(session, SYSTEM, built["bank"], now_in.previous(), Random(SEED + 1))
        last_month = now_in.previous().parts()[-1]
        prepare_nights(session, SYSTEM, built["bank"], last_month, now=plan.now)
        skill.update({employee.number: draw.gauss(0, 1) for employee, _ in built["bank"].managers})
        learned.update({number: 0.25 * value + 0.97 * draw.gauss(0, 1) for number, value in skill.items()})

    def courses() -> None:
        versions.update(publish_courses(session, plan.now))

    def scheme() -> None:
        schemes["RM"] = design(session, built["bank"], plan.now)
        set_levels(
            session,
            built["bank"],
            schemes["RM"],
            since=before[0].first,
            latest=before[-1].first,
            present=now_in.first,
            now=plan.now,
        )

    def quarter(period: Period, code: str, at: int) -> None:
        bank = built["bank"]
        bring_in(session, SYSTEM, bank, period, skill, draw, now=plan.after(period.after, days=5))
        managers = [employee for employee, _ in bank.managers if employee not in bank.away]
        size = max(1, -(-len(managers) // 4)) if len(managers) > 8 else len(managers)
        for part, first in enumerate(range(0, len(managers), size)):
            run_course(
                session,
                bank,
                versions[code],
                managers[first : first + size],
                number=f"{period.first.year}-{at:02d}{part + 1:02d}",
                name_zh=f"{versions[code].title_zh}第{part + 1}期",
                name_en=f"{versions[code].title_en} no. {part + 1}",
                starts_on=period.first + timedelta(days=20 + 7 * part),
                skill=learned,
                played=min(shape.cohort, size) if part == 0 else 0,
                draw=draw,
            )
        cycle = open_for(session, bank, schemes["RM"], period, midnight(period.after))
        close(session, bank, cycle, skill, draw, now=plan.after(period.after, days=12))

    def present() -> None:
        bank = built["bank"]
        reorganise(session, bank, today)
        aim(session, bank, now_in, today, plan.now - timedelta(days=2))
        type_in(session, bank, today, plan.now)
        open_for(session, bank, schemes["RM"], now_in, plan.now)
        begun = today - timedelta(days=6)
        members = [employee for employee, _ in bank.managers[: shape.cohort]]
        cohort = open_class(
            session,
            bank,
            versions["C01"],
            f"{today.year}-0901",
            "考核体系年度复训班",
            "Annual refresher on the appraisal system",
            begun,
            shape.cohort,
            days=14,
        )
        morning = midnight(begun) + timedelta(hours=9)
        enrolments = enrol_many(session, SYSTEM, cohort.id, [one.id for one in members], now=morning)
        scenario = next(iter(scenarios_for(session, cohort)))
        for order, enrolment in enumerate(enrolments[:3]):
            at = midnight(today) + timedelta(days=1, hours=9, minutes=15 * order)
            plan_sitting(session, bank, enrolment, scenario, at)
        form = next(form for form in forms_for(session, cohort) if form.wave == 1)
        wave = open_wave(
            session, SYSTEM, form=form, cohort=cohort, opens_on=begun, due_on=today + timedelta(days=7)
        )
        for employee in members[1:]:
            if draw.random() < 0.6:
                tell(session, wave, form, employee.id, draw, plan.now)

    skill: dict[str, float] = {}
    learned: dict[str, float] = {}
    versions: dict[str, CourseVersion] = {}
    schemes: dict[str, SchemeVersion] = {}
    now_in = Period.quarter_of(today)
    before = [now_in.previous().previous(), now_in.previous()]
    steps: list[tuple[str, Callable[[], None]]] = [
        (N_("机构与人员"), people),
        (N_("指标"), indicators),
        (N_("课程"), courses),
        (N_("考核方案"), scheme),
        (N_("第一个已结束的季度"), lambda: quarter(before[0], "C01", 1)),
        (N_("第二个已结束的季度"), lambda: quarter(before[1], "C02", 2)),
        (N_("当前培训班与考核期"), present),
    ]
    for at, (title, step) in enumerate(steps):
        yield title, at, len(steps)
        step()
