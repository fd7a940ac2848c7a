"""Checking a closed cycle: is what is stored still what follows from the frozen figures?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

import pyarrow as pa
import pyarrow.compute
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms import scoring
from lms.access.models import Proposal, ProposalState
from lms.appraisal.models import Adjustment, Appraisal, Cycle
from lms.appraisal.rules.totals import places_of
from lms.appraisal.services import frozen
from lms.appraisal.services.computing import Outcome, final_of, outcomes, scheme_of, scored
from lms.appraisal.services.rulebook import disowned, documents_of
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.types import canonical_json
from lms.people.models import Employee

# The stubs of pyarrow refuse a plain value beside a column, which its functions take.
pc: Any = pyarrow.compute

BLOCK = 500


@dataclass(frozen=True)
class Difference:
    """A stored value that is not the one it should be: whose, which, and both values as text."""

    number: str
    what: str
    stored: str
    expected: str


@dataclass(frozen=True)
class Verification:
    """What a check of a closed cycle found; all is well when nothing differs."""

    people: int
    damaged: tuple[str, ...]
    """What no longer has its hash: frozen tables by name, "inputs", "results" or "scheme" as a whole; else
    "parameters" with each unit whose document does not follow from the scheme and its parameters."""
    recomputed: str
    same_result: bool
    differences: tuple[Difference, ...]

    @property
    def differing(self) -> tuple[str, ...]:
        """The employee numbers of people of whom anything stored differs."""
        return tuple(dict.fromkeys(one.number for one in self.differences))

    @property
    def sound(self) -> bool:
        """Whether inputs, scheme, results and everything stored agree."""
        return not self.damaged and self.same_result and not self.differences


def verify(session: Session, cycle: Cycle) -> Verification:
    """Recompute a cycle from its frozen inputs and compare with everything stored; writes nothing to it.

    Raises:
        Refused: when it has not been computed.
    """
    if not cycle.frozen or not cycle.results:
        raise Refused(N_("该考核期尚未计算。"))
    damaged = frozen.damaged(cycle.frozen) + frozen.damaged(cycle.results) + _unlike_their_hash(cycle)
    damaged = damaged or _unlike_their_origin(cycle)
    if damaged:
        return Verification(0, tuple(damaged), "", same_result=False, differences=())
    again = scored(cycle)
    hashed = frozen.fingerprint(frozen.hashed(again))
    numbers = list(
        session.scalars(
            select(Employee.number)
            .join(Appraisal, Appraisal.employee_id == Employee.id)
            .where(Appraisal.cycle_id == cycle.id)
            .order_by(Employee.number)
        )
    )
    found: list[Difference] = []
    for at in range(0, len(numbers), BLOCK):
        found += _block(session, cycle, again, numbers[at : at + BLOCK])
    found += _misplaced(session, cycle)
    return Verification(len(numbers), (), hashed, hashed == cycle.result_sha256, tuple(found))


def _unlike_their_hash(cycle: Cycle) -> list[str]:
    """Which of inputs, results and scheme are not the ones their hash stands for."""
    pairs = {
        "inputs": (frozen.fingerprint(cycle.frozen or {}), cycle.inputs_sha256),
        "results": (frozen.fingerprint(cycle.results or {}), cycle.result_sha256),
        "scheme": (scoring.sha256(scheme_of(cycle)), cycle.scheme_version.sha256),
    }
    return [name for name, (now, then) in pairs.items() if now != then]


def _unlike_their_origin(cycle: Cycle) -> list[str]:
    """Of which units the frozen document is not the scheme version with the parameters that won there."""
    return [f"parameters {unit}" for unit in disowned(cycle)]


def _block(
    session: Session, cycle: Cycle, again: Mapping[str, pa.Table], numbers: Sequence[str]
) -> Iterator[Difference]:
    wanted = pa.array(numbers, pa.string())
    tables = {
        name: table.filter(pc.is_in(table["subject"], value_set=wanted)) for name, table in again.items()
    }
    stored = {
        number: appraisal
        for appraisal, number in session.execute(
            select(Appraisal, Employee.number)
            .join(Employee, Employee.id == Appraisal.employee_id)
            .where(Appraisal.cycle_id == cycle.id, Employee.number.in_(numbers))
            .options(selectinload(Appraisal.sections), selectinload(Appraisal.lines))
            .execution_options(populate_existing=True)
        )
    }
    signed = _signed(session, [appraisal.id for appraisal in stored.values()])
    schemes = documents_of(cycle, numbers)
    for number, outcome in outcomes(cycle, tables, numbers).items():
        appraisal = stored[number]
        yield from _person(schemes[number], number, appraisal, outcome, signed.get(appraisal.id, []))


def _signed(session: Session, ids: Sequence[int]) -> dict[int, list[tuple[Adjustment, Proposal]]]:
    """The adjustments of these appraisals, each with the proposal two people decided."""
    found: dict[int, list[tuple[Adjustment, Proposal]]] = {}
    rows = session.execute(
        select(Adjustment, Proposal)
        .join(Proposal, Proposal.id == Adjustment.proposal_id)
        .where(Adjustment.appraisal_id.in_(ids))
        .order_by(Adjustment.id)
    )
    for adjustment, proposal in rows:
        found.setdefault(adjustment.appraisal_id, []).append((adjustment, proposal))
    return found


def _person(
    scheme: scoring.Scheme,
    number: str,
    appraisal: Appraisal,
    outcome: Outcome,
    signed: Sequence[tuple[Adjustment, Proposal]],
) -> Iterator[Difference]:
    computed = {name: value for name, value in outcome.appraisal.items() if name != "rank"}
    yield from _compared(number, "", appraisal, computed)
    decided = Decimal(0)
    for adjustment, proposal in signed:
        approved = proposal.state is ProposalState.APPROVED and proposal.maker_id != proposal.checker_id
        points = Decimal(proposal.diff["points"]) if approved else Decimal(0)
        decided += points
        if adjustment.points != points:
            yield Difference(number, f"adjustment {adjustment.id}", str(adjustment.points), str(points))
    total, grade = final_of(scheme, outcome.appraisal, decided)
    yield from _compared(number, "", appraisal, {"final_total": total, "final_grade": grade})
    yield from _rows(number, "section", appraisal.sections, "code", outcome.sections)
    yield from _rows(number, "line", appraisal.lines, "indicator_code", outcome.lines)


def _rows(
    number: str, kind: str, stored: Iterable[Any], key: str, expected: Iterable[Mapping[str, Any]]
) -> Iterator[Difference]:
    """What differs in the sections or lines of a person, including those that are gone or too many."""
    left = {str(getattr(row, key)): row for row in stored}
    for values in expected:
        row = left.pop(str(values[key]), None)
        if row is None:
            yield Difference(number, f"{kind} {values[key]}", "gone", "there")
        else:
            yield from _compared(number, f"{kind} {values[key]} ", row, values)
    for code in left:
        yield Difference(number, f"{kind} {code}", "there", "none")


def _compared(number: str, where: str, row: Any, values: Mapping[str, Any]) -> Iterator[Difference]:
    for name, expected in values.items():
        stored = getattr(row, name)
        if isinstance(expected, list):
            if canonical_json(stored) != canonical_json(expected):
                yield Difference(number, f"{where}{name}", canonical_json(stored), canonical_json(expected))
        elif stored != expected:
            yield Difference(number, f"{where}{name}", _said(stored), _said(expected))


def _misplaced(session: Session, cycle: Cycle) -> Iterator[Difference]:
    """Who stands on another place than the final totals give."""
    known = session.execute(
        select(Appraisal.id, Appraisal.final_total, Appraisal.rank, Employee.number)
        .join(Employee, Employee.id == Appraisal.employee_id)
        .where(Appraisal.cycle_id == cycle.id)
        .order_by(Employee.number)
    ).all()
    places = places_of({one.id: one.final_total for one in known})
    for one in known:
        if one.rank != places.get(one.id):
            yield Difference(one.number, "rank", _said(one.rank), _said(places.get(one.id)))


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    return str(value.value if isinstance(value, Enum) else value)
