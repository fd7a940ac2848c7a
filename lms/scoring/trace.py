"""The trace: one row a step, so that any point can be opened down to the figure it came from."""

from __future__ import annotations

import narwhals as nw
import pyarrow as pa

from lms.scoring.document import BoundStage, Scheme
from lms.scoring.frames import Frame, collect, in_memory, schema_of
from lms.scoring.quantise import from_units
from lms.scoring.rules import col
from lms.scoring.tables import factors

SCHEMA = schema_of(
    subject=pa.string(),
    place=pa.int64(),
    section=pa.string(),
    indicator=pa.string(),
    step_no=pa.int64(),
    step=pa.string(),
    value=pa.float64(),
    detail=pa.string(),
)

# Sections and totals come after the lines of a subject, whatever their number.
_SECTION_PLACE = 1_000_000
_TOTAL_PLACE = 2_000_000

_NO_TEXT = nw.col("no_text")

_LINE = (
    *("subject", "place", "section", "indicator", "measure"),
    *("actual", "reference_kind", "reference_given", "reference", "lack", "policy"),
    *("position_kind", "position", "step_mode", "stepped", "piece", "raw_points"),
    *("floor", "cap", "coefficient", "bounded", "state", "point_units"),
    *("group", "weight_units", "counted", "effective_weight", "contribution_units"),
    *("no_text", "no_number"),
)


def line_columns(scheme: Scheme) -> list[str]:
    """What is kept of an indicator of a person: each step of the way in a column of its own."""
    multiplied = [] if scheme.bound_stage is BoundStage.BEFORE else ["multiplied"]
    own = [f"factor_{name}{k}" for k in range(factors(scheme)) for name in ("name_", "source_", "")]
    return [*_LINE, *multiplied, *own]


def none() -> pa.Table:
    """A trace of nothing."""
    return SCHEMA.remove(SCHEMA.get_field_index("place")).empty_table()


def rows(scheme: Scheme, lines: pa.Table, sections: pa.Table, totals: pa.Table) -> pa.Table:
    """The whole trace of a run, a row a step, ordered by subject, place and step."""
    steps = [
        *line_steps(in_memory(lines), scheme, factors(scheme)),
        *section_steps(in_memory(sections), scheme),
        *total_steps(in_memory(totals), scheme),
    ]
    parts = [collect(step, SCHEMA) for step in steps]
    table = pa.concat_tables(parts).sort_by(
        [(name, "ascending") for name in ("subject", "place", "step_no", "step")]
    )
    return table.select(none().schema.names).combine_chunks()


def line_steps(frame: Frame, scheme: Scheme, factors: int) -> list[Frame]:
    """The steps of every indicator: measure, reference, position, step, curve, bound, coefficient, …"""
    scored = ~col("raw_points").is_null()
    before = scheme.bound_stage is BoundStage.BEFORE
    bound_no, factor_no = (6, 10) if before else (60, 10)
    bound_from = col("raw_points") if before else col("multiplied")
    clamp = (
        nw.when(bound_from > col("cap"))
        .then(nw.lit("cap"))
        .when(bound_from < col("floor"))
        .then(nw.lit("floor"))
        .otherwise(nw.lit("none"))
    )
    has_bound = ~col("floor").is_null() | ~col("cap").is_null()
    piece = nw.concat_str(nw.lit("segment:"), (col("piece") + 1).cast(nw.String))
    from_curve = nw.when(col("piece").is_null()).then(nw.lit("zero_denominator")).otherwise(piece)
    reason = nw.concat_str(col("lack"), nw.lit(":"), col("policy"))
    points = from_units(col("point_units"), scheme.places.item)
    rescaled = (col("effective_weight") - from_units(col("weight_units"), 4)).abs() > 1e-9
    weighting = nw.when(rescaled).then(nw.lit("rescaled")).otherwise(nw.lit("weight"))
    steps = [
        _step(frame, 1, "measure", col("actual"), col("measure")),
        _step(
            frame.filter(col("reference_kind") != "none"),
            2,
            "reference",
            col("reference"),
            nw.when(col("reference_given") & (col("reference_kind") == "target"))
            .then(nw.lit("carried"))
            .otherwise(col("reference_kind")),
        ),
        _step(frame.filter(~col("lack").is_null()), 3, "missing", nw.col("no_number"), reason),
        _step(frame.filter(col("lack").is_null()), 3, "position", col("position"), col("position_kind")),
        _step(
            frame.filter(col("lack").is_null() & ~col("step_mode").is_null()),
            4,
            "step",
            col("stepped"),
            col("step_mode"),
        ),
        _step(frame.filter(scored), 5, "curve", col("raw_points"), from_curve),
        _step(frame.filter(scored & has_bound), bound_no, "bound", col("bounded"), clamp),
        _step(
            frame.filter(~col("point_units").is_null()),
            70,
            "round",
            points,
            nw.lit(str(scheme.places.item)),
        ),
        _step(
            frame.filter(~col("effective_weight").is_null()), 71, "weight", col("effective_weight"), weighting
        ),
        _step(
            frame.filter(~col("contribution_units").is_null()),
            72,
            "contribution",
            from_units(col("contribution_units"), 6),
            col("group"),
        ),
    ]
    for k in range(factors):
        source = nw.concat_str(col(f"factor_name_{k}"), nw.lit(": "), col(f"factor_source_{k}"))
        steps.append(
            _step(
                frame.filter(scored & ~col(f"factor_name_{k}").is_null()),
                factor_no + k,
                "coefficient",
                col(f"factor_{k}"),
                source,
            )
        )
    return steps


