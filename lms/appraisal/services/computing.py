"""Computing a cycle: gather and freeze, score what is frozen, store by person, close.

Every step can be repeated: files are kept by content, rows are replaced by (cycle, person).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from lms import scoring
from lms.appraisal import evidence
from lms.appraisal.models import (
    Adjustment,
    Appraisal,
    AppraisalState,
    Cycle,
    CycleState,
    Line,
    LineState,
    Section,
)
from lms.appraisal.rules.around import NAMES, arguments
from lms.appraisal.rules.totals import final_grade, flag_of, places_of
from lms.appraisal.services import frozen, surroundings
from lms.appraisal.services.cycles import sync_members
from lms.appraisal.services.rulebook import documents_of, parameter_tables, rulebook
from lms.core import clock, jobs
from lms.core.audit import Acting, record
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.jobs import Job
from lms.people.models import Employee

# The stubs of pyarrow refuse a plain value beside a column, which its functions take.
pc: Any = pyarrow.compute

KIND = "appraisal.compute"
CHUNK = 100
RESULTS = ("lines", "sections", "totals", "trace")

Row = dict[str, Any]


def start_compute(session: Session, actor: Acting, cycle: Cycle, *, now: datetime) -> Job:
    """Ask for a cycle to be computed by the worker.

    Raises:
        Refused: when it is published, or a computation of it is under way.
    """
    _refuse_published(cycle)
    if cycle.job_id is not None:
        last = session.get(Job, cycle.job_id)
        if last is not None and not last.state.over:
            raise Refused(N_("该考核期正在计算。"))
    sync_members(session, cycle)
    job = jobs.enqueue(session, KIND, {"cycle_id": cycle.id}, actor, now=now, label=N_("计算考核"))
    cycle.job_id = job.id
    session.flush()
    record(session, actor, "appraisal:cycle:compute", f"cycle:{cycle.id}", job=job.id)
    return job


def run_cycle(session: Session, cycle: Cycle, actor: Acting, now: datetime) -> str:
    """Compute a cycle here and now, without a job; return the hash of the result."""
    _refuse_published(cycle)
    sync_members(session, cycle)
    freeze(session, cycle, frozen.keep(gather(session, cycle)), now=now)
    keep_results(session, cycle, frozen.keep(scored(cycle)), now=now)
    for chunk in range(chunks(session, cycle.id)):
        store(session, cycle, chunk)
    close(session, actor, cycle, now=now)
    return str(cycle.result_sha256)


def scheme_of(cycle: Cycle) -> scoring.Scheme:
    """Return the scheme a cycle is computed under, before any parameter is set in it."""
    return scoring.parse(cycle.scheme_version.document)


def gather(session: Session, cycle: Cycle) -> dict[str, pa.Table]:
    """Return all inputs of a cycle by table, with the documents by which people are scored; reads only."""
    scheme = scheme_of(cycle)
    own = evidence.gather(session, cycle, scheme).tables()
    around = surroundings.tables(session, cycle, scheme, clock.today())
    return own | around | parameter_tables(session, cycle)


def freeze(session: Session, cycle: Cycle, kept: frozen.Kept, *, now: datetime) -> None:
    """Make kept inputs those of the cycle."""
    _refuse_published(cycle)
    cycle.frozen = frozen.add_rows(session, kept, f"{cycle.code}-inputs", now=now)
    cycle.inputs_sha256 = frozen.fingerprint(kept)
    session.flush()


def scored(cycle: Cycle) -> dict[str, pa.Table]:
    """Return the results of the frozen inputs by table; the same inputs give the same rows, in order.

    Somebody on leave for the whole period is not scored. For somebody on leave for a part of it a missing
    figure is never counted as zero, whatever the scheme says: the composite waits instead. Where units have
    documents of their own, everybody is scored under each, so that all stay each other's peers, and keeps the
    result under the own; the places are those among all.
    """
    kept: Mapping[str, Any] = cycle.frozen or {}
    book = rulebook(cycle)
    people = frozen.table(kept, "people").to_pylist()
    facts, targets = frozen.table(kept, "facts"), frozen.table(kept, "targets")
    present = [str(row["subject"]) for row in people if not row["away"]]
    absent = {str(row["subject"]) for row in people if row["leave_days"] and not row["away"]}
    around = arguments({name: frozen.table(kept, name) for name in NAMES if name in kept})
    under: dict[str, list[str]] = defaultdict(list)
    for row in people:
        under[book.units.get(row["unit"], "")].append(str(row["subject"]))
    parts = []
    for sha256 in sorted(under):
        result = scoring.score(
            book.documents.get(sha256, book.version),
            facts,
            targets,
            **around,
            subjects=present,
            waits=absent,
        )
        parts.append(({name: getattr(result, name) for name in RESULTS}, under[sha256]))
    return parts[0][0] if len(parts) == 1 else _together(parts)


def _together(parts: Sequence[tuple[Mapping[str, pa.Table], Sequence[str]]]) -> dict[str, pa.Table]:
    """The rows of several runs, of each its own people's, ordered by subject, with places among all."""
    tables = {}
    for name in RESULTS:
        whole = pa.concat_tables(
            table[name].filter(pc.is_in(table[name]["subject"], value_set=pa.array(own, pa.string())))
            for table, own in parts
        )
        numbered = whole.append_column("at", pa.array(range(whole.num_rows), pa.int64()))
        order = numbered.sort_by([("subject", "ascending"), ("at", "ascending")])
        tables[name] = order.drop_columns("at").combine_chunks()
    totals = tables["totals"]
    places = places_of(dict(enumerate(totals["total"].to_pylist())))
    column = totals.schema.get_field_index("rank")
    ranks = pa.array([places.get(at) for at in range(totals.num_rows)], totals.schema.field(column).type)
    tables["totals"] = totals.set_column(column, totals.schema.field(column), ranks)
    return tables


