"""What the preview beside the scheme editor shows: problems, people, somebody's lines, curves, spread."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from flask import request
from flask_babel import gettext as _
from markupsafe import Markup

from lms import scoring
from lms.appraisal.forms import PreviewForm, SchemeForm
from lms.appraisal.forms.scheme import Told
from lms.appraisal.models import Cycle, Scheme
from lms.appraisal.rules import preview, shape
from lms.appraisal.rules.draft import SchemeDraft
from lms.appraisal.rules.preview import LineRow, PersonRow
from lms.appraisal.rules.standing import standing_text, unit_text
from lms.appraisal.rules.words import plain
from lms.appraisal.services import previewing, schemes
from lms.appraisal.services.previewing import Look, Member
from lms.appraisal.views.shared import measure_names, refusal
from lms.core import clock
from lms.core.db import db
from lms.core.errors import Refused
from lms.scoring.document import Indicator, PositionKind
from lms.web import charts
from lms.web.current import person
from lms.web.text import local, page_language

LISTED = 20
"""So many people stand in the list of the preview."""


@dataclass(frozen=True)
class Picture:
    """One indicator's curve, and the same in words."""

    name: str
    svg: Markup
    words: str


@dataclass(frozen=True)
class Shown:
    """What the preview shows; `tried` is false before anything was asked for."""

    choices: PreviewForm
    tried: bool = False
    problems: Sequence[Told] = ()
    warnings: Sequence[Told] = ()
    look: Look | None = None
    people: Sequence[tuple[Member, PersonRow]] = ()
    chosen: Member | None = None
    row: PersonRow | None = None
    lines: Sequence[LineRow] = ()
    pictures: Sequence[Picture] = ()
    spread: Markup | None = None
    spread_table: charts.DataTable | None = None
    refused: str = ""
    none_yet: bool = False
    known: frozenset[str] = field(default_factory=frozenset)


def waiting(found: Scheme | None) -> Shown:
    """Return the preview before it was asked for, with its choices."""
    choices = PreviewForm()
    cycles = previewing.cycles(db.session(), person(), clock.today())
    choices.offer([(cycle.id, local(cycle, "name")) for cycle in cycles], [])
    chosen = _cycle(cycles, None, found)
    choices.preview_cycle.data = chosen.id if chosen else 0
    return Shown(choices, none_yet=not cycles)


def shown(form: SchemeForm, found: Scheme | None, before: SchemeDraft | None) -> Shown:
    """Return what the draft in the form gives; its problems stand beside the fields too."""
    session, day = db.session(), clock.today()
    choices = PreviewForm(request.form)
    cycles = previewing.cycles(session, person(), day)
    readable = form.validate()
    draft = form.to_draft(before)
    problems: list[Told] = [] if readable else list(form.unread())
    whole = None
    try:
        whole = schemes.check(draft, list(measure_names()))
    except scoring.InvalidScheme as error:
        problems += form.attach(error.problems)
    cycle = _cycle(cycles, choices.cycle_id, found)
    named = [(one.id, local(one, "name")) for one in cycles]
    if cycle is None:
        choices.offer(named, [])
        return Shown(choices, tried=True, problems=problems, none_yet=True)
    choices.preview_cycle.data = cycle.id
    active = schemes.in_force(session, found.id) if found else None
    try:
        look = previewing.look(session, person(), day, draft, whole if readable else None, active, cycle)
    except Refused as error:
        choices.offer(named, [])
        return Shown(choices, tried=True, problems=[*problems, Told("", refusal(error))])
    if look is None:
        choices.offer(named, [])
        return Shown(choices, tried=True, problems=problems)
    hits = look.found(choices.preview_words.data or "", LISTED)
    chosen = look.member(choices.preview_person.data or "")
    if chosen is None or chosen not in look.found(choices.preview_words.data or "", previewing.LARGEST):
        chosen = hits[0] if hits else None
    listed = hits if chosen is None or chosen in hits else [chosen, *hits[: LISTED - 1]]
    choices.offer(named, [(one.number, f"{one.name} · {one.number}") for one in listed])
    choices.preview_person.data = chosen.number if chosen else ""
    return Shown(
        choices,
        tried=True,
        problems=problems,
        warnings=form.placed(look.warnings),
        look=look,
        people=[(one, look.rows[one.number]) for one in listed],
        chosen=chosen,
        row=look.rows[chosen.number] if chosen else None,
        lines=look.lines(chosen.number) if chosen else (),
        pictures=_pictures(look, chosen),
        spread=_spread(look, chosen),
        spread_table=_spread_table(look),
    )


