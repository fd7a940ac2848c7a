"""The scheme document: what is scored, as data.

A scheme is one immutable tree of frozen dataclasses, read from a JSON object by `lms.scoring.parse` and
written back by `to_dict`. Nothing in it is ever evaluated as code. Names follow the glossary: a scheme
(考核方案) has sections (考核模块), a section has indicators (指标), gates (一票否决 and its milder kin) stand
over the total. Points are on a scale where 100 means "as required"; weights are percentages.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
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
    """How the indicators of a section become the section's points.

    all_of: 100 where every indicator reaches the section's `needs`, else 0.
    """

    WEIGHTED_MEAN = "weighted_mean"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    ALL_OF = "all_of"


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
    nobody has any. previous: the points of the period before, pending when there are none. move: no points,
    and the weight goes to the indicator named in `moves_to`.
    """

    PENDING = "pending"
    ZERO = "zero"
    FULL = "full"
    PEER_MEAN = "peer_mean"
    PREVIOUS = "previous"
    EXCLUDE = "exclude_and_rescale"
    MOVE = "move"


class ReferenceKind(StrEnum):
    """What the actual is compared with.

    time_elapsed: the part of the target that the elapsed part of the period asks for. prior: the same measure
    `back` periods ago. measure: another measure. Peers are all who are scored, have the figure and are of the
    same peer group, oneself included.
    """

    NONE = "none"
    TARGET = "target"
    TIME_ELAPSED = "time_elapsed"
    CONSTANT = "constant"
    PRIOR = "prior"
    MEASURE = "measure"
    PEER_MEAN = "peer_mean"
    PEER_BEST = "peer_best"
    PEER_WORST = "peer_worst"

    @property
    def of_peers(self) -> bool:
        """Whether the others give it."""
        return self in (ReferenceKind.PEER_MEAN, ReferenceKind.PEER_BEST, ReferenceKind.PEER_WORST)


class Carry(StrEnum):
    """What of the earlier periods is carried into the target: what they fell short of, what they exceeded."""

    NONE = "none"
    SHORTFALL = "shortfall"
    SURPLUS = "surplus"
    BOTH = "both"


class Take(StrEnum):
    """How the figures of several periods meet a condition: so many times, by their sum, or by their mean."""

    TIMES = "times"
    SUM = "sum"
    MEAN = "mean"


class Quota(StrEnum):
    """Where "the first p per cent" end.

    interpolated: at the quantile 1 − p of the totals, between two totals on the line from one to the other.
    The others count people: so many as p per cent of all are, rounded down, half up or up; who equals the
    last of them is in too.
    """

    INTERPOLATED = "interpolated"
    DOWN = "down"
    HALF_UP = "half_up"
    UP = "up"


class Op(StrEnum):
    """The comparison of a gate's condition."""

    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"
    EQ = "eq"
    NE = "ne"


class GateMissing(StrEnum):
    """What a gate does when its measure is missing: wait (total incomplete), pass, or apply.

    The admission to a grade likewise: wait, let in, or keep out.
    """

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
    """What the actual is compared with; `value` only for a constant, in the indicator's unit.

    `measure` only for another measure, `back` for the prior period (1: the one before; 4 quarters: that of
    last year), `carry` for the target; `within_year` forgets what was before the year of the period.
    """

    kind: ReferenceKind = ReferenceKind.TARGET
    value: float | None = None
    measure: str | None = None
    back: int = 1
    carry: Carry = Carry.NONE
    within_year: bool = False

    @property
    def given(self) -> bool:
        """Whether it is worked out person by person, before anything is scored."""
        alone = (ReferenceKind.NONE, ReferenceKind.CONSTANT, ReferenceKind.TARGET)
        return self.kind not in alone or self.carry is not Carry.NONE


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

    `peers` names the grouping within which people are compared (branch, grade …); "": all who are scored.
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
    peers: str = ""
    indicator_class: IndicatorClass | None = None
    point_in_time: bool | None = None

    @property
    def policies(self) -> tuple[Missing | None, ...]:
        """What a missing figure and a zero denominator do."""
        return (self.missing, self.zero_denominator.policy)


