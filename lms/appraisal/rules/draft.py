"""A scheme as its editor sees it, and the document of room scoring it stands for.

People choose a short form (ratio, difference, value); the engine sees a curve. A rule in the document that
is none of the short forms is kept word for word and shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Data = Mapping[str, Any]
_LEFT_ALONE = ("places", "weighting", "bound_stage", "clauses", "examples")


class Mode(StrEnum):
    """How actual and target are compared, in one word."""

    RATIO = "ratio"
    DIFFERENCE = "difference"
    VALUE = "value"
    CUSTOM = "custom"


@dataclass(frozen=True)
class IndicatorDraft:
    """One indicator's row in the editor.

    ratio: `base` points at 100 %, in proportion. difference: `base` points on target, `points_per_step` for
    every `step` (in the indicator's unit) to the good, as many off for every step to the bad. value:
    `base` points at zero and `points_per_step` for every `step` of the figure, off when less is better.
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
    coefficient: float = 1.0
    coefficient_source: str = ""
    weight: float | None = None
    floor: float | None = None
    cap: float | None = None
    missing: str = "pending"
    custom: Data | None = None
    clause: str = ""
    lint: Data = field(default_factory=dict)
    """What the document itself says for the rule check (class, point_in_time); the editor leaves it alone."""


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


@dataclass(frozen=True)
class GradeDraft:
    """A grade and the lowest total that earns it; the last has none."""

    code: str
    name_zh: str
    name_en: str = ""
    at_least: float | None = None


@dataclass(frozen=True)
class GateDraft:
    """The gate: when `measure` reaches `limit`, the grade is at most `grade`; the clause is the reason."""

    measure: str
    limit: float
    grade: str
    clause_zh: str
    clause_en: str = ""
    code: str = "BREACH"
    name_zh: str = "合规限级"
    name_en: str = "Compliance gate"
    clause: str = ""


@dataclass(frozen=True)
class SchemeDraft:
    """A whole scheme as typed."""

    code: str
    name_zh: str
    name_en: str = ""
    sections: tuple[SectionDraft, ...] = ()
    grades: tuple[GradeDraft, ...] = ()
    gates: tuple[GateDraft | Data, ...] = ()
    reason_for_full_business: str = ""
    extra: Data = field(default_factory=dict)
    """Parts of the document the editor leaves alone: places, weighting, bound_stage, clauses, examples."""


def document_of(draft: SchemeDraft) -> dict[str, Any]:
    """Return the document of room scoring; it is as right or wrong as the draft, scoring.parse tells."""
    return {
        **draft.extra,
        "code": draft.code,
        "name_zh": draft.name_zh,
        "name_en": draft.name_en,
        "sections": [_section(section) for section in draft.sections],
        "grades": [
            {"code": g.code, "name_zh": g.name_zh, "name_en": g.name_en, "at_least": g.at_least}
            for g in draft.grades
        ],
        "gates": [_gate(gate) if isinstance(gate, GateDraft) else dict(gate) for gate in draft.gates],
        "reason_for_full_business": draft.reason_for_full_business,
    }


def draft_of(document: Data) -> SchemeDraft:
    """Return what the editor shows for a document; `document_of` gives the same meaning back."""
    return SchemeDraft(
        code=document["code"],
        name_zh=document["name_zh"],
        name_en=document.get("name_en", ""),
        sections=tuple(_section_draft(item) for item in document["sections"]),
        grades=tuple(
            GradeDraft(g["code"], g["name_zh"], g.get("name_en", ""), g["at_least"])
            for g in document.get("grades", [])
        ),
        gates=tuple(_gate_draft(gate) for gate in document.get("gates", [])),
        reason_for_full_business=document.get("reason_for_full_business", ""),
        extra={name: document[name] for name in _LEFT_ALONE if name in document},
    )


def mode_of(rule: Data) -> Mode:
    """Return the short form a rule of a document is written in."""
    return _short(rule).mode


def _section(section: SectionDraft) -> dict[str, Any]:
    return {
        "code": section.code,
        "name_zh": section.name_zh,
        "name_en": section.name_en,
        "weight": section.weight,
        "bound": {"floor": section.floor, "cap": section.cap},
        "group": section.group,
        "indicators": [_indicator(line) for line in section.indicators],
        "clause": section.clause,
    }


def _indicator(line: IndicatorDraft) -> dict[str, Any]:
    head = {
        "code": line.code,
        "name_zh": line.name_zh,
        "name_en": line.name_en,
        "unit": line.unit,
        "weight": line.weight,
        "clause": line.clause,
        **line.lint,
    }
    if line.mode is Mode.CUSTOM:
        return {**(line.custom or {}), **head}
    kind, reference, curve = _rule(line)
    coefficients = (
        [{"name": "factor", "source": line.coefficient_source or "考核方案", "value": line.coefficient}]
        if line.coefficient != 1 or line.coefficient_source
        else []
    )
    return {
        **head,
        "measure": line.measure,
        "position": kind,
        "direction": line.direction,
        "reference": {"kind": reference},
        "curve": curve,
        "bound": {"floor": line.floor, "cap": line.cap},
        "coefficients": coefficients,
        "missing": line.missing,
    }


def _rule(line: IndicatorDraft) -> tuple[str, str, dict[str, Any]]:
    """The position, what it is compared with, and the curve of a short form."""
    if line.mode is Mode.RATIO:
        kind = "inverse" if line.direction == "less" else "ratio"
        return kind, "target", {"segments": [_line(1.0, line.base, line.base)]}
    step, per_step = line.step or 1.0, line.points_per_step or 0.0
    slope = per_step / step * (-1 if line.direction == "less" else 1)
    kind, reference = ("difference", "target") if line.mode is Mode.DIFFERENCE else ("value", "none")
    curve: dict[str, Any] = {"segments": [_line(0.0, line.base, slope)]}
    if line.step is not None:
        curve["step"] = {"unit": step, "mode": line.step_mode, "origin": 0}
    return kind, reference, curve


def _line(at: float, points: float, slope: float) -> dict[str, Any]:
    return {"low": None, "high": None, "at": at, "points": points, "slope": round(slope, 9)}


def _section_draft(section: Data) -> SectionDraft:
    bound = section.get("bound") or {}
    return SectionDraft(
        code=section["code"],
        name_zh=section["name_zh"],
        name_en=section.get("name_en", ""),
        weight=section.get("weight"),
        floor=bound.get("floor"),
        cap=bound.get("cap"),
        indicators=tuple(
            _short(line) if section.get("group", "weighted_mean") == "weighted_mean" else _custom(line)
            for line in section["indicators"]
        ),
        group=section.get("group", "weighted_mean"),
        clause=section.get("clause", ""),
    )


def _short(line: Data) -> IndicatorDraft:
    """The row of a rule when it is one of the short forms, else the rule kept as it is."""
    segments, step = line["curve"]["segments"], line["curve"].get("step")
    position, direction = line["position"], line["direction"]
    reference = (line.get("reference") or {"kind": "target"})["kind"]
    factors = line.get("coefficients") or []
    plain = (
        len(segments) == 1
        and segments[0]["low"] is None
        and segments[0]["high"] is None
        and direction in ("more", "less")
        and len(factors) <= 1
        and all(f["name"] == "factor" and f.get("low") is None and f.get("high") is None for f in factors)
        and (line.get("zero_denominator") or "pending") == "pending"
        and (step is None or not step.get("origin"))
        and line.get("moves_to") is None
    )
    if not plain:
        return _custom(line)
    segment = segments[0]
    at, points, slope = segment.get("at", 0), segment["points"], segment.get("slope", 0)
    proportional = step is None and points - slope * at == 0
    if reference == "target" and proportional and position == ("inverse" if direction == "less" else "ratio"):
        return _row(line, Mode.RATIO, base=slope)
    mode = {("difference", "target"): Mode.DIFFERENCE, ("value", "none"): Mode.VALUE}.get(
        (position, reference)
    )
    if mode is None:
        return _custom(line)
    unit = step["unit"] if step else None
    per_step = slope * (unit or 1) * (-1 if direction == "less" else 1)
    return _row(
        line,
        mode,
        base=points - slope * at,
        step=unit,
        points_per_step=round(per_step, 9),
        step_mode=step["mode"] if step else "pro_rata",
    )


def _custom(line: Data) -> IndicatorDraft:
    return _row(line, Mode.CUSTOM, custom=dict(line))


def _row(line: Data, mode: Mode, **rule: Any) -> IndicatorDraft:
    bound = line.get("bound") or {}
    factors = line.get("coefficients") or []
    return IndicatorDraft(
        code=line["code"],
        name_zh=line["name_zh"],
        name_en=line.get("name_en", ""),
        unit=line.get("unit", ""),
        measure=line["measure"],
        mode=mode,
        direction=line["direction"],
        coefficient=factors[0].get("value", 1.0) if factors else 1.0,
        coefficient_source=factors[0]["source"] if factors else "",
        weight=line.get("weight"),
        floor=bound.get("floor"),
        cap=bound.get("cap"),
        missing=line.get("missing", "pending"),
        clause=line.get("clause", ""),
        lint={name: line[name] for name in ("class", "point_in_time") if name in line},
        **rule,
    )


def _gate(gate: GateDraft) -> dict[str, Any]:
    return {
        "code": gate.code,
        "name_zh": gate.name_zh,
        "name_en": gate.name_en,
        "condition": {"measure": gate.measure, "op": "ge", "value": gate.limit},
        "effect": "cap_grade",
        "grade": gate.grade,
        "missing": "pass",
        "clause_zh": gate.clause_zh,
        "clause_en": gate.clause_en,
        "clause": gate.clause,
    }


def _gate_draft(gate: Data) -> GateDraft | Data:
    condition = gate["condition"]
    plain = (
        gate["effect"] == "cap_grade"
        and condition["op"] == "ge"
        and gate.get("missing") == "pass"
        and not gate.get("also")
    )
    if not plain:
        return gate
    return GateDraft(
        measure=condition["measure"],
        limit=condition["value"],
        grade=gate["grade"],
        clause_zh=gate["clause_zh"],
        clause_en=gate.get("clause_en", ""),
        code=gate["code"],
        name_zh=gate["name_zh"],
        name_en=gate.get("name_en", ""),
        clause=gate.get("clause", ""),
    )
