"""A scheme to begin with: sections 60/25/15, the seven comprehensive indicators, quizzes and sittings."""

from __future__ import annotations

from lms.appraisal.rules.comprehensive import SEVEN
from lms.appraisal.rules.draft import GateDraft, GradeDraft, IndicatorDraft, Mode, SchemeDraft, SectionDraft

SEVEN_WEIGHTS = (15.0, 15.0, 14.0, 14.0, 14.0, 14.0, 14.0)
GRADES = (
    GradeDraft("A", "优秀", "Excellent", 90.0),
    GradeDraft("B", "良好", "Good", 80.0),
    GradeDraft("C", "合格", "Satisfactory", 70.0),
    GradeDraft("D", "待改进", "Needs improvement", None),
)


def comprehensive_section(weight: float = 25.0) -> SectionDraft:
    """Return the section of the seven rated indicators: a level is worth 20 points."""
    return SectionDraft(
        "comprehensive",
        "综合",
        "Comprehensive",
        weight,
        indicators=tuple(
            IndicatorDraft(
                code=f"C_{item.code.upper()}",
                name_zh=item.name_zh,
                name_en=item.name_en,
                unit="级",
                measure=item.measure,
                mode=Mode.UNIT,
                base=0.0,
                step=1.0,
                points_per_step=20.0,
                weight=share,
                floor=0.0,
                cap=100.0,
            )
            for item, share in zip(SEVEN, SEVEN_WEIGHTS, strict=True)
        ),
    )


def training_section(weight: float = 15.0) -> SectionDraft:
    """Return the section of training results: quizzes 60, sittings 40, both in per cent."""

    def percent(code: str, zh: str, en: str, measure: str, share: float) -> IndicatorDraft:
        return IndicatorDraft(
            code=code,
            name_zh=zh,
            name_en=en,
            unit="%",
            measure=measure,
            mode=Mode.VALUE,
            base=0.0,
            points_per_step=1.0,
            weight=share,
            floor=0.0,
            cap=100.0,
            missing="exclude_and_rescale",
        )

    return SectionDraft(
        "training",
        "培训",
        "Training",
        weight,
        indicators=(
            percent("T_QUIZ", "测验成绩", "Quiz results", "training.quiz", 60.0),
            percent("T_SITTING", "情景演练成绩", "Role-play results", "training.sitting", 40.0),
        ),
    )


def standard_scheme(
    code: str, name_zh: str, business: tuple[IndicatorDraft, ...], name_en: str = ""
) -> SchemeDraft:
    """Return a scheme of 业绩 60 %, 综合 25 % and 培训 15 % with the given business rows."""
    return SchemeDraft(
        code,
        name_zh,
        name_en,
        sections=(
            SectionDraft("business", "业绩", "Business", 60.0, floor=0.0, cap=120.0, indicators=business),
            comprehensive_section(),
            training_section(),
        ),
        grades=GRADES,
        gates=(
            GateDraft(
                "CONFIRMED_BREACHES",
                1.0,
                "C",
                "考核期内有经确认的违规行为的，等级最高为 C。",
                "A confirmed breach in the period limits the grade to C.",
            ),
        ),
    )
