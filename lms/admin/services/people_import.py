"""Importing people and units: what a file would do is planned first; then the verbs of people do it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from lms.access.actions import Action
from lms.access.models import Account, Proposal
from lms.access.services import Person, on_approval, propose
from lms.admin.rules import (
    PEOPLE,
    UNITS,
    Asked,
    KnownBank,
    KnownPerson,
    PeoplePlan,
    PersonAct,
    PersonChange,
    Stay,
    UnitAct,
    UnitChange,
    UnitPlan,
    plan_people,
    plan_units,
)
from lms.core import files
from lms.core.audit import SYSTEM, Acting, Actor
from lms.core.clock import local_day
from lms.core.errors import NotFound, Problem, Refused, Rejected
from lms.core.i18n import N_
from lms.core.jobs import Job
from lms.core.textfile import Column, Layout, Sheet, read
from lms.indicators.models import DataModel, ImportBatch, ImportUpload
from lms.indicators.services import (
    Checked,
    ImportKind,
    Part,
    Policy,
    UploadDraft,
    digest_of,
    hold,
    options_of,
    register,
    run_import,
    start,
)
from lms.people.models import Employee, Employment, Grade, Level, OrgUnit, Post, Posting, Sex
from lms.people.services import (
    Tree,
    close_unit,
    come_back,
    correct_unit,
    define_post,
    found_employees,
    hire,
    leave_bank,
    merge_unit,
    move_unit,
    open_unit,
    post,
    tree_of,
)

SECOND_PERSON_OVER = 50
"""An import that touches more people than this waits for a second person."""

CHANGED = N_("查看之后人员或机构有变动，请重新查看后再导入。")


class Plan(Protocol):
    """What plans of people and of units have in common."""

    @property
    def counts(self) -> dict[str, int]: ...
    @property
    def digest(self) -> str: ...
    @property
    def rows(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def problems(self) -> Sequence[Problem]: ...


def _refusals(plan: Plan, asked: Asked, *, bad: bool) -> list[Problem]:
    """Return why a file as a whole cannot be taken over, given what was agreed to."""
    found = []
    if asked.plan is not None and asked.plan != plan.digest:
        found.append(Problem(CHANGED))
    if not isinstance(plan, PeoplePlan) or not asked.full or asked.leavers is None:
        return found
    if bad:
        found.append(Problem(N_("文件有错误行，不能据此办理未列人员的离职；请先改正。")))
    if len(plan.absent) > asked.leavers:
        message = N_("文件中未列的在职人员有 %(count)s 人，多于同意办理离职的 %(agreed)s 人。")
        found.append(Problem(message, {"count": len(plan.absent), "agreed": asked.leavers}))
    return found


class RosterImporter:
    """One batch a file; its rows become acts of people through their verbs."""

    titles: Sequence[Column]

    def columns(self, model: DataModel | None) -> Sequence[Column]:
        """Return the columns of every such file."""
        return self.titles

    def plan(self, session: Session, rows: Sequence[Mapping[str, Any]], asked: Asked) -> Plan:
        """Return what rows would do."""
        raise NotImplementedError

    def carry_out(self, session: Session, actor: Acting, plan: Any, asked: Asked) -> None:
        """Do what a plan says."""
        raise NotImplementedError

    def check(self, session: Session, upload: ImportUpload, sheet: Sheet) -> tuple[Checked, list[Problem]]:
        """Plan the rows against the bank as it stands."""
        asked = Asked.of(upload.extra)
        plan = self.plan(session, sheet.table.to_pylist(), asked)
        whole = _refusals(plan, asked, bad=bool(plan.problems or sheet.problems))
        schema = sheet.table.schema
        rows = [{name: row[name] for name in schema.names} for row in plan.rows]
        # Every upload is a batch of its own: the same roster may be needed again after other changes.
        digests = {"": f"upload:{upload.id}"}
        return Checked(pa.Table.from_pylist(rows, schema=schema), list(plan.problems), digests), whole

    def parts(self, upload: ImportUpload, checked: Checked) -> list[Part]:
        """Return all rows as one part."""
        rows = checked.rows
        if not rows.num_rows:
            return []
        return [Part(None, rows, digest_of(upload, "", checked.digests[""]))]

    def write(self, upload: ImportUpload, part: Part) -> Part:
        """Nothing to write: people and units are rows."""
        return part

    def apply(self, session: Session, actor: Acting, batch: ImportBatch, part: Part) -> None:
        """Do what the rows say, and keep how much it was."""
        upload = batch.upload
        asked = Asked.of(upload.extra)
        plan = self.plan(session, part.rows.to_pylist(), asked)
        if plan.problems:
            raise Rejected(plan.problems)
        agreed_whole = asked.plan is not None and (not asked.full or asked.leavers is not None)
        if agreed_whole and asked.plan != plan.digest:
            raise Refused(CHANGED)
        self.carry_out(session, actor, plan, asked)
        upload.extra = {**upload.extra, "done": plan.counts}


class PeopleImporter(RosterImporter):
    """Hires, posts, lets go and takes back."""

    titles: Sequence[Column] = PEOPLE

    def plan(self, session: Session, rows: Sequence[Mapping[str, Any]], asked: Asked) -> PeoplePlan:
        """Return what rows would do to people."""
        return plan_people(rows, known_bank(session), asked)

    def carry_out(self, session: Session, actor: Acting, plan: Any, asked: Asked) -> None:
        """Open new units and posts, then act on people in order of days; absent ones go when agreed."""
        tree = tree_of(session)
        units = {unit.code: unit for unit in session.scalars(select(OrgUnit))}
        for new in plan.units:
            units[new.code] = open_unit(
                session,
                actor,
                code=new.code,
                name_zh=new.name,
                level=Level(new.level),
                parent=units[new.parent] if new.parent else None,
                valid_from=new.day,
                tree=tree,
            )
        for name, series in plan.posts.items():
            define_post(session, name[:40], name, series)
        changes = [*plan.changes, *(plan.absent if asked.leavers is not None else ())]
        posts, grades = _named(session, Post), _named(session, Grade)
        people = found_employees(session, [change.number for change in changes])
        for change in changes:
            if change.act is PersonAct.JOIN:
                assert change.hired_on is not None
                sex = Sex(change.sex or "unsaid")
                people[change.number] = hire(
                    session, actor, number=change.number, name=change.name, hired_on=change.hired_on, sex=sex
                )
            _act(session, actor, people[change.number], change, units, posts, grades, tree)


def _act(
    session: Session,
    actor: Acting,
    person: Employee,
    change: PersonChange,
    units: Mapping[str, OrgUnit],
    posts: Mapping[str, Post],
    grades: Mapping[str, Grade],
    tree: Tree,
) -> None:
    if change.act is PersonAct.LEAVE:
        leave_bank(session, actor, person, change.day)
        return
    assert change.after is not None
    unit, held = units[change.after.unit], posts[change.after.post]
    grade = grades[change.after.grade] if change.after.grade else None
    verb = come_back if change.act is PersonAct.RETURN else post
    verb(session, actor, person, unit, held, change.day, grade=grade, tree=tree)


class UnitImporter(RosterImporter):
    """Opens, moves, renames, closes and merges units."""

    titles: Sequence[Column] = UNITS

    def plan(self, session: Session, rows: Sequence[Mapping[str, Any]], asked: Asked) -> UnitPlan:
        """Return what rows would do to the tree."""
        return plan_units(rows, known_bank(session), asked)

    def carry_out(self, session: Session, actor: Acting, plan: Any, asked: Asked) -> None:
        """Do the changes in the order of the plan."""
        tree = tree_of(session)
        units = {unit.code: unit for unit in session.scalars(select(OrgUnit))}
        for change in plan.changes:
            other = units.get(change.after or "")
            if change.act is UnitAct.OPEN:
                units[change.code] = open_unit(
                    session,
                    actor,
                    code=change.code,
                    name_zh=change.name,
                    name_en=change.name_en,
                    level=Level(change.level),
                    parent=other,
                    valid_from=change.day,
                    tree=tree,
                )
            else:
                _change_unit(session, actor, units[change.code], change, other, tree)


def _change_unit(
    session: Session, actor: Acting, unit: OrgUnit, change: UnitChange, other: OrgUnit | None, tree: Tree
) -> None:
    if change.act is UnitAct.RENAME:
        correct_unit(
            session,
            actor,
            unit,
            name_zh=change.name,
            name_en=change.name_en or unit.name_en,
            opened_on=tree.places(unit.code)[0].first,
            reason=N_("导入名册"),
        )
    elif change.act is UnitAct.CLOSE:
        close_unit(session, actor, unit, change.day, tree=tree)
    elif other is not None:
        verb = merge_unit if change.act is UnitAct.MERGE else move_unit
        verb(session, actor, unit, other, change.day, tree=tree)


@dataclass(frozen=True)
class Look:
    """How a file reads and what it would do; `fatal`: it cannot be used at all."""

    plan: Plan
    layout: Layout | None = None
    rows: int = 0
    problems: Sequence[Problem] = ()
    fatal: bool = False

    def whole(self, asked: Asked) -> list[str]:
        """Return why the file as a whole cannot be taken over, in the words of the house."""
        if self.fatal:
            return []
        return [str(one) for one in _refusals(self.plan, asked, bad=bool(self.problems))]

    def usable(self, policy: Policy, asked: Asked) -> bool:
        """Whether anything of the file can be taken over."""
        strict = policy is Policy.ALL_OR_NOTHING
        return not (self.fatal or not self.plan.rows or (strict and self.problems) or self.whole(asked))


def look_at(session: Session, kind: ImportKind, content: bytes, asked: Asked, options: Any = None) -> Look:
    """Return what a file would do; nothing is written."""
    importer = IMPORTERS[kind]
    try:
        sheet = read(content, importer.titles, options)
    except Rejected as error:
        return Look(plan=PeoplePlan(), problems=error.problems, fatal=True)
    plan = importer.plan(session, sheet.table.to_pylist(), asked)
    problems = sorted([*sheet.problems, *plan.problems], key=lambda one: one.line or 0)
    return Look(plan, sheet.layout, sheet.rows, problems)


def look_at_upload(session: Session, upload: ImportUpload) -> Look:
    """Return what an upload would do."""
    content = files.read(upload.stored_file)
    return look_at(session, upload.kind, content, Asked.of(upload.extra), options_of(upload))


def import_now(
    session: Session,
    name: str,
    content: bytes,
    kind: ImportKind,
    asked: Asked,
    policy: Policy,
    *,
    now: datetime,
    actor: Acting = SYSTEM,
) -> ImportUpload:
    """Import a file at once, in the caller's transaction (commands, tests)."""
    draft = UploadDraft(
        kind=kind,
        name=name,
        held=hold(content),
        period=f"{asked.effective or local_day(now):%Y-%m}",
        policy=policy,
        extra=asked.kept(),
    )
    return run_import(session, actor, draft, now=now)