def section_steps(frame: Frame, scheme: Scheme) -> list[Frame]:
    """How the lines became the section's points, and these a part of the total."""
    scored = frame.with_columns(
        place=col("place") + _SECTION_PLACE,
        indicator=_NO_TEXT,
        points=from_units(col("point_units"), scheme.places.section),
    )
    complete = scored.filter(col("state") == "complete")
    clamp = (
        nw.when(col("grouped") > col("cap"))
        .then(nw.lit("cap"))
        .when(col("grouped") < col("floor"))
        .then(nw.lit("floor"))
        .otherwise(nw.lit("none"))
    )
    waiting = nw.when(col("waiting") > 0).then(nw.lit("pending")).otherwise(nw.lit("nothing_left"))
    none = nw.col("no_number")
    steps = [
        _step(complete, 1, "group", col("grouped"), col("group")),
        _step(complete, 2, "section", col("points"), clamp),
        _step(
            complete,
            3,
            "contribution",
            from_units(col("contribution_units"), 6),
            nw.lit(scheme.weighting.value),
        ),
        _step(scored.filter(col("state") != "complete"), 1, "incomplete", none, waiting),
    ]
    if scheme.weighting.value == "percent":
        weighed = from_units(col("weight_units"), 4)
        steps.append(_step(complete, 2, "weight", weighed, nw.lit("weight")))
    return steps


def total_steps(frame: Frame, scheme: Scheme) -> list[Frame]:
    """The composite, every gate that applies with its measure's value, the total, grade and rank.

    Before the grade: the cut-off of each quota and each admission that fails or is not known.
    """
    places = scheme.places.total
    scored = frame.with_columns(
        place=nw.lit(_TOTAL_PLACE),
        section=_NO_TEXT,
        indicator=_NO_TEXT,
    )
    total = scored.filter(~col("total_units").is_null())
    multiplied = scored.filter(~col("before_units").is_null() & (col("multiplier") != 1.0))
    steps = [
        _step(
            scored.filter(~col("before_units").is_null()),
            1,
            "composite",
            from_units(col("before_units"), places),
            nw.lit(str(places)),
        ),
        _step(
            scored.filter(col("total_units").is_null()),
            900,
            "incomplete",
            col("no_number"),
            nw.lit("pending"),
        ),
        _step(
            multiplied,
            800,
            "multiplied",
            from_units(col("multiplied_units"), places),
            nw.lit(""),
        ),
        _step(total, 900, "total", from_units(col("total_units"), places), nw.lit(str(places))),
        _step(total.filter(~col("grade").is_null()), 901, "grade", col("no_number"), col("grade")),
        _step(total, 902, "rank", col("rank").cast(nw.Float64), nw.lit("")),
    ]
    for k, gate in enumerate(scheme.gates):
        applied = scored.filter(col(f"applied_{k}"))
        steps.append(_step(applied, 10 + k, "gate", col(f"gate_{k}_0"), nw.lit(gate.code)))
    composed = scored.filter(~col("before_units").is_null())
    for k, band in enumerate(scheme.grades):
        if band.top is not None:
            cut_off = from_units(col(f"cut_off_{k}"), places)
            steps.append(_step(composed, 810 + k, "cut_off", cut_off, nw.lit(band.code)))
        if band.admission:
            for name, kept in (("refused", col(f"refused_{k}")), ("unsure", _unsure(k))):
                steps.append(_step(composed.filter(kept), 850 + k, name, col("no_number"), nw.lit(band.code)))
    return steps


def _unsure(k: int) -> nw.Expr:
    return col(f"unsure_{k}") & ~col(f"refused_{k}")


def _step(frame: Frame, number: int, name: str, value: nw.Expr, detail: nw.Expr) -> Frame:
    return frame.select(
        "subject",
        col("place").cast(nw.Int64).alias("place"),
        "section",
        "indicator",
        nw.lit(number).cast(nw.Int64).alias("step_no"),
        nw.lit(name).alias("step"),
        value.cast(nw.Float64).alias("value"),
        detail.alias("detail"),
    )