def keep_results(session: Session, cycle: Cycle, kept: frozen.Kept, *, now: datetime) -> None:
    """Make kept results those of the cycle."""
    _refuse_published(cycle)
    cycle.results = frozen.add_rows(session, kept, f"{cycle.code}-results", now=now)
    cycle.result_sha256 = frozen.fingerprint(kept)
    session.flush()


def chunks(session: Session, cycle_id: int) -> int:
    """Return in how many parts the people of a cycle are stored."""
    people = session.scalar(select(func.count()).where(Appraisal.cycle_id == cycle_id)) or 0
    return -(-people // CHUNK)


def store(session: Session, cycle: Cycle, chunk: int) -> int:
    """Write the results of the people of one part into their appraisals; return how many people."""
    _refuse_published(cycle)
    rows = session.execute(
        select(Appraisal, Employee.number)
        .join(Employee, Employee.id == Appraisal.employee_id)
        .where(Appraisal.cycle_id == cycle.id)
        .order_by(Employee.number)
        .offset(chunk * CHUNK)
        .limit(CHUNK)
    )
    appraisals: dict[str, Appraisal] = {number: appraisal for appraisal, number in rows}
    _replace(session, cycle, appraisals)
    return len(appraisals)


def close(session: Session, actor: Acting, cycle: Cycle, *, now: datetime) -> None:
    """Mark a cycle as computed."""
    _refuse_published(cycle)
    place(session, cycle.id)
    cycle.state, cycle.computed_at = CycleState.COMPUTED, now
    session.flush()
    record(
        session,
        actor,
        "appraisal:cycle:computed",
        f"cycle:{cycle.id}",
        inputs=cycle.inputs_sha256,
        result=cycle.result_sha256,
    )


@dataclass(frozen=True)
class Outcome:
    """What the engine gave one person, as columns of the appraisal and of its sections and lines."""

    appraisal: Row
    sections: tuple[Row, ...]
    lines: tuple[Row, ...]


def outcomes(cycle: Cycle, tables: Mapping[str, pa.Table], numbers: Sequence[str]) -> dict[str, Outcome]:
    """Return the outcomes of people by employee number, from tables that hold their results."""
    schemes = documents_of(cycle, numbers)
    steps = _steps(tables["trace"])
    flags = _flags(cycle, sorted(numbers))
    totals = {row["subject"]: row for row in tables["totals"].to_pylist()}
    sections, lines = defaultdict(list), defaultdict(list)
    for row in tables["sections"].to_pylist():
        sections[row["subject"]].append(_section_row(schemes[row["subject"]], row, steps))
    for row in tables["lines"].to_pylist():
        lines[row["subject"]].append(_line_row(schemes[row["subject"]], row, steps, flags))
    return {
        number: Outcome(
            _total_row(totals.get(number), steps.get((number, None, None), [])),
            tuple(sections[number]),
            tuple(lines[number]),
        )
        for number in numbers
    }


def final_of(
    scheme: scoring.Scheme, given: Mapping[str, Any], change: Decimal
) -> tuple[Decimal | None, str | None]:
    """Return the final total and grade of what the engine gave and the sum of its adjustments."""
    total = given["total"]
    if total is None or not change:
        return total, given["grade"]
    return total + change, final_grade(scheme, total + change, given["gates"], given["trace"])


def place(session: Session, cycle_id: int) -> None:
    """Give everybody with a final total the place by it: 1 is best, equal totals share the better place."""
    known = session.execute(
        select(Appraisal.id, Appraisal.final_total, Appraisal.rank).where(Appraisal.cycle_id == cycle_id)
    ).all()
    places = places_of({one.id: one.final_total for one in known})
    moved = [{"id": one.id, "rank": places.get(one.id)} for one in known if places.get(one.id) != one.rank]
    if moved:
        session.execute(update(Appraisal), moved)


def _replace(session: Session, cycle: Cycle, appraisals: Mapping[str, Appraisal]) -> None:
    schemes = documents_of(cycle, list(appraisals))
    ids = [appraisal.id for appraisal in appraisals.values()]
    session.execute(delete(Line).where(Line.appraisal_id.in_(ids)))
    session.execute(delete(Section).where(Section.appraisal_id.in_(ids)))
    tables = {name: frozen.table(cycle.results or {}, name, sorted(appraisals)) for name in RESULTS}
    changes = adjusted(session, ids)
    sections: list[Row] = []
    lines: list[Row] = []
    for number, outcome in outcomes(cycle, tables, list(appraisals)).items():
        appraisal = appraisals[number]
        for name, value in outcome.appraisal.items():
            setattr(appraisal, name, value)
        appraisal.final_total, appraisal.final_grade = final_of(
            schemes[number], outcome.appraisal, changes.get(appraisal.id, Decimal(0))
        )
        sections += [{"appraisal_id": appraisal.id, **row} for row in outcome.sections]
        lines += [{"appraisal_id": appraisal.id, **row} for row in outcome.lines]
    if sections:
        session.execute(insert(Section), sections)
    if lines:
        session.execute(insert(Line), lines)
    session.flush()
    session.expire_all()


def _total_row(row: Row | None, steps: Sequence[Row]) -> Row:
    """The columns of an appraisal; who is not among the results was on leave for the whole period."""
    if row is None:
        nothing = dict.fromkeys(("total", "before_gates", "grade", "rank"))
        return {"state": AppraisalState.ON_LEAVE, **nothing, "gates": [], "missing": [], "trace": []}
    complete = row["state"] == "complete"
    return {
        "state": AppraisalState.COMPLETE if complete else AppraisalState.INCOMPLETE,
        "total": row["total"],
        "before_gates": row["total_before_gates"],
        "grade": row["grade"],
        "rank": row["rank"],
        "gates": row["gates"].split(",") if row["gates"] else [],
        "missing": row["missing"].split(",") if row["missing"] else [],
        "trace": list(steps),
    }


def adjusted(session: Session, ids: Sequence[int]) -> dict[int, Decimal]:
    """Return the sum of the signed adjustments of each appraisal that has any."""
    sums: dict[int, Decimal] = defaultdict(Decimal)
    rows = session.execute(
        select(Adjustment.appraisal_id, Adjustment.points).where(Adjustment.appraisal_id.in_(ids))
    )
    for appraisal_id, points in rows:
        sums[appraisal_id] += points
    return sums


def _section_row(scheme: scoring.Scheme, row: Row, steps: Mapping[Any, list[Row]]) -> Row:
    at, section = next((n, s) for n, s in enumerate(scheme.sections) if s.code == row["section"])
    return {
        "place": at,
        "code": section.code,
        "name_zh": section.name_zh,
        "name_en": section.name_en or None,
        "weight": exact(row["weight"]),
        "points": row["points"],
        "contribution": row["contribution"],
        "complete": row["state"] == "complete",
        "trace": steps.get((row["subject"], section.code, None), []),
    }


def _line_row(
    scheme: scoring.Scheme,
    row: Row,
    steps: Mapping[Any, list[Row]],
    flags: Mapping[tuple[str, str], str],
) -> Row:
    at, section, line = next(
        (n, s, i) for n, (s, i) in enumerate(scheme.indicators()) if i.code == row["indicator"]
    )
    return {
        "place": at,
        "section": section.code,
        "indicator_code": line.code,
        "measure": line.measure,
        "name_zh": line.name_zh,
        "name_en": line.name_en or None,
        "unit": line.unit,
        "position_kind": line.position.value,
        "target": exact(row["target"]),
        "actual": exact(row["actual"]),
        "standing": exact(row["position"]),
        "points": row["points"],
        "coefficient": exact(row["coefficient"]),
        "weight": exact(row["weight"]),
        "effective_weight": exact(row["effective_weight"]),
        "contribution": row["contribution"],
        "state": LineState(row["state"]),
        "flag": flags.get((row["subject"], line.measure), ""),
        "trace": steps.get((row["subject"], section.code, line.code), []),
    }


def _steps(trace: pa.Table) -> dict[tuple[str, str | None, str | None], list[Row]]:
    """Trace rows by subject, section and indicator."""
    found: dict[tuple[str, str | None, str | None], list[Row]] = defaultdict(list)
    for row in trace.to_pylist():
        key = (row["subject"], row["section"], row["indicator"])
        found[key].append({"step": row["step"], "value": row["value"], "detail": row["detail"]})
    return found


def _flags(cycle: Cycle, subjects: list[str]) -> dict[tuple[str, str], str]:
    """How certain each figure is: the least certain of its source rows."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in frozen.table(cycle.frozen or {}, "sources", subjects).to_pylist():
        if row["flag"]:
            found[row["subject"], row["measure"]].append(row["flag"])
    return {key: flag_of(flags) for key, flags in found.items()}


def exact(value: float | None) -> Decimal | None:
    """Return a figure of the engine as a Decimal with six places, as it would be written down."""
    return None if value is None else Decimal(repr(round(value, 6)))


def _refuse_published(cycle: Cycle) -> None:
    if cycle.state is CycleState.PUBLISHED:
        raise Refused(N_("考核结果已公布，不能重新计算。"))