@dataclass(frozen=True, slots=True)
class Section:
    """A block of the composite (business 业绩, comprehensive 综合, training 培训 or another).

    `needs`: the points that each indicator of an `all_of` section must reach.
    """

    code: str
    name_zh: str
    name_en: str
    weight: float | None
    indicators: tuple[Indicator, ...]
    group: Group = Group.WEIGHTED_MEAN
    bound: Bound = Bound()
    clause: str = ""
    needs: float = 100.0


RESULT = "result."
"""Measures that are results of this scheme: result.section.CODE and result.indicator.CODE (points), and of
earlier periods also result.total and result.grade."""
CARRIED = 12
"""So many periods back a shortfall or surplus is carried from, at most."""
RESULT_TOTAL = "result.total"
RESULT_GRADE = "result.grade"
RESULT_SECTION = "result.section."
RESULT_INDICATOR = "result.indicator."


@dataclass(frozen=True, slots=True)
class Condition:
    """measure op value, e.g. confirmed_breaches ge 1; over several periods where `periods` says so.

    `value` is a grade for result.grade, where `le` is that grade or a worse one. `periods` counts this one,
    except for result.total and result.grade, which only earlier periods have; `times`: in how many of them
    it must hold (None: in all). Periods without a figure do not count. `within_year`: only those of the year.
    """

    measure: str
    op: Op
    value: float | str
    periods: int | None = None
    take: Take = Take.TIMES
    times: int | None = None
    within_year: bool = False

    @property
    def of_the_past(self) -> bool:
        """Whether only earlier periods have the figure."""
        return self.measure in (RESULT_TOTAL, RESULT_GRADE)


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
    """A grade: the lowest total that earns it (None for the last one), and what else it asks for.

    `top`: only for the first so many per cent of the peers, better grades included. `admission`: conditions
    that all must hold; `missing` says what an unknown one does. Who is kept out has the next grade down.
    """

    code: str
    name_zh: str
    name_en: str
    at_least: float | None
    top: float | None = None
    admission: tuple[Condition, ...] = ()
    missing: GateMissing = GateMissing.PENDING
    clause: str = ""


