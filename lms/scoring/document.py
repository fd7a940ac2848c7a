"""The scheme document: what is scored, as data.

A scheme is one immutable tree of frozen dataclasses, read from a JSON object by `lms.scoring.parse` and
written back by `to_dict`. Nothing in it is ever evaluated as code. Names follow the glossary: a scheme
(考核方案) has sections (考核模块), a section has indicators (指标), gates (一票否决 and its milder kin) stand
over the total. Points are on a scale where 100 means "as required"; weights are percentages.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Weighting(StrEnum):
    """How sections make the total: by percentage weights, or by plainly adding their points."""

    PERCENT = "percent"
    POINTS = "points"


class BoundStage(StrEnum):
    """Whether an indicator's floor and cap act before or after its coefficients."""

    BEFORE = "before_coefficient"
    AFTER = "after_coefficient"


class Group(StrEnum):
    """How the indicators of a section become the section's points."""

    WEIGHTED_MEAN = "weighted_mean"
    SUM = "sum"
    MIN = "min"
    MAX = "max"


class PositionKind(StrEnum):
    """Where the actual x stands to its reference t (x, x/t, t/x, x−t or (x−t)/|t|) or among its peers.

    rank: 1 is best, equal figures share the better rank. percentile: 100 for the best, 0 for the worst, else
    the share of the others that a person leaves behind; 100 for one alone.
    """

    VALUE = "value"
    RATIO = "ratio"
    INVERSE = "inverse"
    DIFFERENCE = "difference"
    RELATIVE = "relative"
    RANK = "rank"
    PERCENTILE = "percentile"

    @property
    def among_peers(self) -> bool:
        """Whether it compares people with each other instead of with a reference."""
        return self in (PositionKind.RANK, PositionKind.PERCENTILE)


class Direction(StrEnum):
    """Whether more, less, or a middle range of the measure is good."""

    MORE = "more"
    LESS = "less"
    RANGE = "range"


class StepMode(StrEnum):
    """How a broken step counts: in proportion, only when whole, as soon as started, from one half."""

    PRO_RATA = "pro_rata"
    WHOLE = "whole"
    STARTED = "started"
    HALF_UP = "half_up"


class Missing(StrEnum):
    """What a missing figure does. `pending` leaves the composite incomplete: never a silent zero.

    full: as required (100 points within the bounds). peer_mean: the mean of the others' points, pending when
    nobody has any. move: no points, and the weight goes to the indicator named in `moves_to`.
    """

    PENDING = "pending"
    ZERO = "zero"
    FULL = "full"
    PEER_MEAN = "peer_mean"
    EXCLUDE = "exclude_and_rescale"
    MOVE = "move"


class ReferenceKind(StrEnum):
    """What the actual is compared with.

    Peers are all who are scored and have the figure, oneself included.
    """

    NONE = "none"
    TARGET = "target"
    CONSTANT = "constant"
    PEER_MEAN = "peer_mean"
    PEER_BEST = "peer_best"
    PEER_WORST = "peer_worst"

    @property
    def of_peers(self) -> bool:
        """Whether the others give it."""
        return self in (ReferenceKind.PEER_MEAN, ReferenceKind.PEER_BEST, ReferenceKind.PEER_WORST)


class Op(StrEnum):
    """The comparison of a gate's condition."""

    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"
    EQ = "eq"
    NE = "ne"


class GateMissing(StrEnum):
    """What a gate does when its measure is missing: wait (total incomplete), pass, or apply."""

    PENDING = "pending"
    PASS = "pass"  # noqa: S105 - to let pass
    APPLY = "apply"


class IndicatorClass(StrEnum):
    """What an indicator is about, in the five classes of the regulator's guideline on appraisal."""

    COMPLIANCE = "compliance"
    RISK = "risk"
    EFFICIENCY = "efficiency"
    TRANSFORMATION = "transformation"
    SOCIAL = "social"


class Effect(StrEnum):
    """What a gate whose condition holds does."""

    CAP_TOTAL = "cap_total"
    SET_TOTAL = "set_total"
    CAP_GRADE = "cap_grade"
    MULTIPLY = "multiply"
    WITHHOLD = "withhold"


@dataclass(frozen=True, slots=True)
class Places:
    """Decimal places (0–4) to which points are rounded half up at each level."""

    item: int = 2
    section: int = 2
    total: int = 2


