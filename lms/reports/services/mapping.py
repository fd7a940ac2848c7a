"""From the data of an appraisal to the document that is printed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy.orm import Session

from lms.appraisal.services.results import ReportData, ReportLine
from lms.core import files
from lms.core.clock import local_day
from lms.core.i18n import N_, pick
from lms.core.profile import bank_profile
from lms.reports.document import (
    AdjustmentRow,
    AppliedGate,
    AppraisalReport,
    Bank,
    Comment,
    ComprehensiveLevel,
    IndicatorLine,
    Language,
    LineState,
    Rank,
    Rubric,
    RubricResult,
    SchemeStamp,
    SectionResult,
    Subject,
    TrainingResult,
    TrendPoint,
    Verification,
)
from lms.reports.words import translations
from lms.roleplay import services as roleplay
from lms.roleplay.models import Sitting, SittingState

HOUSE_NAME = N_("知行")
FLAGS = {"calculated": N_("计算"), "inferred": N_("推算"), "unrecorded": N_("未记入变动表")}
"""What is said of a value's source on paper; that it is recorded in the change table needs no word."""
POINTS, FIGURE = Decimal("0.01"), Decimal("0.0001")
"""Places of points and percentages, and of targets and actuals, as on the pages."""
RUBRICS = 2
"""How many rubrics are printed: those of the last sittings."""


def report_of(
    data: ReportData,
    bank: Bank,
    rubrics: Sequence[Rubric],
    *,
    number: str,
    verification: Verification,
    issued_at: datetime,
) -> AppraisalReport:
    """The document of an appraisal; nothing is worked out here but the places that figures are shown with."""
    language = Language(data.language)
    return AppraisalReport(
        language=language,
        bank=bank,
        subject=Subject(
            data.subject.name, data.subject.number, data.subject.unit, data.subject.post, data.subject.grade
        ),
        period=data.period,
        cycle=data.cycle,
        number=number,
        issued_at=issued_at,
        scheme=SchemeStamp(data.scheme.name, data.scheme.version, data.scheme.sha256),
        verification=verification,
        composite=_shown(data.composite),
        grade=data.grade,
        rank=Rank(data.rank, data.of, data.among) if data.rank is not None else None,
        incomplete="" if data.composite is not None else _listed(data.missing, language),
        sections=tuple(
            SectionResult(s.name, s.weight, _shown(s.points), _shown(s.contribution)) for s in data.sections
        ),
        lines=tuple(_line(line, language) for line in data.lines),
        # Their notes are printed once, as comments with who wrote them and when.
        comprehensive=tuple(ComprehensiveLevel(c.name, c.level) for c in data.comprehensive),
        training=tuple(
            TrainingResult(
                t.course, _shown(t.quiz_percent), t.passed, _shown(t.sitting_percent), t.completed_on
            )
            for t in data.training
        ),
        rubrics=tuple(rubrics),
        trend=tuple(TrendPoint(p.period, _shown(p.total)) for p in data.trend),
        comments=tuple(Comment(c.who, c.on, c.text, c.about) for c in data.comments),
        gates=tuple(AppliedGate(g.name, g.effect, g.reason) for g in data.gates),
        adjustments=tuple(
            AdjustmentRow(a.points, a.reason, a.by, a.approved_by, a.on) for a in data.adjustments
        ),
    )


def bank_of(session: Session, language: str) -> Bank:
    """Whose paper it is: name, logo and colour of the bank's profile."""
    profile = bank_profile(session)
    if profile is None:
        return Bank(translations(Language(language)).gettext(HOUSE_NAME))
    logo = files.read(profile.logo) if profile.logo is not None else None
    return Bank(pick(profile, "name", language), logo, profile.colour)


def rubrics_of(session: Session, sources: Sequence[str], language: str) -> tuple[Rubric, ...]:
    """The rubrics of the last sittings among source keys such as "sitting:12", the latest first."""
    ids = [int(key.rpartition(":")[2]) for key in sources if key.rpartition(":")[2].isdecimal()]
    if not ids:
        return ()
    last = (
        roleplay.sitting_page()
        .where(Sitting.id.in_(ids), Sitting.state == SittingState.DONE)
        .order_by(None)
        .order_by(Sitting.done_at.desc(), Sitting.id.desc())
        .limit(RUBRICS)
    )
    return tuple(_rubric(sitting, language) for sitting in session.scalars(last).unique())


def _rubric(sitting: Sitting, language: str) -> Rubric:
    criteria = roleplay.view_for(sitting, None).criteria
    return Rubric(
        title=pick(sitting.scenario, "title", language),
        rows=tuple(
            RubricResult(
                pick(view.criterion, "title", language),
                Decimal(str(view.criterion["weight"])),
                _shown(view.level),
                _sentence(view.criterion, view.level, language),
            )
            for view in criteria
        ),
        percent=_shown(sitting.final_percent),
        sat_on=local_day(sitting.done_at) if sitting.done_at else None,
        top=max((len(view.criterion["levels_zh"]) for view in criteria), default=5),
    )


def _sentence(criterion: dict[str, Any], level: Decimal | None, language: str) -> str:
    """The sentence of the level that was reached in full."""
    sentences = criterion.get(f"levels_{language}") or criterion["levels_zh"]
    if level is None or not 1 <= int(level) <= len(sentences):
        return ""
    return str(sentences[int(level) - 1])


def _line(line: ReportLine, language: Language) -> IndicatorLine:
    flag = FLAGS.get(line.flag)
    return IndicatorLine(
        section=line.section,
        name=line.name,
        target=_shown(line.target, FIGURE),
        actual=_shown(line.actual, FIGURE),
        unit=line.unit,
        position=line.position,
        points=_shown(line.points),
        weight=line.weight,
        effective_weight=line.effective_weight,
        contribution=_shown(line.contribution),
        state=LineState(line.state),
        flag=translations(language).gettext(flag) if flag else "",
    )


def _listed(names: Sequence[str], language: Language) -> str:
    return ("、" if language is Language.ZH else ", ").join(names)


def _shown(value: Decimal | None, places: Decimal = POINTS) -> Decimal | None:
    """A figure at the places it is printed with."""
    return None if value is None else value.quantize(places, ROUND_HALF_UP)
