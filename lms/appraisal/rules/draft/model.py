"""A scheme as its editor sees it: rows of plain values, right or wrong, as they were typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Data = Mapping[str, Any]


class Mode(StrEnum):
    """The short form a rule is written in; `segments` says whatever the engine knows.

    `custom` is a rule that says more than the editor can: it is kept word for word.
    """

    RATIO = "ratio"
    DIFFERENCE = "difference"
    BANDS = "bands"
    INTERPOLATION = "interpolation"
    RANK = "rank"
    PERCENTILE = "percentile"
    UNIT = "per_unit"
    LEDGER = "ledger"
    VALUE = "value"
    SEGMENTS = "segments"
    CUSTOM = "custom"

    @property
    def tabled(self) -> bool:
        """Whether its points stand in a table of two columns."""
        return self in (Mode.BANDS, Mode.INTERPOLATION, Mode.RANK, Mode.PERCENTILE)

    @property
    def among_peers(self) -> bool:
        """Whether it places people among each other instead of against a reference."""
        return self in (Mode.RANK, Mode.PERCENTILE)


@dataclass(frozen=True)
class StandardDraft:
    """A row of a table: from `at` (a threshold, a standard, a share; up to which place) so many points."""

    at: float | None = None
    points: float | None = None


@dataclass(frozen=True)
class SegmentDraft:
    """A piece of a curve: `points` at position `at`, `slope` more for each 1 further."""

    low: float | None = None
    high: float | None = None
    points: float | None = None
    slope: float = 0.0
    at: float = 0.0
    low_closed: bool = True
    high_closed: bool = False


@dataclass(frozen=True)
class CoefficientDraft:
    """A factor on the points, with its source in words and the range of a person's own value."""

    name: str
    source: str
    value: float = 1.0
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class IndicatorDraft:
    """One indicator's row in the editor. Which fields count is told by `mode`:

    * ratio: `base` points at 100 % of the reference, in proportion.
    * difference: `base` points on the reference, `points_per_step` for every `step` (in the indicator's
      unit) to the good, as many off for every step to the bad.
    * value: `base` points at zero and `points_per_step` for every 1 of the figure, off when less is better;
      per_unit the same for every `step` of it; ledger for every whole one (an event).
    * bands, interpolation, rank, percentile: `standards` and `below`, the points under the first (behind
      the last place); bands and interpolation of the `position`.
    * segments: `position`, `segments`, and the step with its origin.
    """

    code: str
    name_zh: str
    measure: str
    name_en: str = ""
    unit: str = ""
    mode: Mode = Mode.RATIO
    direction: str = "more"
    base: float = 100.0
    step: float | None = None
    points_per_step: float | None = None
    step_mode: str = "pro_rata"
    step_origin: float = 0.0
    position: str = "value"
    reference: str = "target"
    reference_value: float | None = None
    standards: tuple[StandardDraft, ...] = ()
    below: float | None = None
    segments: tuple[SegmentDraft, ...] = ()
    coefficients: tuple[CoefficientDraft, ...] = ()
    weight: float | None = None
    floor: float | None = None
    cap: float | None = None
    missing: str = "pending"
    moves_to: str = ""
    zero: str = "pending"
    """What a zero denominator does: a policy of the missing, or "points" and then `zero_points`."""
    zero_points: float | None = None
    custom: Data | None = None
    clause: str = ""
    kept: Data = field(default_factory=dict)
    """Parts that the editor does not know, as they are."""


@dataclass(frozen=True)
class SectionDraft:
    """One section's head and rows."""

    code: str
    name_zh: str
    name_en: str = ""
    weight: float | None = None
    floor: float | None = None
    cap: float | None = None
    indicators: tuple[IndicatorDraft, ...] = ()
    group: str = "weighted_mean"
    clause: str = ""
    kept: Data = field(default_factory=dict)


@dataclass(frozen=True)
class GradeDraft:
    """A grade and the lowest total that earns it; the last has none."""

    code: str
    name_zh: str
    name_en: str = ""
    at_least: float | None = None
    kept: Data = field(default_factory=dict)


@dataclass(frozen=True)
class ConditionDraft:
    """A further condition of a gate."""

    measure: str
    op: str = "ge"
    value: float | None = None


@dataclass(frozen=True)
class GateDraft:
    """A gate: when `measure` stands to `limit` as `op` says (and all of `also` hold), `effect` acts."""

    measure: str
    limit: float | None
    grade: str
    clause_zh: str
    clause_en: str = ""
    code: str = "BREACH"
    name_zh: str = "合规限级"
    name_en: str = "Compliance gate"
    clause: str = ""
    op: str = "ge"
    also: tuple[ConditionDraft, ...] = ()
    effect: str = "cap_grade"
    points: float | None = None
    factor: float | None = None
    missing: str = "pass"
    kept: Data = field(default_factory=dict)


@dataclass(frozen=True)
class ClauseDraft:
    """A clause of the bank's own rule document."""

    number: str
    text: str


@dataclass(frozen=True)
class PlacesDraft:
    """Decimal places of points at each level."""

    item: int = 2
    section: int = 2
    total: int = 2


@dataclass(frozen=True)
class SchemeDraft:
    """A whole scheme as typed."""

    code: str
    name_zh: str
    name_en: str = ""
    sections: tuple[SectionDraft, ...] = ()
    grades: tuple[GradeDraft, ...] = ()
    gates: tuple[GateDraft | Data, ...] = ()
    """A gate that says more than the editor can stands as it is."""
    reason_for_full_business: str = ""
    weighting: str = "percent"
    bound_stage: str = "after_coefficient"
    places: PlacesDraft = PlacesDraft()
    clauses: tuple[ClauseDraft, ...] = ()
    examples: tuple[Data, ...] = ()
    extra: Data = field(default_factory=dict)
    """Parts of the document that the editor does not know, as they are."""
