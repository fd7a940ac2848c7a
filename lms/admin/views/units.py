"""Units: the tree on a day, a unit's page, and opening, moving, closing and merging them."""

from __future__ import annotations

from typing import Any

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from lms.access.actions import Action
from lms.access.models import Grant
from lms.access.services import narrow
from lms.admin.forms.people import (
    CloseUnitForm,
    CorrectUnitForm,
    MergeUnitForm,
    MoveUnitForm,
    ReopenUnitForm,
    UnitForm,
    offer,
)
from lms.admin.views.acting import act, chosen_day, unit_named
from lms.admin.views.blueprint import bp
from lms.admin.views.words import level_names
from lms.core import clock
from lms.core.dated import valid_on
from lms.core.db import db
from lms.people.models import Employee, Level, OrgUnit
from lms.people.services import (
    branches,
    children,
    close_unit,
    correct_unit,
    leaves_on,
    merge_unit,
    merged_into,
    move_unit,
    open_unit,
    path_to,
    people_in,
    placements,
    postings_on,
    reopen_unit,
    spans_of,
    subtree,
)
from lms.web.current import person
from lms.web.filters import day as day_text
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import paginate
from lms.web.text import local


@bp.get("/units")
@requires(Action.UNIT_VIEW)
def units() -> Any:
    """Show the tree of a day with its counts, whole or below one unit."""
    day = chosen_day()
    seen = narrow(select(OrgUnit), OrgUnit, person(), Action.UNIT_VIEW, day)
    root = request.args.get("root", type=int)
    if root is not None:
        seen = seen.where(OrgUnit.id.in_(subtree(root, day)))
    tree = branches(db.session(), seen, day)
    return render_template("admin/units.html", tree=tree, day=day, root=root)


@bp.get("/units/<int:unit_id>")
@requires(Action.UNIT_VIEW)
def unit(unit_id: int) -> Any:
    """Show a unit on a day: where it hangs, who is in it, what happened to it and will."""
    found, day, session = load(OrgUnit, unit_id, Action.UNIT_VIEW), chosen_day(), db.session()
    page = paginate(narrow(people_in(found.id, day), Employee, person(), Action.PEOPLE_VIEW, day))
    ids = [one.id for one in page.items]
    path, places = path_to(session, found.id, day)[:-1], placements(session, found.id)
    merged = merged_into(session, found.id)
    named = {one.id for one in (*path, *merged)} | {above.id for _place, above in places if above}
    named |= {found.successor_id} if found.successor_id else set()
    linked = reachable(select(OrgUnit).where(OrgUnit.id.in_(named)), OrgUnit, Action.UNIT_VIEW)
    below = branches(session, select(OrgUnit).where(OrgUnit.id.in_(subtree(found.id, day))), day)
    return render_template(
        "admin/unit.html",
        unit=found,
        day=day,
        page=page,
        postings=postings_on(session, ids, day),
        leaves=leaves_on(session, ids, day),
        path=path,
        children=children(session, found.id, day),
        places=places,
        life=spans_of(session, [found.id])[found.id],
        merged=merged,
        linked={one.id for one in session.scalars(linked)},
        counts=below[0] if below else None,
    )


@bp.route("/units/new", methods=["GET", "POST"])
@requires(Action.UNIT_MANAGE)
def new_unit() -> Any:
    """Open a unit."""
    form = UnitForm()
    offer(form.level, {name: word for name, word in level_names().items() if name != Level.HEAD_OFFICE.value})
    if request.method == "GET":
        form.parent.data = request.args.get("parent", "")
        form.day.data = clock.today()

    def do() -> str:
        draft = form.to_draft()
        opened = open_unit(
            db.session(),
            person(),
            code=draft.code,
            name_zh=draft.name_zh,
            name_en=draft.name_en,
            level=Level(draft.level),
            parent=unit_named(draft.parent) if draft.parent else None,
            valid_from=draft.day,
        )
        return _("已登记：%(name)s 自 %(day)s 开业。", name=local(opened, "name"), day=day_text(draft.day))

    return act(form, do, title=_("新设机构"), button=_("登记开业"), back=url_for("admin.units"))


