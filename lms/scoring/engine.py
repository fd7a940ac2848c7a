"""Score a scheme: Arrow tables in, Arrow tables out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import narwhals as nw
import pyarrow as pa

from lms.scoring import frames, given, peers, rules, trace
from lms.scoring.checks import WEIGHT_UNITS
from lms.scoring.document import GateMissing, Scheme
from lms.scoring.frames import Backend, Column, Frame, Lift, pc
from lms.scoring.given import Given
from lms.scoring.history import HISTORY
from lms.scoring.rules import col
from lms.scoring.tables import factors, line_table, pieces, section_table, with_nulls


@dataclass(frozen=True, slots=True)
class Result:
    """What a run gives. Points are Arrow decimals (to_pylist gives Decimal), already rounded half up at the
    scheme's places; figures (actual, target, position, raw_points) are float64; nothing is NaN or infinite.

    * lines: subject, section, indicator, actual, target, position, raw_points, coefficient, points, weight,
      effective_weight, contribution, state (ok, missing, excluded, moved, zero, full, peer_mean, previous).
      `contribution` is the part of the section's points (6 places, null under min and max);
      `effective_weight` (null unless the section is a weighted mean) differs from `weight` only where
      something was left out or moved.
    * sections: subject, section, points, weight, contribution (part of the total), state
      (complete | incomplete).
    * totals: subject, total, total_before_gates, state (complete | incomplete), grade, rank, gates (codes of
      the gates applied, comma-separated, "" when none), missing (codes of what is missing, comma-separated:
      indicators, emptied sections, gates, and the grade whose admission is not known).
      Incomplete: total, grade and rank are null. Rank: 1 is best, equal totals share the better rank.
    * trace: subject, section, indicator, step_no, step, value, detail; section and indicator are null on
      the rows about the total, indicator is null on rows about a section.
    Rows are ordered by subject, then in the document's order, so two runs are byte-equal.
    """

    lines: pa.Table
    sections: pa.Table
    totals: pa.Table
    trace: pa.Table


def score(
    scheme: Scheme,
    facts: pa.Table,
    targets: pa.Table,
    *,
    coefficients: pa.Table | None = None,
    history: pa.Table | None = None,
    groups: pa.Table | None = None,
    elapsed: float = 1.0,
    subjects: Collection[str] | None = None,
    waits: Collection[str] = (),
    backend: Backend = "duckdb",
    traced: bool = True,
) -> Result:
    """Score every subject under the scheme.

    * facts: subject (string), measure (string), value (float64, null = missing), one row per pair; measures
      that no indicator or gate asks for are ignored. A pair without a row is missing too.
    * targets: subject, measure, target (float64), one row per pair.
    * coefficients: subject, indicator, name, value, source: a person's own coefficient in place of the
      scheme's; only names that the indicator declares, within its low–high.
    * history: subject, measure, back, same_year, value, target: earlier periods, see `history`.
    * groups: subject, grouping, group: within which group of a grouping people are each other's peers.
    * elapsed: the part of the period that is over, 0 to 1, for targets that grow with time.
    * subjects: who is scored, and so who is whose peer; by default everybody with a row in facts.
    * waits: for whom a missing figure is never a zero, whatever the scheme says: the total waits instead.
    * backend: duckdb (embedded, for a cycle) and pandas (previews) give the same bytes; polars, if installed,
      the same points and grades, figures to the last bit or so.
    * traced: without it the trace stays empty, which saves a third of the time of a small run.

    Raises InvalidFrame (problems with path, message, params) on a missing column, NaN or infinity, a figure
    beyond ±1e15, doubled keys, or a coefficient that is not declared or out of range.
    """
    facts = frames.checked(facts, frames.FACTS, "facts")
    targets = frames.checked(targets, frames.TARGETS, "targets")
    past = frames.checked(HISTORY.empty_table() if history is None else history, HISTORY, "history")
    grouped = frames.checked(peers.GROUPS.empty_table() if groups is None else groups, peers.GROUPS, "groups")
    own = frames.COEFFICIENTS.empty_table() if coefficients is None else coefficients
    own = frames.checked(own, frames.COEFFICIENTS, "coefficients")
    frames.check_coefficients(scheme, own)
    people = frames.subjects_table(facts, subjects, waits)
    known = given.gathered(scheme, people["subject"], facts, targets, past, grouped, elapsed)
    with frames.lifter(backend) as lift:
        # Each level is brought into memory once: the next level and the trace read what was computed.
        lines = _settle(_lines(scheme, lift, people, known, own), ["subject", "place"])
        sections = _settle(_sections(scheme, lift, lines), ["subject", "place"])
        tested = given.with_conditions(scheme, people, known, lines, sections)
        totals = _settle(_totals(scheme, lift, tested, sections), ["subject"])
        totals = _settle(_grades(scheme, lift, given.with_cut_offs(scheme, totals, known)), ["subject"])
        steps = _trace(
            [
                *trace.line_steps(lift(lines), scheme, factors(scheme)),
                *trace.section_steps(lift(sections), scheme),
                *trace.total_steps(lift(totals), scheme),
            ]
            if traced
            else []
        )
    return Result(
        lines=_show_lines(scheme, lines),
        sections=_show_sections(scheme, sections),
        totals=_show_totals(scheme, totals, lines, sections),
        trace=steps,
    )


def _settle(frame: Frame, order: list[str]) -> pa.Table:
    """The frame's rows in memory, ordered, with Arrow's plain string type whatever the engine used."""
    table: pa.Table = frame.collect("pyarrow").to_native()
    fields = [
        pa.field(f.name, pa.string() if pa.types.is_large_string(f.type) else f.type) for f in table.schema
    ]
    table = table.cast(pa.schema(fields)).replace_schema_metadata(None)
    return table.sort_by([(name, "ascending") for name in order]).combine_chunks()


def _lines(scheme: Scheme, lift: Lift, people: pa.Table, known: Given, own: pa.Table) -> Frame:
    frame = (
        lift(people)
        .join(lift(line_table(scheme)), how="cross")
        .join(lift(known.by_line), on=["subject", "place"], how="left")
        .with_columns(peer_group=nw.coalesce(col("peer_group"), nw.lit("")))
        .join(lift(known.facts).rename({"value": "actual"}), on=["subject", "measure"], how="left")
        .join(lift(known.targets), on=["subject", "measure"], how="left")
    )
    for k in range(factors(scheme)):
        frame = _own_factor(frame, lift(own), k)
    frame = rules.reference(frame)
    frame = rules.position(rules.lack(frame))
    frame = rules.curve(rules.step(frame), pieces(scheme))
    frame = rules.adjust(frame, scheme.bound_stage, factors(scheme))
    frame = rules.moved_weights(rules.line_points(frame, scheme.places.item))
    return rules.line_weights(frame, scheme.places.item)


def _own_factor(frame: Frame, own: Frame, k: int) -> Frame:
    """`factor_k`: the subject's own coefficient, else the scheme's; its source goes with it."""
    mine = own.filter(~col("value").is_null()).select(
        "subject",
        "indicator",
        col("name").alias(f"factor_name_{k}"),
        col("value").alias("own_value"),
        col("source").alias("own_source"),
    )
    keys = ["subject", "indicator", f"factor_name_{k}"]
    return (
        frame.join(mine, on=keys, how="left")
        .with_columns(
            nw.coalesce(col("own_value"), col(f"factor_value_{k}")).alias(f"factor_{k}"),
            nw.coalesce(col("own_source"), col(f"factor_source_{k}")).alias(f"factor_source_{k}"),
        )
        .drop("own_value", "own_source")
    )


def _sections(scheme: Scheme, lift: Lift, lines: pa.Table) -> Frame:
    needed = lines.select(["subject", "section", "state", "point_units", "counted"])
    places = scheme.places
    frame = rules.sections(lift(needed), lift(section_table(scheme)), places.item, places.section)
    return rules.section_shares(frame, scheme.weighting, places.section)


def _totals(scheme: Scheme, lift: Lift, people: pa.Table, sections: pa.Table) -> Frame:
    places = scheme.places
    frame = rules.totals(lift(sections), len(scheme.sections), places.section, places.total)
    frame = lift(with_nulls(people)).join(frame, on="subject", how="left")
    frame = rules.gate_flags(frame, scheme)
    return rules.gate_list(rules.gated_total(frame, scheme.gates, places.total), scheme.gates)


def _grades(scheme: Scheme, lift: Lift, totals: pa.Table) -> Frame:
    frame = rules.grade(lift(totals), scheme)
    return frame.join(rules.rank(frame), on="subject", how="left")


def _show_lines(scheme: Scheme, lines: pa.Table) -> pa.Table:
    weight = pc.divide(pc.cast(lines["weight_units"], pa.float64()), float(WEIGHT_UNITS))
    return _table(
        {
            "subject": lines["subject"],
            "section": lines["section"],
            "indicator": lines["indicator"],
            "actual": lines["actual"],
            "target": lines["reference"],
            "position": lines["position"],
            "raw_points": lines["raw_points"],
            "coefficient": lines["coefficient"],
            "points": frames.decimals(lines["point_units"], scheme.places.item),
            "weight": weight,
            "effective_weight": lines["effective_weight"],
            "contribution": frames.decimals(lines["contribution_units"], 6),
            "state": lines["state"],
        }
    )


def _show_sections(scheme: Scheme, sections: pa.Table) -> pa.Table:
    return _table(
        {
            "subject": sections["subject"],
            "section": sections["section"],
            "points": frames.decimals(sections["point_units"], scheme.places.section),
            "weight": pc.divide(pc.cast(sections["weight_units"], pa.float64()), float(WEIGHT_UNITS)),
            "contribution": frames.decimals(sections["contribution_units"], 6),
            "state": sections["state"],
        }
    )


def _show_totals(scheme: Scheme, totals: pa.Table, lines: pa.Table, sections: pa.Table) -> pa.Table:
    complete = pc.is_valid(totals["total_units"])
    missing = _missing(scheme, totals, lines, sections)
    return _table(
        {
            "subject": totals["subject"],
            "total": frames.decimals(totals["total_units"], scheme.places.total),
            "total_before_gates": frames.decimals(totals["before_units"], scheme.places.total),
            "state": pc.if_else(complete, "complete", "incomplete"),
            "grade": totals["grade"],
            "rank": pc.cast(totals["rank"], pa.int64()),
            "gates": pc.utf8_rtrim(totals["gates"], ","),
            "missing": pa.array([missing.get(s, "") for s in _texts(totals, "subject")], pa.string()),
        }
    )


def _table(columns: dict[str, Column]) -> pa.Table:
    return pa.table(columns)


def _texts(table: pa.Table, name: str) -> list[str]:
    return [str(value) for value in table[name].to_pylist()]


def _missing(scheme: Scheme, totals: pa.Table, lines: pa.Table, sections: pa.Table) -> dict[str, str]:
    """What each incomplete subject lacks: indicators first, then emptied sections, gates, and a grade."""
    found: dict[str, list[str]] = {}
    pending = lines.filter(pc.equal(lines["state"], "missing"))
    for subject, code in zip(_texts(pending, "subject"), _texts(pending, "indicator"), strict=True):
        found.setdefault(subject, []).append(code)
    emptied = sections.filter(
        pc.and_(pc.equal(sections["state"], "incomplete"), pc.equal(sections["waiting"], 0))
    )
    for subject, code in zip(_texts(emptied, "subject"), _texts(emptied, "section"), strict=True):
        found.setdefault(subject, []).append(code)
    for k, gate in enumerate(scheme.gates):
        if gate.missing is GateMissing.PENDING:
            for subject in _texts(totals.filter(totals[f"unknown_{k}"]), "subject"):
                found.setdefault(subject, []).append(gate.code)
    waiting = totals.filter(totals["grade_waits"])
    for subject, index in zip(_texts(waiting, "subject"), _texts(waiting, "grade_index"), strict=True):
        found.setdefault(subject, []).append(scheme.grades[int(index)].code)
    return {subject: ",".join(codes) for subject, codes in found.items()}


def _trace(steps: list[Frame]) -> pa.Table:
    names = trace.SCHEMA.names
    parts = [frames.collect(step, trace.SCHEMA, ["subject", "place", "step_no"]) for step in steps]
    table = pa.concat_tables([trace.SCHEMA.empty_table(), *parts]).sort_by(
        [(n, "ascending") for n in ("subject", "place", "step_no", "step")]
    )
    return table.select([name for name in names if name != "place"]).combine_chunks()