@dataclass(frozen=True, slots=True)
class Reference:
    """What the actual is compared with; `value` only for a constant, in the indicator's unit."""

    kind: ReferenceKind = ReferenceKind.TARGET
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of a curve: points + slope · (u − at) for positions u between low and high.

    `low`/`high` are None where the piece is open-ended. A constant piece has slope 0.
    """

    low: float | None
    high: float | None
    points: float
    slope: float = 0.0
    at: float = 0.0
    low_closed: bool = True
    high_closed: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Counts the position in steps of `unit` away from `origin`, in both directions alike."""

    unit: float
    mode: StepMode
    origin: float = 0.0


@dataclass(frozen=True, slots=True)
class Curve:
    """From position to points. Segments cover the whole line once, in rising order."""

    segments: tuple[Segment, ...]
    step: Step | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """Lowest and highest points; None where there is none."""

    floor: float | None = None
    cap: float | None = None


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A factor on the points. `value` holds for everybody without a row of their own in `coefficients`.

    `low`/`high` limit what a person's own value may be; `source` says in words where the value comes from.
    """

    name: str
    source: str
    value: float = 1.0
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class ZeroDenominator:
    """What a ratio by zero gives: a missing policy, or fixed `points` (then policy is None)."""

    policy: Missing | None = Missing.PENDING
    points: float | None = None


@dataclass(frozen=True, slots=True)
class Indicator:
    """The whole rule of one indicator. `measure` names the figure that gives its actual and target.

    `indicator_class` (in files: class) and `point_in_time` (a scale on the last day alone) change no points,
    only what `lint` finds; None: as the bank defines the measure.
    """

    code: str
    name_zh: str
    name_en: str
    unit: str
    weight: float | None
    measure: str
    position: PositionKind
    direction: Direction
    curve: Curve
    reference: Reference = Reference()
    bound: Bound = Bound()
    coefficients: tuple[Coefficient, ...] = ()
    missing: Missing = Missing.PENDING
    zero_denominator: ZeroDenominator = ZeroDenominator()
    moves_to: str | None = None
    clause: str = ""
    indicator_class: IndicatorClass | None = None
    point_in_time: bool | None = None

    @property
    def policies(self) -> tuple[Missing | None, ...]:
        """What a missing figure and a zero denominator do."""
        return (self.missing, self.zero_denominator.policy)


@dataclass(frozen=True, slots=True)
class Section:
    """A block of the composite (business 业绩, comprehensive 综合, training 培训 or another)."""

    code: str
    name_zh: str
    name_en: str
    weight: float | None
    indicators: tuple[Indicator, ...]
    group: Group = Group.WEIGHTED_MEAN
    bound: Bound = Bound()
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """measure op value, e.g. confirmed_breaches ge 1."""

    measure: str
    op: Op
    value: float


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition over a measure that caps, sets or multiplies the total, caps the grade or withholds it.

    `points` belongs to cap_total and set_total, `grade` to cap_grade, `factor` to multiply. Where there are
    conditions in `also`, all must hold. The clause is printed as the reason.
    """

    code: str
    name_zh: str
    name_en: str
    condition: Condition
    effect: Effect
    clause_zh: str
    clause_en: str = ""
    points: float | None = None
    grade: str | None = None
    missing: GateMissing = GateMissing.PENDING
    also: tuple[Condition, ...] = ()
    factor: float | None = None
    clause: str = ""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All that must hold."""
        return (self.condition, *self.also)


@dataclass(frozen=True, slots=True)
class GradeBand:
    """A grade and the lowest total that earns it; None for the last one."""

    code: str
    name_zh: str
    name_en: str
    at_least: float | None


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of the bank's own rule document; rules name it by its number ("3.2")."""

    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """What one measure of an example came to; None says that it is missing."""

    measure: str
    value: float | None


@dataclass(frozen=True, slots=True)
class OwnCoefficient:
    """A coefficient of the person in an example, in place of the scheme's."""

    indicator: str
    name: str
    value: float


class Asked(StrEnum):
    """What of a result an example says beforehand."""

    TOTAL = "total"
    GRADE = "grade"
    SECTIONS = "sections"
    INDICATORS = "indicators"