def _cycle(cycles: Sequence[Cycle], wanted: int | None, found: Scheme | None) -> Cycle | None:
    """The cycle that was chosen, else the last one of this scheme, else the last one of all."""
    chosen = next((one for one in cycles if one.id == wanted), None)
    mine = (one for one in cycles if found is not None and one.scheme_version.scheme_id == found.id)
    return chosen or next(mine, None) or next(iter(cycles), None)


def add_example(form: SchemeForm, shown: Shown) -> str:
    """Add the chosen person's figures to the form as a worked example; return why not, else ""."""
    if shown.look is None or shown.chosen is None:
        return _("请先改正方案中的问题并选择人员，再取作算例。")
    taken = {str(row.form["name"].data) for row in form.examples}
    period = shown.look.cycle.period
    names = (_("%(period)s 实际数据 %(n)s", period=period, n=n) for n in range(1, len(taken) + 2))
    name = next(one for one in names if one not in taken)
    try:
        made = previewing.example_of(shown.look, shown.chosen.number, name)
    except Refused as error:
        return refusal(error)
    form.examples.append_entry({"name": name, "content": json.dumps(made, ensure_ascii=False)})
    return ""


def _pictures(look: Look, chosen: Member | None) -> list[Picture]:
    return [_picture(look, line, chosen) for _section, line in look.outlook.scheme.indicators()]


def _picture(look: Look, line: Indicator, chosen: Member | None) -> Picture:
    where = preview.positions(look.outlook, line.code)
    low, high = shape.span(line, where.values())
    people = [(at, shape.points_at(line, at)) for at in where.values()]
    mine = where.get(chosen.number) if chosen else None
    name = local(line, "name")
    words = ("；" if page_language() == "zh" else "; ").join(
        _("%(at)s → %(points)s 分", at=_at(line, at), points=_number(shape.points_at(line, at)))
        for at in shape.bends(line)
    )
    svg = charts.curve(
        shape.path(line, low, high),
        people,
        title=name,
        desc=words,
        mark=None if mine is None else (mine, shape.points_at(line, mine)),
        show_across=lambda at: _at(line, float(at)),
        show=lambda value: _number(float(value)),
    )
    return Picture(name, svg, words)


def _at(line: Indicator, at: float) -> str:
    """A position as people read it: 80 %, +0.2 pp, place 3, or the figure with its unit."""
    language = page_language()
    told = standing_text(line.position.value, Decimal(repr(round(at, 6))), line.unit, language)
    if line.position is PositionKind.VALUE:
        return f"{_number(at)} {unit_text(line.unit, language)}".strip()
    return told.replace(".0 %", " %")


def _number(value: float) -> str:
    return plain(round(value, 4)).replace("-", "−") or "0"


def standing(row: LineRow) -> str:
    """Return how a person's figure stands to its reference, "" where nothing is compared."""
    if row.position is None or row.line.position is PositionKind.VALUE:
        return ""
    return _at(row.line, row.position)


def _spread(look: Look, chosen: Member | None) -> Markup | None:
    found, mine = look.spread, look.rows[chosen.number].after if chosen else None
    if not found.edges or not sum(found.after):
        return None
    return charts.histogram(
        found.edges,
        found.after,
        title=_("草稿的总分分布"),
        desc=_("横轴为总分，纵轴为人数；竖线为所选人员。"),
        mark=mine,
        mark_label=chosen.name if chosen else "",
    )


def _spread_table(look: Look) -> charts.DataTable | None:
    found = look.spread
    if not found.edges:
        return None
    ranges = zip(found.edges, found.edges[1:], found.before, found.after, strict=False)
    rows = tuple(
        (f"{plain(low)} – {plain(high)}", str(before), str(after)) for low, high, before, after in ranges
    )
    return charts.DataTable((_("总分"), _("现行（人）"), _("草稿（人）")), rows)
