"""Before computing: what is missing, by name, so that nobody is surprised by an incomplete composite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy.orm import Session

from lms.appraisal import evidence
from lms.appraisal.models import Cycle
from lms.appraisal.rules.comprehensive import PREFIX
from lms.appraisal.services.computing import scheme_of
from lms.scoring import Scheme
from lms.scoring.document import RESULT, Condition, Gate, GateMissing, GradeBand, ReferenceKind
from lms.scoring.formulas import with_formulas

EXAMPLES = 5


@dataclass(frozen=True)
class Gap:
    """A figure that some people lack; `what` is actual or target, `examples` are employee numbers."""

    code: str
    name_zh: str
    name_en: str
    what: str
    rating: bool
    people: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Completeness:
    """How complete the figures of a cycle are, people on leave for the whole period left aside."""

    people: int
    ready: int
    gaps: tuple[Gap, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.gaps


def completeness(session: Session, cycle: Cycle) -> Completeness:
    """Return which figures of the scheme are missing for how many people, as things stand now."""
    scheme = scheme_of(cycle)
    found = evidence.gather(session, cycle, scheme)
    people = [str(row["subject"]) for row in found.people.to_pylist() if not row["away"]]
    facts = _pairs(with_formulas(scheme, found.facts, found.targets), "value")
    targets = _pairs(found.targets, "target")
    gaps: list[Gap] = []
    lacking: set[str] = set()
    for one in _asked(scheme):
        known = targets if one.what == "target" else facts
        without = [number for number in people if (number, one.measure) not in known]
        lacking.update(without)
        if without:
            gaps.append(
                Gap(
                    code=one.code,
                    name_zh=one.name_zh,
                    name_en=one.name_en,
                    what=one.what,
                    rating=one.measure.startswith(PREFIX),
                    people=len(without),
                    examples=tuple(without[:EXAMPLES]),
                )
            )
    return Completeness(len(people), len(people) - len(lacking), tuple(gaps))


@dataclass(frozen=True)
class _Asked:
    """A figure that an indicator, a gate or a grade waits for."""

    code: str
    name_zh: str
    name_en: str
    measure: str
    what: str


def _asked(scheme: Scheme) -> Iterator[_Asked]:
    for _, line in scheme.indicators():
        yield _Asked(line.code, line.name_zh, line.name_en, line.measure, "actual")
        if line.reference.kind in (ReferenceKind.TARGET, ReferenceKind.TIME_ELAPSED):
            yield _Asked(line.code, line.name_zh, line.name_en, line.measure, "target")
        if line.reference.measure is not None:
            yield _Asked(line.code, line.name_zh, line.name_en, line.reference.measure, "actual")
    waiting: list[tuple[Gate | GradeBand, tuple[Condition, ...]]] = [
        *((gate, gate.conditions) for gate in scheme.gates),
        *((band, band.admission) for band in scheme.grades),
    ]
    for one, conditions in waiting:
        measures = dict.fromkeys(condition.measure for condition in conditions)
        if one.missing is GateMissing.PENDING:
            for measure in measures:
                if not measure.startswith(RESULT):
                    yield _Asked(one.code, one.name_zh, one.name_en, measure, "actual")


def _pairs(table: pa.Table, value: str) -> set[tuple[str, str]]:
    rows = table.to_pylist()
    return {(row["subject"], row["measure"]) for row in rows if row[value] is not None}
