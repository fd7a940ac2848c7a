"""By which document each person of a cycle is scored: worked out when the figures are gathered, then frozen.

A cycle takes the parameters that hold on the last day of its period. Two tables are frozen beside the
figures: `documents` has every wording that is in use under its hash, `parameters` says for each unit which is
its own and where every parameter in it came from. What was frozen before there were parameters has neither,
and is scored by the scheme version alone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import scoring
from lms.appraisal.models import Appraisal, Cycle, SchemeParameter
from lms.appraisal.rules.levels import ParametersOf, Resolved, Row, resolved, winning
from lms.appraisal.services import frozen
from lms.appraisal.services.parameters import owner_code, rows_of
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.core.types import canonical_json
from lms.people.models import OrgUnit
from lms.people.services import chain_of, parents_on
from lms.scoring import frames
from lms.scoring.parameters import Value, apply, by_codes, parameters

DOCUMENTS = frames.schema_of(sha256=pa.string(), document=pa.string())
PARAMETERS = frames.schema_of(unit=pa.string(), document=pa.string(), origins=pa.string())
"""document: its hash. origins: JSON, a list of `Origin`, one for each parameter with rows."""

Data = dict[str, Any]


@dataclass(frozen=True)
class Shadowed:
    """A row that does not hold (a JSON object with the names of its unit), why, and the row it lost to."""

    row: Data
    why: str
    by: Data | None


@dataclass(frozen=True)
class Origin:
    """Where a parameter of a unit came from: the scheme's own value, the one that holds, and the rows.

    `winner` is None where the scheme's own value holds.
    """

    path: str
    own: Value
    value: Value
    winner: Data | None
    shadows: tuple[Shadowed, ...]


@dataclass(frozen=True)
class Rulebook:
    """The documents of a computed cycle: `units` names each unit's by its hash."""

    version: scoring.Scheme
    units: Mapping[str, str]
    documents: Mapping[str, scoring.Scheme]

    def of_unit(self, code: str) -> scoring.Scheme:
        """Return the document by which the people of a unit were scored."""
        return self.documents[self.units[code]] if code in self.units else self.version


# ---------------------------------------------------------------- working it out


def parameter_tables(session: Session, cycle: Cycle) -> dict[str, pa.Table]:
    """Return the two tables for the units of a cycle's people; reads only.

    Raises:
        Refused: when what is set for a unit gives no scheme, naming the unit and the first thing wrong.
    """
    day, version = Period.parse(cycle.period).last, cycle.scheme_version
    scheme = scoring.parse(version.document)
    rows, parents = rows_of(session, version.scheme_id), parents_on(session, day)
    owner, rows_told = owner_code(session, version.scheme), _told_rows(session, version.scheme_id, rows)
    made = _Made(scheme)
    lines = []
    for unit in _units(session, cycle):
        counted = cycle.org_unit.code if cycle.parameters_of is ParametersOf.CYCLE else unit
        origins, _ = resolved(scheme, rows, chain_of(parents, counted), day, owner)
        try:
            sha256 = made.by(winning(origins))
        except scoring.InvalidScheme as error:
            raise _unfit(scheme, counted, day, error) from error
        told = [asdict(one) for one in _origins(made.own, origins, rows_told)]
        lines.append({"unit": unit, "document": sha256, "origins": canonical_json(told)})
    texts = [{"sha256": sha256, "document": text} for sha256, text in sorted(made.documents.items())]
    return {
        "documents": pa.Table.from_pylist(texts, schema=DOCUMENTS),
        "parameters": pa.Table.from_pylist(lines, schema=PARAMETERS),
    }


def _units(session: Session, cycle: Cycle) -> list[str]:
    return list(
        session.scalars(
            select(OrgUnit.code)
            .join(Appraisal, Appraisal.org_unit_id == OrgUnit.id)
            .where(Appraisal.cycle_id == cycle.id)
            .distinct()
            .order_by(OrgUnit.code)
        )
    )


class _Made:
    """The documents made of a scheme so far: units with the same values share one."""

    def __init__(self, scheme: scoring.Scheme) -> None:
        self.scheme = scheme
        self.own = {one.path: one.value for one in parameters(scheme)}
        self.documents: dict[str, str] = {}
        self._known: dict[frozenset[tuple[str, Value]], str] = {}

    def by(self, values: Mapping[str, Value]) -> str:
        """Return the hash of the scheme with these values; raises InvalidScheme where it would be none."""
        key = frozenset(values.items())
        if key not in self._known:
            document = apply(self.scheme, values)
            self._known[key] = scoring.sha256(document)
            self.documents[self._known[key]] = scoring.canonical_json(document)
        return self._known[key]


def _unfit(scheme: scoring.Scheme, unit: str, day: date, error: scoring.InvalidScheme) -> Refused:
    one = error.problems[0]
    return Refused(
        N_("%(unit)s 的参数在 %(day)s 不能成为方案（%(place)s）：%(what)s。请先更正参数再计算。"),
        unit=unit,
        day=day.isoformat(),
        place=by_codes(scoring.to_dict(scheme), one.path),
        what=one.message % one.params,
    )


