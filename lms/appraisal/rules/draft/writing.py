"""From what the editor shows to the document of room scoring."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from lms.appraisal.rules.draft.model import (
    GateDraft,
    IndicatorDraft,
    Mode,
    SchemeDraft,
    SectionDraft,
    SegmentDraft,
    StandardDraft,
)

Rule = dict[str, Any]


def document_of(draft: SchemeDraft) -> dict[str, Any]:
    """Return the document of room scoring; it is as right or wrong as the draft, scoring.parse tells."""
    document: dict[str, Any] = {
        **draft.extra,
        "code": draft.code,
        "name_zh": draft.name_zh,
        "name_en": draft.name_en,
        "places": {
            "item": draft.places.item,
            "section": draft.places.section,
            "total": draft.places.total,
        },
        "weighting": draft.weighting,
        "bound_stage": draft.bound_stage,
        "sections": [_section(section) for section in draft.sections],
        "grades": [
            {**g.kept, "code": g.code, "name_zh": g.name_zh, "name_en": g.name_en, "at_least": g.at_least}
            for g in draft.grades
        ],
        "gates": [gate_document(gate) if isinstance(gate, GateDraft) else dict(gate) for gate in draft.gates],
        "reason_for_full_business": draft.reason_for_full_business,
        "clauses": [{"number": clause.number, "text": clause.text} for clause in draft.clauses],
        "examples": [dict(example) for example in draft.examples],
    }
    return document


def _section(section: SectionDraft) -> Rule:
    return {
        **section.kept,
        "code": section.code,
        "name_zh": section.name_zh,
        "name_en": section.name_en,
        "weight": section.weight,
        "bound": {"floor": section.floor, "cap": section.cap},
        "group": section.group,
        "indicators": [indicator_document(line) for line in section.indicators],
        "clause": section.clause,
    }


def indicator_document(line: IndicatorDraft) -> Rule:
    """Return one indicator of the document."""
    head = {
        "code": line.code,
        "name_zh": line.name_zh,
        "name_en": line.name_en,
        "unit": line.unit,
        "weight": line.weight,
        "clause": line.clause,
    }
    if line.mode is Mode.CUSTOM:
        return {**(line.custom or {}), **head}
    return {**line.kept, **head, "measure": line.measure, **rule_of(line)}


def rule_of(line: IndicatorDraft) -> Rule:
    """Return the rule itself: what is compared, how points arise, limits, gaps."""
    position, reference, segments = _curve(line)
    curve: Rule = {"segments": segments}
    if (step := _step(line)) is not None:
        curve["step"] = step
    return {
        "position": position,
        "direction": line.direction,
        "reference": reference,
        "curve": curve,
        "bound": {"floor": line.floor, "cap": line.cap},
        "coefficients": [
            {"name": one.name, "source": one.source, "value": one.value, "low": one.low, "high": one.high}
            for one in line.coefficients
        ],
        "missing": line.missing,
        "moves_to": line.moves_to or None,
        "zero_denominator": {"points": line.zero_points or 0.0} if line.zero == "points" else line.zero,
    }


def gate_document(gate: GateDraft) -> Rule:
    """Return one gate of the document."""
    return {
        **gate.kept,
        "code": gate.code,
        "name_zh": gate.name_zh,
        "name_en": gate.name_en,
        "condition": {"measure": gate.measure, "op": gate.op, "value": gate.limit or 0.0},
        "effect": gate.effect,
        "grade": gate.grade or None,
        "points": gate.points,
        "factor": gate.factor,
        "missing": gate.missing,
        "also": [{"measure": one.measure, "op": one.op, "value": one.value or 0.0} for one in gate.also],
        "clause_zh": gate.clause_zh,
        "clause_en": gate.clause_en,
        "clause": gate.clause,
    }


def _curve(line: IndicatorDraft) -> tuple[str, Rule, list[Rule]]:
    """The position, what it is compared with, and the pieces of the curve."""
    sign = -1.0 if line.direction == "less" else 1.0
    nothing: Rule = {"kind": "none"}
    if line.mode is Mode.RATIO:
        kind = "inverse" if line.direction == "less" else "ratio"
        return kind, _reference(line), [_line(1.0, line.base, line.base)]
    if line.mode is Mode.DIFFERENCE:
        return "difference", _reference(line), [_line(0.0, line.base, sign * _slope(line))]
    if line.mode in (Mode.VALUE, Mode.UNIT, Mode.LEDGER):
        return "value", nothing, [_line(0.0, line.base, sign * _slope(line))]
    if line.mode.among_peers:
        half = 0.5 if line.mode is Mode.RANK else 0.0
        return line.mode.value, nothing, _ranked(line, half)
    if line.mode is Mode.SEGMENTS:
        return line.position, _reference(line), [_segment(piece) for piece in line.segments]
    reference = nothing if line.position == "value" else _reference(line)
    if line.mode is Mode.BANDS:
        return line.position, reference, _bands(line.standards, line.below or 0.0)
    return line.position, reference, _between(line.standards, line.below)


def _step(line: IndicatorDraft) -> Rule | None:
    if line.mode is Mode.LEDGER:
        return {"unit": 1.0, "mode": "whole", "origin": 0.0}
    stepped = line.mode in (Mode.DIFFERENCE, Mode.UNIT, Mode.SEGMENTS)
    if not stepped or line.step is None:
        return None
    origin = line.step_origin if line.mode is Mode.SEGMENTS else 0.0
    return {"unit": line.step, "mode": line.step_mode, "origin": origin}


def _slope(line: IndicatorDraft) -> float:
    step = line.step or 1.0 if line.mode in (Mode.DIFFERENCE, Mode.UNIT) else 1.0
    return (line.points_per_step or 0.0) / step


def _reference(line: IndicatorDraft) -> Rule:
    value = line.reference_value if line.reference == "constant" else None
    return {"kind": line.reference, "value": value}


def _ranked(line: IndicatorDraft, half: float) -> list[Rule]:
    """Pieces from the first place to the last; those behind have `below`."""
    if line.mode is Mode.PERCENTILE:
        return _bands(line.standards, line.below or 0.0)
    edges = [None, *((row.at or 0.0) + half for row in line.standards), None]
    worth = [*(row.points or 0.0 for row in line.standards), line.below or 0.0]
    return [
        _piece(low, high, points=points) for (low, high), points in zip(pairwise(edges), worth, strict=True)
    ]


def _bands(standards: tuple[StandardDraft, ...], below: float) -> list[Rule]:
    edges = [None, *(row.at or 0.0 for row in standards), None]
    worth = [below, *(row.points or 0.0 for row in standards)]
    return [
        _piece(low, high, points=points) for (low, high), points in zip(pairwise(edges), worth, strict=True)
    ]


def _between(standards: tuple[StandardDraft, ...], below: float | None) -> list[Rule]:
    if not standards:
        return []
    rows = [(row.at or 0.0, row.points or 0.0) for row in standards]
    (first, low), (last, high) = rows[0], rows[-1]
    pieces = [_piece(None, first, points=low if below is None else below)]
    for (at, points), (end, worth) in pairwise(rows):
        # Standards that do not rise are named when the pieces are checked.
        slope = (worth - points) / (end - at) if end != at else 0.0
        pieces.append(_piece(at, end, points=points, slope=slope, at=at))
    return [*pieces, _piece(last, None, points=high)]


def _segment(piece: SegmentDraft) -> Rule:
    made = _piece(piece.low, piece.high, points=piece.points or 0.0, slope=piece.slope, at=piece.at)
    return made | {"low_closed": piece.low_closed, "high_closed": piece.high_closed}


def _line(at: float, points: float, slope: float) -> Rule:
    return _piece(None, None, points=points, slope=slope, at=at)


def _piece(
    low: float | None, high: float | None, *, points: float, slope: float = 0.0, at: float = 0.0
) -> Rule:
    return {
        "low": low,
        "high": high,
        "points": points,
        "slope": slope,
        "at": at,
        "low_closed": True,
        "high_closed": False,
    }
