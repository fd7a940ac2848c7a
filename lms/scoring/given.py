"""What is known person by person before anything is scored, and what the levels above ask for in between.

References, standings and peer groups of indicators; the figures of conditions; the cut-offs of grades.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lms.scoring import conditions, history, peers
from lms.scoring.columns import Floats, column_of, nulls
from lms.scoring.document import RESULT_INDICATOR, RESULT_SECTION, Indicator, Missing, Scheme
from lms.scoring.formulas import with_formulas
from lms.scoring.frames import FACTS, Column, pc, schema_of

BY_LINE = schema_of(
    subject=pa.string(),
    place=pa.int64(),
    standing=pa.float64(),
    given_reference=pa.float64(),
    previous_points=pa.float64(),
    peer_group=pa.string(),
)
"""A row for each person and each indicator (by its place) that asks for more than its figure and target."""


@dataclass(frozen=True, slots=True)
class Given:
    """Facts with those of formulas, targets, history, and what depends on others or on earlier periods."""

    subjects: Column
    facts: pa.Table
    targets: pa.Table
    history: pa.Table
    groups: pa.Table
    by_line: pa.Table


def gathered(
    scheme: Scheme,
    subjects: Column,
    facts: pa.Table,
    targets: pa.Table,
    past: pa.Table,
    groups: pa.Table,
    elapsed: float,
) -> Given:
    """Everything of this kind for the subjects.

    Raises InvalidFrame when a formula gives too large a number.
    """
    names = subjects.combine_chunks()
    facts = with_formulas(scheme, facts, targets)
    past = history.with_past_formulas(scheme, past)
    parts = [BY_LINE.empty_table()]
    for place, (_, line) in enumerate(scheme.indicators()):
        if _looks_around(line):
            among = peers.groups_of(groups, line.peers, names)
            values = column_of(facts, line.measure, "value", names)
            reference = history.reference(line, facts, targets, past, names, elapsed)
            parts.append(
                pa.table(
                    [
                        names,
                        pa.array(np.full(len(names), place, np.int64)),
                        nulls(_standing(line, values, among)),
                        nulls(_reference(line, values, among) if reference is None else reference),
                        nulls(_previous(line, past, names)),
                        among,
                    ],
                    schema=BY_LINE,
                )
            )
    return Given(names, facts, targets, past, groups, pa.concat_tables(parts).combine_chunks())


def with_conditions(
    scheme: Scheme, people: pa.Table, given: Given, lines: pa.Table, sections: pa.Table
) -> pa.Table:
    """The people with what each condition tests: `gate_k_n` and `admission_k_n`, null where it is unknown."""
    facts = pa.concat_tables([given.facts, *_results(scheme, lines, sections)])
    named = [
        *((f"gate_{k}", gate.conditions) for k, gate in enumerate(scheme.gates)),
        *((f"admission_{k}", band.admission) for k, band in enumerate(scheme.grades)),
    ]
    for name, asked in named:
        for number, condition in enumerate(asked):
            values = conditions.values(scheme, condition, facts, given.history, given.subjects)
            people = people.append_column(f"{name}_{number}", nulls(values))
    return people


def with_cut_offs(scheme: Scheme, totals: pa.Table, given: Given) -> pa.Table:
    """The totals with `cut_off_i` for each grade of a quota: whole units, null where no total is enough."""
    if not any(band.top is not None for band in scheme.grades):
        return totals
    groups = peers.groups_of(given.groups, scheme.grade_peers, totals["subject"].combine_chunks())
    units = totals["total_units"].to_pylist()
    for index, band in enumerate(scheme.grades):
        if band.top is not None:
            cut_offs = peers.cut_offs(units, band.top, scheme.quota, groups)
            totals = totals.append_column(f"cut_off_{index}", pa.array(cut_offs, pa.int64()))
    return totals


def _looks_around(line: Indicator) -> bool:
    """Whether an indicator asks for more than its figure and target."""
    policies = {Missing.PREVIOUS, Missing.PEER_MEAN} & set(line.policies)
    return line.position.among_peers or line.reference.given or bool(policies)


def _standing(line: Indicator, values: Floats, groups: Column) -> Floats:
    if line.position.among_peers:
        return peers.standing(line, values, groups)
    return np.full(len(values), np.nan)


def _reference(line: Indicator, values: Floats, groups: Column) -> Floats:
    if line.reference.kind.of_peers:
        return peers.reference(line, values, groups)
    return np.full(len(values), np.nan)


def _previous(line: Indicator, past: pa.Table, subjects: Column) -> Floats:
    if Missing.PREVIOUS in line.policies:
        return history.previous_points(line, past, subjects)
    return np.full(len(subjects), np.nan)


def _results(scheme: Scheme, lines: pa.Table, sections: pa.Table) -> list[pa.Table]:
    """The points of sections and indicators as measures, those that a condition asks for."""
    asked = scheme.asked()
    parts = []
    for table, prefix, name, places in (
        (sections, RESULT_SECTION, "section", scheme.places.section),
        (lines, RESULT_INDICATOR, "indicator", scheme.places.item),
    ):
        for measure in sorted(one for one in asked if one.startswith(prefix)):
            rows = table.filter(pc.equal(table[name], measure.removeprefix(prefix)))
            codes = pa.array([measure] * rows.num_rows, pa.string())
            points = pc.divide(pc.cast(rows["point_units"], pa.float64()), 10.0**places)
            parts.append(pa.table([rows["subject"], codes, points], schema=FACTS))
    return parts
