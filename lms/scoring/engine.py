"""Score a scheme: Arrow tables in, Arrow tables out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import narwhals as nw
import pyarrow as pa

from lms.scoring import frames, given, peers, rules, trace
from lms.scoring.checks import WEIGHT_UNITS
from lms.scoring.document import GateMissing, Missing, Scheme
from lms.scoring.frames import Backend, Column, Frame, Lift, in_memory, pc
from lms.scoring.given import Given
from lms.scoring.history import HISTORY
from lms.scoring.rules import col
from lms.scoring.tables import factors, line_table, pieces, section_table, with_nulls

LINE_ORDER = ["subject", "place"]
# From so many lines on, starting an embedded database is repaid by its speed.
MANY_LINES = 50_000


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
    backend: Backend | None = None,
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
    * backend: arrow, duckdb and pandas give the same bytes; polars, if installed, the same points and grades,
      figures to the last bit or so. By default arrow for a few people and duckdb for many.
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
    # Each level is brought into memory once: the next level and the trace read what was computed. From the
    # sections on there is one row a person or a few, and no engine is needed.
    with frames.lifter(backend or _engine_for(scheme, people)) as lift:
        lines = _settle(_lines(scheme, lift, people, known, own), LINE_ORDER, trace.line_columns(scheme))
        sections = _settle(_sections(scheme, lift, lines), LINE_ORDER)
    tested = given.with_conditions(scheme, people, known, lines, sections)
    totals = _settle(_totals(scheme, tested, sections), ["subject"])
    totals = _ranked(
        _settle(rules.grade(in_memory(given.with_cut_offs(scheme, totals, known)), scheme), ["subject"])
    )
    return Result(
        lines=_show_lines(scheme, lines),
        sections=_show_sections(scheme, sections),
        totals=_show_totals(scheme, totals, lines, sections),
        trace=trace.rows(scheme, lines, sections, totals) if traced else trace.none(),
    )


def _engine_for(scheme: Scheme, people: pa.Table) -> Backend:
    return "duckdb" if people.num_rows * len(scheme.indicators()) >= MANY_LINES else "arrow"


def _settle(frame: Frame, order: list[str], columns: Collection[str] = ()) -> pa.Table:
    """The frame's rows in memory, ordered, with Arrow's plain string type whatever the engine used.

    Only the columns asked for, or all of them.
    """
    wanted = frame.select(*columns) if columns else frame
    table: pa.Table = wanted.collect("pyarrow").to_native()
    fields = [
        pa.field(f.name, pa.string() if pa.types.is_large_string(f.type) else f.type) for f in table.schema
    ]
    table = table.cast(pa.schema(fields)).replace_schema_metadata(None)
    return table.sort_by([(name, "ascending") for name in order]).combine_chunks()


def _lines(scheme: Scheme, lift: Lift, people: pa.Table, known: Given, own: pa.Table) -> Frame:
    """Every indicator of every person. What no rule of the scheme asks for is left out of the work."""
    places, policies = scheme.places.item, _policies(scheme)
    frame = (
        lift(people)
        .join(lift(line_table(scheme)), how="cross")
        .join(lift(known.facts).rename({"value": "actual"}), on=["subject", "measure"], how="left")
        .join(lift(known.targets), on=["subject", "measure"], how="left")
    )
    frame = _surroundings(frame, lift, known.by_line)
    for k in range(factors(scheme)):
        frame = _factor(frame, lift, own, k)
    frame = rules.position(rules.lack(rules.reference(frame)))
    frame = rules.curve(rules.step(frame), pieces(scheme))
    frame = rules.adjust(frame, scheme.bound_stage, factors(scheme))
    frame = rules.line_points(frame, places, averaged=Missing.PEER_MEAN in policies)
    if Missing.MOVE in policies:
        frame = rules.moved_weights(frame)
    return rules.line_weights(frame, places, shifted=bool({Missing.MOVE, Missing.EXCLUDE} & policies))


def _policies(scheme: Scheme) -> set[Missing | None]:
    return {policy for _, line in scheme.indicators() for policy in line.policies}


def _surroundings(frame: Frame, lift: Lift, by_line: pa.Table) -> Frame:
    """What depends on other people and other periods: `standing`, `given_reference`, `previous_points`, …"""
    if by_line.num_rows:
        frame = frame.join(lift(by_line), on=["subject", "place"], how="left")
        return frame.with_columns(peer_group=nw.coalesce(col("peer_group"), nw.lit("")))
    return frame.with_columns(
        standing=col("no_number"),
        given_reference=col("no_number"),
        previous_points=col("no_number"),
        peer_group=nw.lit(""),
    )


def _factor(frame: Frame, lift: Lift, own: pa.Table, k: int) -> Frame:
    """`factor_k`: the subject's own coefficient, else the scheme's; its source goes with it."""
    if not own.num_rows:
        return frame.with_columns(col(f"factor_value_{k}").alias(f"factor_{k}"))
    mine = (
        lift(own)
        .filter(~col("value").is_null())
        .select(
            "subject",
            "indicator",
            col("name").alias(f"factor_name_{k}"),
            col("value").alias("own_value"),
            col("source").alias("own_source"),
        )
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


def _totals(scheme: Scheme, people: pa.Table, sections: pa.Table) -> Frame:
    places = scheme.places
    frame = rules.totals(in_memory(sections), len(scheme.sections), places.section, places.total)
    frame = in_memory(with_nulls(people)).join(frame, on="subject", how="left")
    frame = rules.gate_flags(frame, scheme)
    return rules.gate_list(rules.gated_total(frame, scheme.gates, places.total), scheme.gates)


def _ranked(totals: pa.Table) -> pa.Table:
    """`rank` among those with a total: 1 is best, equal totals share the better rank."""
    units = totals["total_units"]
    ranks = pc.cast(pc.rank(units, sort_keys="descending", tiebreaker="min"), pa.int64())
    return totals.append_column("rank", pc.if_else(pc.is_valid(units), ranks, None))


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
            "rank": totals["rank"],
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