@bp.route("/units/<int:unit_id>/move", methods=["GET", "POST"])
@requires(Action.UNIT_MANAGE)
def move(unit_id: int) -> Any:
    """Hang a unit under another parent."""
    found, form = load(OrgUnit, unit_id, Action.UNIT_MANAGE), MoveUnitForm()

    def do() -> str:
        draft = form.to_draft()
        parent = unit_named(draft.unit)
        move_unit(db.session(), person(), found, parent, draft.day)
        return _(
            "已登记：自 %(day)s 起隶属于 %(name)s。", day=day_text(draft.day), name=local(parent, "name")
        )

    return _acted(
        form, do, found, title=_("划转机构：%(name)s", name=local(found, "name")), button=_("登记划转")
    )


@bp.route("/units/<int:unit_id>/close", methods=["GET", "POST"])
@requires(Action.UNIT_MANAGE)
def close(unit_id: int) -> Any:
    """Close a unit."""
    found, form = load(OrgUnit, unit_id, Action.UNIT_MANAGE), CloseUnitForm()

    def do() -> str:
        draft = form.to_draft()
        receiver = unit_named(draft.unit) if draft.unit else None
        close_unit(db.session(), person(), found, draft.day, receiver=receiver)
        _tell_of_grants(found)
        return _("已登记：自 %(day)s 起关闭。", day=day_text(draft.day))

    return _acted(
        form, do, found, title=_("关闭机构：%(name)s", name=local(found, "name")), button=_("登记关闭")
    )


@bp.route("/units/<int:unit_id>/merge", methods=["GET", "POST"])
@requires(Action.UNIT_MANAGE)
def merge(unit_id: int) -> Any:
    """Merge a unit into another one."""
    found, form = load(OrgUnit, unit_id, Action.UNIT_MANAGE), MergeUnitForm()

    def do() -> str:
        draft = form.to_draft()
        heir = unit_named(draft.unit)
        merge_unit(db.session(), person(), found, heir, draft.day)
        _tell_of_grants(found)
        return _("已登记：自 %(day)s 起并入 %(name)s。", day=day_text(draft.day), name=local(heir, "name"))

    return _acted(
        form, do, found, title=_("合并机构：%(name)s", name=local(found, "name")), button=_("登记合并")
    )


@bp.route("/units/<int:unit_id>/reopen", methods=["GET", "POST"])
@requires(Action.UNIT_MANAGE)
def reopen(unit_id: int) -> Any:
    """Open a closed unit again, or take its closing back."""
    found, form = load(OrgUnit, unit_id, Action.UNIT_MANAGE), ReopenUnitForm()
    if request.method == "GET":
        last, parent = placements(db.session(), found.id)[0]
        form.day.data, form.unit.data = last.valid_to, parent.code if parent else ""

    def do() -> str:
        draft = form.to_draft()
        reopen_unit(db.session(), person(), found, unit_named(draft.unit), draft.day)
        return _("已登记：自 %(day)s 起重新开业。", day=day_text(draft.day))

    return _acted(
        form, do, found, title=_("重新开业：%(name)s", name=local(found, "name")), button=_("登记重新开业")
    )


@bp.route("/units/<int:unit_id>/correct", methods=["GET", "POST"])
@requires(Action.UNIT_MANAGE)
def correct(unit_id: int) -> Any:
    """Correct a unit's names or first day."""
    found = load(OrgUnit, unit_id, Action.UNIT_MANAGE)
    form = CorrectUnitForm(
        name_zh=found.name_zh,
        name_en=found.name_en,
        opened_on=spans_of(db.session(), [found.id])[found.id].opened_on,
    )

    def do() -> str:
        draft = form.to_draft()
        correct_unit(
            db.session(),
            person(),
            found,
            name_zh=draft.name_zh,
            name_en=draft.name_en,
            opened_on=draft.opened_on,
            reason=draft.reason,
        )
        return _("已更正。")

    return _acted(
        form, do, found, title=_("更正机构：%(name)s", name=local(found, "name")), button=_("保存更正")
    )


def _acted(form: Any, do: Any, found: OrgUnit, *, title: str, button: str) -> Any:
    if request.method == "GET" and "day" in form and form.day.data is None:
        form.day.data = clock.today()
    return act(form, do, title=title, button=button, back=url_for("admin.unit", unit_id=found.id))


def _tell_of_grants(found: OrgUnit) -> None:
    """Say that roles over the unit reach nobody any more once it is closed."""
    held = db.session().scalar(
        select(func.count())
        .select_from(Grant)
        .where(Grant.org_unit_id == found.id, valid_on(Grant, clock.today()))
    )
    if held:
        flash(_("该机构上还有 %(count)s 项角色授权，请安全管理员改授到新的机构。", count=held), "warning")