@dataclass(frozen=True, slots=True)
class Expected:
    """One figure or grade an example expects; `code` names the section or indicator. None: there is none."""

    what: Asked
    code: str
    value: float | str | None


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: one person's figures and what must come of them.

    `others`: the figures of the peers, where a rule compares people with each other.
    """

    name: str
    facts: tuple[Figure, ...]
    expect: tuple[Expected, ...]
    targets: tuple[Figure, ...] = ()
    coefficients: tuple[OwnCoefficient, ...] = ()
    others: tuple[tuple[Figure, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Scheme:
    """One version of a scheme, complete."""

    code: str
    name_zh: str
    name_en: str
    sections: tuple[Section, ...]
    places: Places = Places()
    weighting: Weighting = Weighting.PERCENT
    bound_stage: BoundStage = BoundStage.AFTER
    gates: tuple[Gate, ...] = ()
    grades: tuple[GradeBand, ...] = ()
    reason_for_full_business: str = ""
    clauses: tuple[Clause, ...] = ()
    examples: tuple[Example, ...] = ()

    def indicators(self) -> tuple[tuple[Section, Indicator], ...]:
        """Every indicator with its section, in the order of the document."""
        return tuple((section, line) for section in self.sections for line in section.indicators)

    def measures(self) -> tuple[str, ...]:
        """The codes of all measures that indicators and gates need, sorted, each once."""
        asked = {condition.measure for gate in self.gates for condition in gate.conditions}
        return tuple(sorted({line.measure for _, line in self.indicators()} | asked))


def to_dict(scheme: Scheme) -> dict[str, Any]:
    """The scheme as a JSON object with every default written out; `parse` reads it back unchanged.

    Clauses and examples stand in it only where there are any: a scheme without them keeps its fingerprint.
    """
    data = {
        "code": scheme.code,
        "name_zh": scheme.name_zh,
        "name_en": scheme.name_en,
        "places": _plain(scheme.places),
        "weighting": scheme.weighting.value,
        "bound_stage": scheme.bound_stage.value,
        "sections": [_section(section) for section in scheme.sections],
        "gates": [_brief(_plain(gate), "also", "factor", "clause") for gate in scheme.gates],
        "grades": [_plain(grade) for grade in scheme.grades],
        "reason_for_full_business": scheme.reason_for_full_business,
    }
    if scheme.clauses:
        data["clauses"] = [_plain(clause) for clause in scheme.clauses]
    if scheme.examples:
        data["examples"] = [example_to_dict(example) for example in scheme.examples]
    return data


def example_to_dict(example: Example) -> dict[str, Any]:
    """One example as a JSON object; what it does not say is left out."""
    data: dict[str, Any] = {
        "name": example.name,
        "facts": {figure.measure: _plain(figure.value) for figure in example.facts},
    }
    if example.targets:
        data["targets"] = {figure.measure: _plain(figure.value) for figure in example.targets}
    for own in example.coefficients:
        data.setdefault("coefficients", {}).setdefault(own.indicator, {})[own.name] = _number(own.value)
    if example.others:
        data["others"] = [{one.measure: _plain(one.value) for one in other} for other in example.others]
    expect: dict[str, Any] = {}
    for one in example.expect:
        if one.what in (Asked.SECTIONS, Asked.INDICATORS):
            expect.setdefault(one.what.value, {})[one.code] = _plain(one.value)
        else:
            expect[one.what.value] = _plain(one.value)
    return data | {"expect": expect}


def indicator_to_dict(line: Indicator) -> dict[str, Any]:
    """One indicator as a JSON object, every default written out."""
    plain = _plain(line)
    plain["class"] = plain.pop("indicator_class")
    data = _brief(plain, "moves_to", "clause", "class", "point_in_time")
    zero = line.zero_denominator
    data["zero_denominator"] = zero.policy.value if zero.policy else {"points": _number(zero.points or 0.0)}
    return data


def canonical_json(scheme: Scheme) -> str:
    """One text for one meaning: sorted keys, no spaces, 60.0 written as 60."""
    return json.dumps(
        to_dict(scheme), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def sha256(scheme: Scheme) -> str:
    """Fingerprint of `canonical_json`, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(scheme).encode()).hexdigest()


def _section(section: Section) -> dict[str, Any]:
    data = {
        "code": section.code,
        "name_zh": section.name_zh,
        "name_en": section.name_en,
        "weight": _plain(section.weight),
        "group": section.group.value,
        "bound": _plain(section.bound),
        "indicators": [indicator_to_dict(line) for line in section.indicators],
        "clause": section.clause,
    }
    return _brief(data, "clause")


def _brief(data: dict[str, Any], *names: str) -> dict[str, Any]:
    """Fields that came later are written only where they say something: older texts keep their hash."""
    return {name: value for name, value in data.items() if name not in names or value not in (None, [], "")}


def _plain(value: Any) -> Any:
    """Dataclasses, tuples and enums as JSON values."""
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, StrEnum):
        return value.value
    return _number(value) if isinstance(value, float) else value


def _number(value: float) -> int | float:
    return int(value) if value.is_integer() else value