def _origins(
    own: Mapping[str, Value], origins: Mapping[str, Resolved], told: Mapping[int, Data]
) -> Iterator[Origin]:
    for path, one in origins.items():
        shadows = tuple(
            Shadowed(told[shadow.row.id], shadow.why.value, told[shadow.by.id] if shadow.by else None)
            for shadow in one.shadows
        )
        winner = one.winner
        value = own[path] if winner is None or winner.value is None else winner.value
        yield Origin(path, own[path], value, told[winner.id] if winner else None, shadows)


def _told_rows(session: Session, scheme_id: int, rows: Iterable[Row]) -> dict[int, Data]:
    """Rows as JSON objects that say everything a page tells of them, whatever becomes of the row."""
    by_id = {row.id: row for row in rows}
    found = session.execute(
        select(SchemeParameter, OrgUnit)
        .join(OrgUnit, OrgUnit.id == SchemeParameter.org_unit_id)
        .where(SchemeParameter.scheme_id == scheme_id, SchemeParameter.closed_at.is_(None))
    )
    return {
        stored.id: {
            "id": stored.id,
            "unit": unit.code,
            "unit_zh": unit.name_zh,
            "unit_en": unit.name_en or unit.name_zh,
            "value": stored.value,
            "below": stored.below.value,
            "low": by_id[stored.id].low,
            "high": by_id[stored.id].high,
            "way": stored.way.value,
            "priority": stored.priority,
            "first": stored.valid_from.isoformat(),
            "after": stored.valid_to.isoformat() if stored.valid_to else None,
            "reason": stored.reason,
            "set_by": stored.set_by,
        }
        for stored, unit in found
        if stored.id in by_id
    }


# ---------------------------------------------------------------- reading what is frozen


def rulebook(cycle: Cycle) -> Rulebook:
    """Return the documents of a computed cycle."""
    version = scoring.parse(cycle.scheme_version.document)
    kept: Mapping[str, Any] = cycle.frozen or {}
    if "documents" not in kept:
        return Rulebook(version, {}, {})
    units = {row["unit"]: row["document"] for row in frozen.table(kept, "parameters").to_pylist()}
    return Rulebook(version, units, _documents(kept["documents"]["sha256"]))


@lru_cache(maxsize=32)
def _documents(file_sha256: str) -> dict[str, scoring.Scheme]:
    """Read once: a file is known by what stands in it."""
    rows = frozen.table({"documents": {"sha256": file_sha256}}, "documents").to_pylist()
    return {row["sha256"]: scoring.parse(json.loads(row["document"])) for row in rows}


def units_of(cycle: Cycle, numbers: Collection[str]) -> dict[str, str]:
    """Return the unit of each of these people, as frozen."""
    rows = frozen.table(cycle.frozen or {}, "people", list(numbers)).to_pylist()
    return {row["subject"]: row["unit"] for row in rows}


def documents_of(cycle: Cycle, numbers: Collection[str]) -> dict[str, scoring.Scheme]:
    """Return by which document each of these people was scored; before a computation, the scheme version."""
    if not cycle.frozen:
        return dict.fromkeys(numbers, scoring.parse(cycle.scheme_version.document))
    book, units = rulebook(cycle), units_of(cycle, numbers)
    return {number: book.of_unit(units.get(number, "")) for number in numbers}


def document_of(appraisal: Appraisal) -> scoring.Scheme:
    """Return by which document somebody was scored."""
    number = appraisal.employee.number
    return documents_of(appraisal.cycle, [number])[number]


def frozen_origins(appraisal: Appraisal) -> tuple[Origin, ...]:
    """Return where the parameters of somebody's appraisal came from, as frozen; none before a computation."""
    kept: Mapping[str, Any] = appraisal.cycle.frozen or {}
    if "parameters" not in kept:
        return ()
    unit = units_of(appraisal.cycle, [appraisal.employee.number]).get(appraisal.employee.number)
    rows = [row for row in frozen.table(kept, "parameters").to_pylist() if row["unit"] == unit]
    return tuple(_read(one) for row in rows for one in json.loads(row["origins"]))


def _read(data: Data) -> Origin:
    shadows = tuple(Shadowed(**one) for one in data["shadows"])
    return Origin(data["path"], data["own"], data["value"], data["winner"], shadows)


def disowned(cycle: Cycle) -> list[str]:
    """Return the units whose frozen document is not what the scheme version and the frozen origins give."""
    kept: Mapping[str, Any] = cycle.frozen or {}
    if "parameters" not in kept:
        return []
    made, bad = _Made(scoring.parse(cycle.scheme_version.document)), []
    for row in frozen.table(kept, "parameters").to_pylist():
        origins = [_read(one) for one in json.loads(row["origins"])]
        if made.by({one.path: one.value for one in origins if one.winner is not None}) != row["document"]:
            bad.append(row["unit"])
    return bad
