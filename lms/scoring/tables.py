"""A scheme as parameter tables, so that one expression serves every indicator."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from lms.scoring.checks import WEIGHT_UNITS
from lms.scoring.document import Indicator, Scheme, Section

Column = tuple[str, pa.DataType]

_LINE: list[Column] = [
    ("place", pa.int64()),
    ("section", pa.string()),
    ("indicator", pa.string()),
    ("measure", pa.string()),
    ("weight_units", pa.float64()),
    ("weight_counted", pa.float64()),
    ("section_counted", pa.float64()),
    ("group", pa.string()),
    ("position_kind", pa.string()),
    ("reference_kind", pa.string()),
    ("reference_value", pa.float64()),
    ("reference_given", pa.bool_()),
    ("missing_policy", pa.string()),
    ("zero_policy", pa.string()),
    ("zero_points", pa.float64()),
    ("moves_to", pa.string()),
    ("step_unit", pa.float64()),
    ("step_mode", pa.string()),
    ("step_origin", pa.float64()),
    ("floor", pa.float64()),
    ("cap", pa.float64()),
]
_SECTION: list[Column] = [
    ("place", pa.int64()),
    ("section", pa.string()),
    ("group", pa.string()),
    ("weight_units", pa.float64()),
    ("floor", pa.float64()),
    ("cap", pa.float64()),
    ("needs", pa.float64()),
]


def pieces(scheme: Scheme) -> int:
    """How many segments the longest curve has."""
    return max(len(line.curve.segments) for _, line in scheme.indicators())


def factors(scheme: Scheme) -> int:
    """How many coefficients the indicator with most of them has."""
    return max(len(line.coefficients) for _, line in scheme.indicators())


def line_table(scheme: Scheme) -> pa.Table:
    """One row an indicator: its whole rule. Segment k is in columns high_k, high_closed_k, points_k, …

    Only a segment's upper end is kept: they rise without gap, so the first that reaches the position is it.
    A shorter curve has null in the columns beyond its end. `reference_given`: worked out before, by subject.
    `weight_counted`, `section_counted`: the weights as long as nothing is left out or moved.
    """
    columns = list(_LINE)
    for k in range(pieces(scheme)):
        columns += [(f"high_{k}", pa.float64()), (f"high_closed_{k}", pa.bool_()), (f"last_{k}", pa.bool_())]
        columns += [(f"points_{k}", pa.float64()), (f"slope_{k}", pa.float64()), (f"at_{k}", pa.float64())]
    for k in range(factors(scheme)):
        columns += [(f"factor_name_{k}", pa.string()), (f"factor_value_{k}", pa.float64())]
        columns += [(f"factor_source_{k}", pa.string())]
    rows = [_line(place, section, line) for place, (section, line) in enumerate(scheme.indicators())]
    return with_nulls(_table(rows, columns))


def section_table(scheme: Scheme) -> pa.Table:
    """One row a section."""
    rows = [
        {
            "place": place,
            "section": section.code,
            "group": section.group.value,
            "weight_units": _weight_units(section.weight),
            "floor": section.bound.floor,
            "cap": section.bound.cap,
            "needs": section.needs * 10.0**scheme.places.item,
        }
        for place, section in enumerate(scheme.sections)
    ]
    return with_nulls(_table(rows, _SECTION))


def with_nulls(table: pa.Table) -> pa.Table:
    """The table with typed columns of nothing beside it: no_text, no_number, no_count."""
    nothing: list[None] = [None] * table.num_rows
    kinds: list[Column] = [("no_text", pa.string()), ("no_number", pa.float64()), ("no_count", pa.int64())]
    for name, kind in kinds:
        table = table.append_column(name, pa.array(nothing, kind))
    return table


def _line(place: int, section: Section, line: Indicator) -> dict[str, Any]:
    step, zero = line.curve.step, line.zero_denominator
    row: dict[str, Any] = {
        "place": place,
        "section": section.code,
        "indicator": line.code,
        "measure": line.measure,
        "weight_units": _weight_units(line.weight),
        "weight_counted": _weight_units(line.weight),
        "section_counted": sum(_weight_units(one.weight) or 0.0 for one in section.indicators),
        "group": section.group.value,
        "position_kind": line.position.value,
        "reference_kind": line.reference.kind.value,
        "reference_value": line.reference.value,
        "reference_given": line.reference.given,
        "missing_policy": line.missing.value,
        "zero_policy": zero.policy.value if zero.policy else "points",
        "zero_points": zero.points,
        "moves_to": line.moves_to,
        "step_unit": step.unit if step else None,
        "step_mode": step.mode.value if step else None,
        "step_origin": step.origin if step else None,
        "floor": line.bound.floor,
        "cap": line.bound.cap,
    }
    for k, piece in enumerate(line.curve.segments):
        row |= {
            f"high_{k}": piece.high,
            f"high_closed_{k}": piece.high_closed,
            f"last_{k}": piece.high is None,
        }
        row |= {f"points_{k}": piece.points, f"slope_{k}": piece.slope, f"at_{k}": piece.at}
    for k, item in enumerate(line.coefficients):
        row |= {f"factor_name_{k}": item.name, f"factor_value_{k}": item.value}
        row |= {f"factor_source_{k}": item.source}
    return row


def _weight_units(weight: float | None) -> float | None:
    """Whole units of 10^-4 per cent: a product with whole points stays exact in a double."""
    return None if weight is None else float(round(weight * WEIGHT_UNITS))


def _table(rows: list[dict[str, Any]], columns: list[Column]) -> pa.Table:
    return pa.table({name: pa.array([row.get(name) for row in rows], kind) for name, kind in columns})
