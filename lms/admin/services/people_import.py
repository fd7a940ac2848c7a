"""Importing people: joiners, moves by effective date, leavers; nobody is ever deleted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.admin.rules import PEOPLE, KnownBank, KnownPerson, check_people
from lms.core.audit import Acting
from lms.core.errors import Problem
from lms.core.textfile import Column, Sheet
from lms.core.types import canonical_json
from lms.indicators.models import DataModel, ImportBatch, ImportUpload
from lms.indicators.services import Checked, ImportKind, Part, digest_of, register
from lms.people.models import Employee, Grade, Level, OrgUnit, Post, Posting, Sex
from lms.people.services import define_post, found_employees, hire, leave_bank, open_unit, post

_DAYS = ("hired_on", "day", "left_on")


class PeopleImporter:
    """One batch a file; its rows become postings through the verbs of people."""

    def columns(self, model: DataModel | None) -> Sequence[Column]:
        """Return the columns of every such file."""
        return PEOPLE

    def check(self, session: Session, upload: ImportUpload, sheet: Sheet) -> tuple[Checked, list[Problem]]:
        """Check rows against the people, units, posts and grades there are."""
        rows = sheet.table.to_pylist()
        checked = check_people(rows, known_bank(session))
        content = sorted(
            canonical_json({name: str(value) for name, value in row.items() if name != "line" and value})
            for row in rows
        )
        digest = hashlib.sha256("\n".join(content).encode()).hexdigest()
        table = pa.Table.from_pylist(checked.rows, schema=sheet.table.schema)
        return Checked(table, checked.problems, {"": digest}), []

    def parts(self, upload: ImportUpload, checked: Checked) -> list[Part]:
        """Return all rows as one part."""
        if not checked.rows.num_rows:
            return []
        return [Part(None, checked.rows, digest_of(upload, "", checked.digests[""]))]

    def write(self, upload: ImportUpload, part: Part) -> Part:
        """Nothing to write: people are rows."""
        return part

    def apply(self, session: Session, actor: Acting, batch: ImportBatch, part: Part) -> None:
        """Open units, hire, post and let go, in order of days."""
        rows = part.rows.to_pylist()
        units = _open_units(session, actor, rows)
        posts = _posts(session, rows)
        grades = _named(session, Grade)
        people = found_employees(session, [row["number"] for row in rows])
        for row in rows:
            person = people.get(row["number"])
            if person is None:
                sex = Sex(row["sex"] or "unsaid")
                person = people[row["number"]] = hire(
                    session, actor, number=row["number"], name=row["name"], hired_on=row["hired_on"], sex=sex
                )
            grade = grades[row["grade"]] if row["grade"] else None
            post(session, actor, person, units[row["unit"]], posts[row["post"]], row["day"], grade=grade)
            if row["left_on"] is not None:
                leave_bank(session, actor, person, row["left_on"])


def known_bank(session: Session) -> KnownBank:
    """Return what the checks of a people file need to know."""
    latest = dict(
        session.execute(
            select(Posting.employee_id, func.max(Posting.valid_from)).group_by(Posting.employee_id)
        ).all()
    )
    people = session.execute(
        select(Employee.id, Employee.number, Employee.name, Employee.hired_on, Employee.left_on)
    )
    units = session.execute(select(OrgUnit.code, OrgUnit.level))
    return KnownBank(
        people={
            number: KnownPerson(name, hired_on, left_on, latest.get(key))
            for key, number, name, hired_on, left_on in people
        },
        units={code: level.value for code, level in units},
        posts={name: one.code for name, one in _named(session, Post).items()},
        grades={name: one.code for name, one in _named(session, Grade).items()},
    )


def _named(session: Session, model: Any) -> dict[str, Any]:
    """Return posts or grades by code and by Chinese and English name; a code wins."""
    found = list(session.scalars(select(model).order_by(model.id)))
    return {
        name: one
        for attribute in ("name_en", "name_zh", "code")
        for one in found
        if (name := getattr(one, attribute))
    }


def _posts(session: Session, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    posts = _named(session, Post)
    for row in rows:
        if row["post"] not in posts:
            series = next(one["series"] for one in rows if one["post"] == row["post"] and one["series"])
            posts[row["post"]] = define_post(session, row["post"][:40], row["post"], series)
    return posts


def _open_units(session: Session, actor: Acting, rows: Sequence[Mapping[str, Any]]) -> dict[str, OrgUnit]:
    """Return all units by code, the new ones opened from the top, each on its first day in the file."""
    units = {unit.code: unit for unit in session.scalars(select(OrgUnit))}
    new: dict[str, Mapping[str, Any]] = {}
    first: dict[str, date] = {}
    for row in rows:
        first[row["unit"]] = min(first.get(row["unit"], row["day"]), row["day"])
        if row["unit"] not in units and row["unit_name"] and row["unit_level"]:
            new.setdefault(row["unit"], row)
    order = list(Level)
    for code, row in sorted(
        new.items(), key=lambda item: (order.index(Level(item[1]["unit_level"])), item[0])
    ):
        units[code] = open_unit(
            session,
            actor,
            code=code,
            name_zh=row["unit_name"],
            level=Level(row["unit_level"]),
            parent=units[row["parent"]] if row["parent"] else None,
            valid_from=first[code],
        )
    return units


register(ImportKind.PEOPLE, PeopleImporter())