class Operation(StrEnum):
    """What a node of a formula is: a measure's actual, its target, a number, or an operation on its parts."""

    MEASURE = "measure"
    TARGET = "target"
    NUMBER = "number"
    SUM = "sum"
    DIFFERENCE = "difference"
    PRODUCT = "product"
    QUOTIENT = "quotient"
    MIN = "min"
    MAX = "max"

    @property
    def leaf(self) -> bool:
        """Whether it stands for itself instead of for something done with parts."""
        return self in (Operation.MEASURE, Operation.TARGET, Operation.NUMBER)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a formula. `code` of a measure or target, with what it counts as when `missing`, if anything.

    A node without one of its parts has no figure, nor has a quotient by zero.
    """

    op: Operation
    code: str = ""
    value: float | None = None
    missing: float | None = None
    parts: tuple[Node, ...] = ()

    def leaves(self) -> Iterator[Node]:
        """Every measure, target and number in it."""
        if self.op.leaf:
            yield self
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True, slots=True)
class Formula:
    """A measure that the scheme itself makes of others, e.g. profit less half of what is overdue."""

    code: str
    name_zh: str
    name_en: str
    unit: str
    tree: Node
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of the bank's own rule document; rules name it by its number ("3.2")."""

    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """What one measure of an example came to; None says that it is missing. A text is an earlier grade."""

    measure: str
    value: float | str | None


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
class Earlier:
    """An earlier period of an example; `period` is 2025, 2026Q2 or 2026-09 like that of the example."""

    period: str
    facts: tuple[Figure, ...] = ()
    targets: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: one person's figures and what must come of them.

    `others`: the figures of the peers, where a rule compares people with each other. `history`: earlier
    periods, counted back from `period`. `elapsed`: the part of the period that is over, 0 to 1.
    """

    name: str
    facts: tuple[Figure, ...]
    expect: tuple[Expected, ...]
    targets: tuple[Figure, ...] = ()
    coefficients: tuple[OwnCoefficient, ...] = ()
    others: tuple[tuple[Figure, ...], ...] = ()
    period: str = ""
    history: tuple[Earlier, ...] = ()
    elapsed: float = 1.0


@dataclass(frozen=True, slots=True)
class Scheme:
    """One version of a scheme, complete.

    `quota`: where the first per cent of a grade end; `grade_peers`: the grouping they are counted in ("" for
    all who are scored).
    """

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
    formulas: tuple[Formula, ...] = ()
    quota: Quota = Quota.INTERPOLATED
    grade_peers: str = ""

    def indicators(self) -> tuple[tuple[Section, Indicator], ...]:
        """Every indicator with its section, in the order of the document."""
        return tuple((section, line) for section in self.sections for line in section.indicators)

    def measures(self) -> tuple[str, ...]:
        """The codes of all measures that must come from outside, with their targets; sorted, each once."""
        leaves = {leaf.code for one in self.formulas for leaf in one.tree.leaves() if leaf.code}
        own = {one.code for one in self.formulas}
        return tuple(sorted(code for code in (self.asked() | leaves) - own if not code.startswith(RESULT)))

    def asked(self) -> set[str]:
        """The codes of all measures that indicators, gates and grades name: formulas and results too."""
        lines = [line for _, line in self.indicators()]
        named = {line.measure for line in lines} | {line.reference.measure or "" for line in lines}
        return (named | {condition.measure for _, condition in self.conditions()}) - {""}

    def conditions(self) -> tuple[tuple[str, Condition], ...]:
        """Every condition of a gate or an admission, with its path, in the order of the document."""
        of_gates = [
            (f"gates/{at}/{f'also/{number - 1}' if number else 'condition'}", condition)
            for at, gate in enumerate(self.gates)
            for number, condition in enumerate(gate.conditions)
        ]
        of_grades = [
            (f"grades/{at}/admission/{number}", condition)
            for at, grade in enumerate(self.grades)
            for number, condition in enumerate(grade.admission)
        ]
        return (*of_gates, *of_grades)

    def groupings(self) -> tuple[str, ...]:
        """The groupings in which people are compared, sorted, each once."""
        return tuple(sorted(({line.peers for _, line in self.indicators()} | {self.grade_peers}) - {""}))

    def looks_back(self) -> dict[str, int]:
        """How many periods back each measure is asked for, results among them; empty when none is.

        What is carried over comes from as far back as `CARRIED` periods.
        """
        found: dict[str, int] = {}
        for _, line in self.indicators():
            if Missing.PREVIOUS in line.policies:
                found[RESULT_INDICATOR + line.code] = 1
            if line.reference.kind is ReferenceKind.PRIOR:
                _further(found, line.measure, line.reference.back)
            if line.reference.carry is not Carry.NONE:
                _further(found, line.measure, CARRIED)
        for _, one in self.conditions():
            if one.periods or one.of_the_past:
                _further(found, one.measure, (one.periods or 1) - (0 if one.of_the_past else 1))
        trees = {one.code: one.tree for one in self.formulas}
        while own := [code for code in found if code in trees]:
            for code in own:
                back = found.pop(code)
                for leaf in trees[code].leaves():
                    _further(found, leaf.code, back)
        return {code: back for code, back in found.items() if code and back}


def _further(found: dict[str, int], code: str, back: int) -> None:
    found[code] = max(back, found.get(code, 0))


def to_dict(scheme: Scheme) -> dict[str, Any]:
    """The scheme as a JSON object with every default written out; `parse` reads it back unchanged.

    What came later (clauses, examples, formulas …) stands in it only where it says something: a scheme
    without it keeps its fingerprint.
    """
    data = {
        "code": scheme.code,
        "name_zh": scheme.name_zh,
        "name_en": scheme.name_en,
        "places": _plain(scheme.places),
        "weighting": scheme.weighting.value,
        "bound_stage": scheme.bound_stage.value,
        "sections": [_section(section) for section in scheme.sections],
        "gates": [_gate(gate) for gate in scheme.gates],
        "grades": [_grade(grade) for grade in scheme.grades],
        "reason_for_full_business": scheme.reason_for_full_business,
    }
    if scheme.clauses:
        data["clauses"] = [_plain(clause) for clause in scheme.clauses]
    if scheme.examples:
        data["examples"] = [example_to_dict(example) for example in scheme.examples]
    if scheme.formulas:
        data["formulas"] = [_formula(one) for one in scheme.formulas]
    if scheme.quota is not Quota.INTERPOLATED:
        data["quota"] = scheme.quota.value
    if scheme.grade_peers:
        data["grade_peers"] = scheme.grade_peers
    return data


def example_to_dict(example: Example) -> dict[str, Any]:
    """One example as a JSON object; what it does not say is left out."""
    data: dict[str, Any] = {"name": example.name, "facts": _figures(example.facts)}
    if example.targets:
        data["targets"] = _figures(example.targets)
    for own in example.coefficients:
        data.setdefault("coefficients", {}).setdefault(own.indicator, {})[own.name] = _number(own.value)
    if example.others:
        data["others"] = [_figures(other) for other in example.others]
    if example.period:
        data["period"] = example.period
    if example.history:
        data["history"] = {one.period: _earlier(one) for one in example.history}
    if example.elapsed != 1:
        data["elapsed"] = _number(example.elapsed)
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
    data: dict[str, Any] = _brief(plain, "moves_to", "clause", "peers", "class", "point_in_time")
    zero = line.zero_denominator
    data["zero_denominator"] = zero.policy.value if zero.policy else {"points": _number(zero.points or 0.0)}
    data["reference"] = reference_to_dict(line.reference)
    return data


def reference_to_dict(reference: Reference) -> dict[str, Any]:
    """A reference as a JSON object."""
    return _sparse(_plain(reference), _plain(Reference()), "measure", "back", "carry", "within_year")


def node_to_json(node: Node) -> Any:
    """A part of a formula as JSON: a number, the code of a measure, or an object {operation: parts}."""
    if node.op is Operation.NUMBER:
        return _number(node.value or 0.0)
    if node.op is Operation.MEASURE and node.missing is None:
        return node.code
    if node.op.leaf:
        missing = {} if node.missing is None else {"missing": _number(node.missing)}
        return {node.op.value: node.code} | missing
    return {node.op.value: [node_to_json(part) for part in node.parts]}


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
    needs = {"needs": _number(section.needs)} if section.needs != 100 else {}
    return _brief(data, "clause") | needs


def _gate(gate: Gate) -> dict[str, Any]:
    data = _brief(_plain(gate), "also", "factor", "clause")
    data["condition"] = _condition(gate.condition)
    return data | ({"also": [_condition(one) for one in gate.also]} if gate.also else {})


def _grade(grade: GradeBand) -> dict[str, Any]:
    data = _sparse(_plain(grade), {"missing": "pending"}, "missing")
    data = _brief(data, "top", "admission", "clause")
    return data | ({"admission": [_condition(one) for one in grade.admission]} if grade.admission else {})


def _condition(condition: Condition) -> dict[str, Any]:
    defaults = {"periods": None, "take": Take.TIMES.value, "times": None, "within_year": False}
    return _sparse(_plain(condition), defaults, *defaults)


def _formula(formula: Formula) -> dict[str, Any]:
    data = _brief(_plain(formula), "clause")
    del data["tree"]
    return data | {"formula": node_to_json(formula.tree)}


def _earlier(one: Earlier) -> dict[str, Any]:
    parts = {"facts": _figures(one.facts), "targets": _figures(one.targets)}
    return {name: figures for name, figures in parts.items() if figures}


def _figures(figures: tuple[Figure, ...]) -> dict[str, Any]:
    return {figure.measure: _plain(figure.value) for figure in figures}


def _sparse(data: dict[str, Any], defaults: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Without those of the fields that are as by default."""
    return {name: value for name, value in data.items() if name not in names or value != defaults[name]}


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
