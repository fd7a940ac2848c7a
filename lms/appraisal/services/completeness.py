"""Before computing: what is missing, by name, so that nobody is surprised by an incomplete composite."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy.orm import Session

from lms.appraisal import evidence
from lms.appraisal.models import Cycle
from lms.appraisal.rules.comprehensive import PREFIX
from lms.appraisal.services.computing import scheme_of
from lms.scoring.document import ReferenceKind

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
    facts = _pairs(found.facts, "value")
    targets = _pairs(found.targets, "target")
    gaps: list[Gap] = []
    lacking: set[str] = set()
    for _, line in scheme.indicators():
        asked = [("actual", facts)]
        if line.reference.kind is ReferenceKind.TARGET:
            asked.append(("target", targets))
        for what, known in asked:
            without = [number for number in people if (number, line.measure) not in known]
            lacking.update(without)
            if without:
                gaps.append(
                    Gap(
                        code=line.code,
                        name_zh=line.name_zh,
                        name_en=line.name_en,
                        what=what,
                        rating=line.measure.startswith(PREFIX),
                        people=len(without),
                        examples=tuple(without[:EXAMPLES]),
                    )
                )
    return Completeness(len(people), len(people) - len(lacking), tuple(gaps))


def _pairs(table: pa.Table, value: str) -> set[tuple[str, str]]:
    rows = table.to_pylist()
    return {(row["subject"], row["measure"]) for row in rows if row[value] is not None}