def submit(
    session: Session,
    maker: Person,
    upload: ImportUpload,
    *,
    leavers: bool,
    head_office_id: int,
    now: datetime,
) -> Job | Proposal:
    """Start the import of what was looked at, or lay it before a second person when it touches many people.

    Raises:
        Refused: when the file cannot be imported as it stands, or was started already.
    """
    look = look_at_upload(session, upload)
    plan = look.plan
    agreed = len(plan.absent) if leavers and isinstance(plan, PeoplePlan) else None
    asked = replace(Asked.of(upload.extra), leavers=agreed, plan=plan.digest)
    if not look.usable(upload.policy, asked):
        raise Refused(N_("文件有错误，不能导入；请改正后重新上传。"))
    upload.extra = asked.kept()
    session.flush()
    touched = plan.people(leavers=leavers) if isinstance(plan, PeoplePlan) else 0
    if touched <= SECOND_PERSON_OVER:
        return start(session, maker, upload, now=now)
    if upload.job_id is not None:
        raise Refused(N_("该文件的导入已经开始。"))
    return propose(
        session,
        maker,
        action=Action.IMPORT_RUN.value,
        target=f"import_upload:{upload.id}",
        org_unit_id=head_office_id,
        title=upload.name,
        diff=_told(plan, leavers=leavers),
        now=now,
    )


