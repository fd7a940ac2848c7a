"""What stands on paper: everything an individual appraisal prints, already worked out and already in words.

Every text is in the report's language; every figure is a Decimal at the places it is to be shown with, or
None where there is none. Weights are percentages (60 means 60 %), points are on the scale of the scheme
(100 means "as required"). What a line contributes are points of its section, what a section contributes are
points of the composite.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Language(StrEnum):
    """The languages a report can be printed in."""

    ZH = "zh"
    EN = "en"


class LineState(StrEnum):
    """What became of an indicator: scored, missing, left out, or missing and counted in another way."""

    OK = "ok"
    MISSING = "missing"
    EXCLUDED = "excluded"
    MOVED = "moved"
    ZERO = "zero"
    FULL = "full"
    PEER_MEAN = "peer_mean"
    PREVIOUS = "previous"


@dataclass(frozen=True, slots=True)
class Bank:
    """Whose paper it is. `logo` is a PNG or JPEG file's bytes; `colour` is "#rrggbb"."""

    name: str
    logo: bytes | None = None
    colour: str = "#1f3a5f"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose appraisal it is, with post, grade and unit as frozen in the appraisal."""

    name: str
    number: str
    unit: str
    post: str = ""
    grade: str = ""


@dataclass(frozen=True, slots=True)
class Rank:
    """Place `n` among `of` people of the group named in `among` (may be empty)."""

    n: int
    of: int
    among: str = ""


@dataclass(frozen=True, slots=True)
class SectionResult:
    """One section (考核模块): its weight, its points and what it adds to the composite."""

    name: str
    weight: Decimal | None
    points: Decimal | None
    contribution: Decimal | None


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """One line of the score (得分明细).

    `target` and `actual` are in `unit`; `position` is the standing in words ("110.0 %", "−0.3 pp").
    `flag` says in a word where the value comes from if that matters (推算), `note` anything else to print.
    """

    section: str
    name: str
    target: Decimal | None
    actual: Decimal | None
    unit: str
    position: str
    points: Decimal | None
    weight: Decimal | None
    contribution: Decimal | None
    state: LineState = LineState.OK
    flag: str = ""
    note: str = ""
    effective_weight: Decimal | None = None

    @property
    def reweighted(self) -> bool:
        """Whether it counted with another weight than the scheme's, because another line was left out."""
        return self.effective_weight is not None and self.effective_weight != self.weight


@dataclass(frozen=True, slots=True)
class ComprehensiveLevel:
    """A rated level of one comprehensive indicator, from 1 to 5; None while it is not rated."""

    name: str
    level: Decimal | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """One course: best quiz percentage, whether passed, sitting percentage, the day it was completed."""

    course: str
    quiz_percent: Decimal | None
    passed: bool | None
    sitting_percent: Decimal | None
    completed_on: date | None


@dataclass(frozen=True, slots=True)
class RubricResult:
    """One criterion of the rubric of the last sitting: weight, agreed level of `top`, its sentence."""

    criterion: str
    weight: Decimal | None
    level: Decimal | None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Rubric:
    """The rubric of one sitting. Levels run from 1 to `top`."""

    title: str
    rows: tuple[RubricResult, ...]
    percent: Decimal | None = None
    sat_on: date | None = None
    top: int = 5


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The composite of one period; None where there was none."""

    period: str
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class Comment:
    """A remark as written, with who wrote it, when and about what."""

    who: str
    on: date
    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class AppliedGate:
    """A gate (一票否决 and its milder kin) that acted: what it did, and the clause that is the reason."""

    name: str
    effect: str
    reason: str


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """A signed change of the total, with its reason and the two people who stand for it."""

    points: Decimal
    reason: str
    by: str
    approved_by: str
    on: date


@dataclass(frozen=True, slots=True)
class SchemeStamp:
    """Under which rules it was scored: name, version number and SHA-256 of the scheme version."""

    name: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Where a reader checks the paper: the page's full address (as QR code) and the code typed by hand."""

    url: str
    code: str


@dataclass(frozen=True, slots=True)
class AppraisalReport:
    """One person's appraisal of one cycle, complete, as printed.

    `period` is the period in words ("2026 年第三季度"), `cycle` the cycle's code, `number` the document's own
    number. `composite` and `grade` are None while the appraisal is incomplete; `incomplete` then says what is
    missing. `issued_at` is aware; it is printed in the bank's time zone.
    """

    language: Language
    bank: Bank
    subject: Subject
    period: str
    cycle: str
    number: str
    issued_at: datetime
    scheme: SchemeStamp
    verification: Verification
    composite: Decimal | None
    grade: str | None
    rank: Rank | None = None
    incomplete: str = ""
    sections: tuple[SectionResult, ...] = ()
    lines: tuple[IndicatorLine, ...] = ()
    comprehensive: tuple[ComprehensiveLevel, ...] = ()
    training: tuple[TrainingResult, ...] = ()
    rubrics: tuple[Rubric, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    comments: tuple[Comment, ...] = ()
    gates: tuple[AppliedGate, ...] = ()
    adjustments: tuple[AdjustmentRow, ...] = ()
