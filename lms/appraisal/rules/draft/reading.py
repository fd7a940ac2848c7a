"""From a document of room scoring to what the editor shows; `document_of` gives the same meaning back.

A rule is shown in the first short form that says exactly it, else as a table of segments, and a rule that
says more than the editor knows is kept as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lms.appraisal.rules.draft.model import (
    ClauseDraft,
    CoefficientDraft,
    ConditionDraft,
    Data,
    GateDraft,
    GradeDraft,
    IndicatorDraft,
    Mode,
    PlacesDraft,
    SchemeDraft,
    SectionDraft,
    SegmentDraft,
    StandardDraft,
)
from lms.appraisal.rules.draft.writing import gate_document, rule_of

_SCHEME = {
    "code",
    "name_zh",
    "name_en",
    "sections",
    "grades",
    "gates",
    "reason_for_full_business",
    "places",
    "weighting",
    "bound_stage",
    "clauses",
    "examples",
}
_SECTION = {"code", "name_zh", "name_en", "weight", "bound", "group", "indicators", "clause"}
_GRADE = {"code", "name_zh", "name_en", "at_least"}
_RULE: Data = {
    "position": None,
    "direction": None,
    "reference": {"kind": "target"},
    "curve": None,
    "bound": {},
    "coefficients": [],
    "missing": "pending",
    "moves_to": None,
    "zero_denominator": "pending",
}
_LINE = {"code", "name_zh", "name_en", "unit", "weight", "measure", "clause", *_RULE}
_PIECE: Data = {"slope": 0.0, "at": 0.0, "low_closed": True, "high_closed": False}
_FACTOR: Data = {"value": 1.0, "low": None, "high": None}
_GATE: Data = {
    "name_en": "",
    "grade": None,
    "points": None,
    "factor": None,
    "missing": "pending",
    "also": [],
    "clause_en": "",
    "clause": "",
}


def draft_of(document: Data) -> SchemeDraft:
    """Return what the editor shows for a document that scoring accepts."""
    places = document.get("places") or {}
    return SchemeDraft(
        code=document["code"],
        name_zh=document["name_zh"],
        name_en=document.get("name_en", ""),
        sections=tuple(_section(item) for item in document["sections"]),
        grades=tuple(
            GradeDraft(g["code"], g["name_zh"], g.get("name_en", ""), g["at_least"], _others(g, _GRADE))
            for g in document.get("grades", [])
        ),
        gates=tuple(gate_draft(gate) for gate in document.get("gates", [])),
        reason_for_full_business=document.get("reason_for_full_business", ""),
        weighting=document.get("weighting", "percent"),
        bound_stage=document.get("bound_stage", "after_coefficient"),
        places=PlacesDraft(*(int(places.get(name, 2)) for name in ("item", "section", "total"))),
        clauses=tuple(ClauseDraft(one["number"], one["text"]) for one in document.get("clauses", [])),
        examples=tuple(document.get("examples", [])),
        extra=_others(document, _SCHEME),
    )


def mode_of(rule: Data) -> Mode:
    """Return the short form a rule of a document is written in."""
    return indicator_draft(rule).mode


def indicator_draft(line: Data) -> IndicatorDraft:
    """Return the row of an indicator."""
    said = _meaning(line)
    return next(
        (row for row in _candidates(line) if _meaning(rule_of(row)) == said),
        _row(line, Mode.CUSTOM, custom=dict(line)),
    )


def gate_draft(gate: Data) -> GateDraft | Data:
    """Return a gate as the editor shows it, or as it is where it says more."""
    condition = gate["condition"]
    made = GateDraft(
        measure=condition["measure"],
        op=condition["op"],
        limit=condition["value"],
        also=tuple(ConditionDraft(one["measure"], one["op"], one["value"]) for one in gate.get("also") or []),
        effect=gate["effect"],
        grade=gate.get("grade") or "",
        points=gate.get("points"),
        factor=gate.get("factor"),
        missing=gate.get("missing", "pending"),
        clause_zh=gate["clause_zh"],
        clause_en=gate.get("clause_en", ""),
        code=gate["code"],
        name_zh=gate["name_zh"],
        name_en=gate.get("name_en", ""),
        clause=gate.get("clause", ""),
    )
    return made if {**_GATE, **gate_document(made)} == {**_GATE, **gate} else gate


def _section(section: Data) -> SectionDraft:
    bound = section.get("bound") or {}
    return SectionDraft(
        code=section["code"],
        name_zh=section["name_zh"],
        name_en=section.get("name_en", ""),
        weight=section.get("weight"),
        floor=bound.get("floor"),
        cap=bound.get("cap"),
        indicators=tuple(indicator_draft(line) for line in section["indicators"]),
        group=section.get("group", "weighted_mean"),
        clause=section.get("clause", ""),
        kept=_others(section, _SECTION),
    )


def _candidates(line: Data) -> Iterator[IndicatorDraft]:
    """The rows that may stand for a rule, the plainest first; whether one does is compared afterwards."""
    pieces, step = line["curve"]["segments"], line["curve"].get("step")
    if len(pieces) == 1:
        yield from _straight(line, pieces[0], step)
    elif all(piece.get("low") is not None for piece in pieces[1:]):
        yield from _tabled(line, pieces)
    yield _row(
        line,
        Mode.SEGMENTS,
        segments=tuple(
            SegmentDraft(
                low=piece["low"],
                high=piece["high"],
                points=piece["points"],
                slope=piece.get("slope", 0.0),
                at=piece.get("at", 0.0),
                low_closed=piece.get("low_closed", True),
                high_closed=piece.get("high_closed", False),
            )
            for piece in pieces
        ),
        step=step["unit"] if step else None,
        step_mode=step["mode"] if step else "pro_rata",
        step_origin=step.get("origin", 0.0) if step else 0.0,
    )


def _straight(line: Data, piece: Data, step: Data | None) -> Iterator[IndicatorDraft]:
    points, slope = piece["points"], piece.get("slope", 0.0)
    yield _row(line, Mode.RATIO, base=points)
    sign = -1.0 if line["direction"] == "less" else 1.0
    if step is None:
        for mode in (Mode.DIFFERENCE, Mode.VALUE):
            yield _row(line, mode, base=points, points_per_step=sign * slope)
        return
    unit, how = step["unit"], step["mode"]
    # What a step is worth was divided by the step when it was written: nine places bring it back.
    for worth in (round(sign * slope * unit, 9), sign * slope * unit):
        yield _row(line, Mode.LEDGER, base=points, points_per_step=worth)
        for mode in (Mode.DIFFERENCE, Mode.UNIT):
            yield _row(line, mode, base=points, points_per_step=worth, step=unit, step_mode=how)


def _tabled(line: Data, pieces: list[Data]) -> Iterator[IndicatorDraft]:
    half = 0.5 if line["position"] == "rank" else 0.0
    first, last = pieces[0]["points"], pieces[-1]["points"]
    starts = tuple(StandardDraft(piece["low"], piece["points"]) for piece in pieces[1:])
    places = tuple(
        StandardDraft(piece["high"] - half, piece["points"])
        for piece in pieces[:-1]
        if piece["high"] is not None
    )
    if line["position"] == "rank":
        yield _row(line, Mode.RANK, standards=places, below=last)
    if line["position"] == "percentile":
        yield _row(line, Mode.PERCENTILE, standards=starts, below=first)
    yield _row(line, Mode.BANDS, standards=starts, below=first)
    yield _row(line, Mode.INTERPOLATION, standards=starts)
    yield _row(line, Mode.INTERPOLATION, standards=starts, below=first)


def _row(line: Data, mode: Mode, **rule: Any) -> IndicatorDraft:
    bound, reference = line.get("bound") or {}, line.get("reference") or {"kind": "target"}
    zero = line.get("zero_denominator") or "pending"
    fixed = zero if isinstance(zero, dict) else None
    return IndicatorDraft(
        code=line["code"],
        name_zh=line["name_zh"],
        name_en=line.get("name_en", ""),
        unit=line.get("unit", ""),
        measure=line["measure"],
        mode=mode,
        direction=line["direction"],
        position=line["position"],
        reference=reference["kind"],
        reference_value=reference.get("value"),
        coefficients=tuple(
            CoefficientDraft(
                one["name"], one["source"], one.get("value", 1.0), one.get("low"), one.get("high")
            )
            for one in line.get("coefficients") or []
        ),
        weight=line.get("weight"),
        floor=bound.get("floor"),
        cap=bound.get("cap"),
        missing=line.get("missing", "pending"),
        moves_to=line.get("moves_to") or "",
        zero="points" if fixed else str(zero),
        zero_points=fixed["points"] if fixed else None,
        clause=line.get("clause", ""),
        kept=_others(line, _LINE),
        **rule,
    )


def _meaning(line: Data) -> dict[str, Any]:
    """The rule with every default written out; a field that nobody here knows stays and so differs."""
    rule = {name: line.get(name, otherwise) for name, otherwise in _RULE.items()}
    curve = dict(rule["curve"])
    step = curve.get("step")
    curve["step"] = {"origin": 0.0, **step} if step else None
    curve["segments"] = [{**_PIECE, **piece} for piece in curve["segments"]]
    return rule | {
        "curve": curve,
        "reference": {"value": None, **(rule["reference"] or {"kind": "target"})},
        "bound": {"floor": None, "cap": None, **(rule["bound"] or {})},
        "coefficients": [{**_FACTOR, **one} for one in rule["coefficients"] or []],
        "zero_denominator": rule["zero_denominator"] or "pending",
    }


def _others(data: Data, known: set[str]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in known}