TOLD = {
    "join": N_("新入职"),
    "move": N_("调动"),
    "grade": N_("等级变动"),
    "leave": N_("离职"),
    "return": N_("重新入职"),
    "unit": N_("新机构"),
    "post": N_("新岗位"),
    "absent": N_("文件中未列"),
    "unchanged": N_("没有变化"),
    "unit_open": N_("开业"),
    "unit_move": N_("划转"),
    "unit_rename": N_("更名"),
    "unit_close": N_("关闭"),
    "unit_merge": N_("合并"),
}
"""What counts are called."""
AGREED = N_("未列人员按离职处理")


def _told(plan: Plan, *, leavers: bool) -> dict[str, Any]:
    """Return the counts for the second person, and who would go because the file is silent about them."""
    told: dict[str, Any] = {TOLD[name]: count for name, count in plan.counts.items() if count}
    if leavers and isinstance(plan, PeoplePlan):
        told[AGREED] = "、".join(f"{one.name}（{one.number}）" for one in plan.absent[:200])
    return told


@on_approval(Action.IMPORT_RUN.value)
def start_approved(session: Session, proposal: Proposal, checker: Person, now: datetime) -> None:
    """Start an import that a second person agreed to, in the name of who proposed it.

    Raises:
        Refused: when it was started already.
    """
    upload = session.get(ImportUpload, int(proposal.target.partition(":")[2]))
    if upload is None:
        raise NotFound
    maker = session.get_one(Account, proposal.maker_id)
    start(session, Actor(maker.id, maker.employee_id, maker.name), upload, now=now)


def known_bank(session: Session) -> KnownBank:
    """Return what plans need to know of the bank."""
    unit = aliased(OrgUnit)
    stays: dict[int, list[Stay]] = defaultdict(list)
    for key, where, held, grade, first, after in session.execute(
        select(Posting.employee_id, unit.code, Post.code, Grade.code, Posting.valid_from, Posting.valid_to)
        .join(unit, unit.id == Posting.org_unit_id)
        .join(Post, Post.id == Posting.post_id)
        .outerjoin(Grade, Grade.id == Posting.grade_id)
        .order_by(Posting.valid_from)
    ):
        stays[key].append(Stay(where, held, grade, first, after))
    hired: dict[int, list[date]] = defaultdict(list)
    employments = select(Employment.employee_id, Employment.valid_from).order_by(Employment.valid_from)
    for key, day in session.execute(employments):
        hired[key].append(day)
    people = session.execute(select(Employee.id, Employee.number, Employee.name, Employee.left_on))
    names: dict[str, list[str]] = defaultdict(list)
    for code, *titles in session.execute(select(OrgUnit.code, OrgUnit.name_zh, OrgUnit.name_en)):
        for title in filter(None, dict.fromkeys(titles)):
            names[title].append(code)
    posts, grades = _named(session, Post), _named(session, Grade)
    return KnownBank(
        people={
            number: KnownPerson(name, hired[key], left_on, stays[key])
            for key, number, name, left_on in people
        },
        tree=tree_of(session),
        unit_names=names,
        posts={name: one.code for name, one in posts.items()},
        grades={name: one.code for name, one in grades.items()},
        retired={
            f"{kind}:{one.code}": one.retired_on
            for kind, found in (("post", posts), ("grade", grades))
            for one in found.values()
            if one.retired_on is not None
        },
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


IMPORTERS: dict[ImportKind, RosterImporter] = {
    ImportKind.PEOPLE: PeopleImporter(),
    ImportKind.UNITS: UnitImporter(),
}
for _kind, _importer in IMPORTERS.items():
    register(_kind, _importer)
