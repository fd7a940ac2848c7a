"""Pages of appraisal: schemes, cycles, ratings, results and how they came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import Select, select

from lms import scoring
from lms.access.actions import Action
from lms.appraisal import services
from lms.appraisal.evidence import is_indicator
from lms.appraisal.forms import AdjustForm, CycleForm, FilterForm, typed_marks
from lms.appraisal.models import (
    Appraisal,
    AppraisalState,
    Cycle,
    CycleState,
    Scheme,
    SchemeVersion,
    Section,
    VersionState,
)
from lms.appraisal.rules.comprehensive import SEVEN
from lms.appraisal.rules.levels import ParametersOf
from lms.appraisal.rules.standing import (
    DETAILS,
    FLAGS,
    SOURCES,
    STEPS,
    standing_text,
    unit_text,
)
from lms.appraisal.rules.words import plain
from lms.appraisal.services import cycles as cycle_services
from lms.appraisal.services import parameters, publishing, ratings, results, schemes
from lms.appraisal.views.shared import refusal, units
from lms.core import clock
from lms.core.db import db
from lms.core.errors import Refused, Rejected
from lms.core.i18n import N_
from lms.core.jobs import Job
from lms.core.periods import Period
from lms.people.models import OrgUnit
from lms.scoring.lint.frozen import Kept, class_name, is_warning, severity_name
from lms.web import charts
from lms.web.current import is_signed_in, person
from lms.web.filters import points
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import paginate
from lms.web.text import local, page_language, say, say_problem

bp = Blueprint("appraisal", __name__, url_prefix="/appraisal")

VERSION_STATES = {
    VersionState.DRAFT: N_("草稿"),
    VersionState.ACTIVE: N_("启用中"),
    VersionState.RETIRED: N_("已停用"),
}
CYCLE_STATES = {
    CycleState.COLLECTING: N_("评分中"),
    CycleState.COMPUTED: N_("已计算"),
    CycleState.PUBLISHED: N_("已公布"),
}
STATES = {
    AppraisalState.PENDING: N_("未计算"),
    AppraisalState.COMPLETE: N_("完整"),
    AppraisalState.INCOMPLETE: N_("不完整"),
    AppraisalState.ON_LEAVE: N_("休假不评"),
}
LINE_STATES = {
    "ok": N_("正常"),
    "missing": N_("缺数据"),
    "excluded": N_("不计"),
    "moved": N_("权重移给另一指标"),
    "zero": N_("按零分计"),
    "full": N_("按满分计"),
    "peer_mean": N_("按其他人的平均得分计"),
    "previous": N_("按上期得分计"),
}


@dataclass(frozen=True)
class LintCard:
    """What the rule check of a version shows; `kept`: as it was found at activation."""

    day: date
    findings: Sequence[Kept]
    kept: bool = False

    @property
    def warns(self) -> bool:
        """Whether activating needs a written reason."""
        return any(is_warning(one) for one in self.findings)


@bp.context_processor
def words() -> dict[str, Any]:
    """Names of states and steps, and how figures are written."""
    return {
        "version_state": lambda state: say(VERSION_STATES[state]),
        "cycle_state": lambda state: say(CYCLE_STATES[state]),
        "appraisal_state": lambda state: say(STATES[state]),
        "line_state": lambda state: say(LINE_STATES[state]),
        "step_name": lambda code: say(STEPS.get(code) or code),
        "detail_name": _detail,
        "source_name": lambda code: say(SOURCES.get(code) or code),
        "flag_name": lambda code: say(FLAGS[code]) if code in FLAGS else code,
        "standing": lambda line: standing_text(line.position_kind, line.standing, line.unit, page_language()),
        "unit_name": lambda unit: unit_text(unit, page_language()),
        "formula": _formula,
        "is_indicator": is_indicator,
        "plain": plain,
        "seven": SEVEN,
        "adjust_action": Action.RESULT_ADJUST,
        "list_action": Action.RESULT_LIST,
        "class_name": lambda code: say(class_name(code)),
        "first_day": lambda period: Period.parse(period).first.isoformat(),
        "iso_day": date.fromisoformat,
        "lines_of": lambda parsed: {line.code: line for _, line in parsed.indicators()},
        "may_see_lint": person().can(Action.LINT_VIEW) if is_signed_in() else False,
        "severity_name": lambda code: say(severity_name(code)),
    }


def _formula(sections: Sequence[Section]) -> str:
    """The composite as people work it out: 92.40 × 60% + … ; "" where it is no such sum."""
    if not sections or any(one.weight is None or one.points is None for one in sections):
        return ""
    return " + ".join(f"{points(one.points)} × {plain(one.weight)}%" for one in sections)


def _detail(code: str) -> str:
    name, _colon, rest = code.partition(":")
    if name == "factor" and rest:
        return rest.strip()
    if name == "segment" and rest:
        return _("第 %(n)s 段", n=rest)
    return say(DETAILS[code]) if code in DETAILS else code


# ---------------------------------------------------------------- cycles


@bp.get("/cycles")
@requires(Action.CYCLE_RUN)
def cycles() -> Any:
    """List the cycles."""
    page = paginate(reachable(cycle_services.cycles(), Cycle, Action.CYCLE_RUN))
    return render_template("appraisal/cycles.html", page=page)


@bp.route("/cycles/new", methods=["GET", "POST"])
@requires(Action.CYCLE_RUN)
def cycle_new() -> Any:
    """Open a cycle."""
    session = db.session()
    form = CycleForm()
    versions = _usable_versions()
    form.version_id.choices = [
        (v.id, _("%(name)s 第 %(n)s 版", name=local(v.scheme, "name"), n=v.number)) for v in versions.values()
    ]
    form.org_unit_id.choices = units(Action.CYCLE_RUN)
    form.series.choices = [(series, series) for series in cycle_services.series_in_use(session)]
    told = ""
    if form.validate_on_submit():
        try:
            return _opened(form, versions)
        except Refused as error:
            told = refusal(error)
    page = render_template("appraisal/cycle_new.html", form=form, told=told)
    return (page, 422) if form.errors or told else page


def _usable_versions() -> dict[int, SchemeVersion]:
    """The active versions of my own schemes, and of those that units above mine opened to those below."""
    session = db.session()
    own = reachable(schemes.schemes(), Scheme, Action.SCHEME_DESIGN)
    units = session.scalars(reachable(cycle_services.units(), OrgUnit, Action.CYCLE_RUN))
    above = parameters.opened_above(session, [unit.code for unit in units], clock.today())
    found = [version for known in (own, above) for version in session.scalars(schemes.active_versions(known))]
    return {version.id: version for version in found}


def _opened(form: CycleForm, versions: Mapping[int, SchemeVersion]) -> Any:
    """Open the cycle that was typed, and lead to it."""
    cycle = services.open_cycle(
        db.session(),
        person(),
        code=form.code.data or "",
        name_zh=form.name_zh.data or "",
        name_en=form.name_en.data or None,
        period=form.period.data or "",
        version=versions[form.version_id.data],
        unit=load(OrgUnit, form.org_unit_id.data, Action.CYCLE_RUN),
        series=form.series.data,
        rating_due=form.rating_due.data,
        parameters_of=ParametersOf(form.parameters_of.data),
        now=clock.now(),
    )
    flash(_("考核期已开启，主管可以评分。"), "success")
    return redirect(url_for("appraisal.cycle", cycle_id=cycle.id), 303)


@bp.get("/cycles/<int:cycle_id>")
@requires(Action.CYCLE_RUN)
def cycle(cycle_id: int) -> Any:
    """Show where a cycle stands and what comes next."""
    found = load(cycle_services.cycles(), cycle_id, Action.CYCLE_RUN)
    session = db.session()
    return render_template(
        "appraisal/cycle.html",
        cycle=found,
        counts=cycle_services.counts(session, found.id),
        job=session.get(Job, found.job_id) if found.job_id else None,
        proposal=publishing.waiting(session, f"cycle:{found.id}", clock.now()),
        scheme_reached=session.scalar(_reached_scheme(found)) is not None,
        last_day=Period.parse(found.period).last,
        by_cycle=found.parameters_of is ParametersOf.CYCLE,
    )


def _reached_scheme(cycle: Cycle) -> Select[Scheme]:
    """A branch may run a cycle under a scheme of the head office, whose pages it does not reach."""
    wanted = select(Scheme).where(Scheme.id == cycle.scheme_version.scheme_id)
    return reachable(wanted, Scheme, Action.SCHEME_DESIGN)


@bp.get("/cycles/<int:cycle_id>/check")
@requires(Action.CYCLE_RUN)
def cycle_check(cycle_id: int) -> Any:
    """Name what is missing before a cycle is computed."""
    found = load(cycle_services.cycles(), cycle_id, Action.CYCLE_RUN)
    return render_template(
        "appraisal/check.html", cycle=found, found=services.completeness(db.session(), found)
    )


@bp.post("/cycles/<int:cycle_id>/compute")
@requires(Action.CYCLE_RUN)
def cycle_compute(cycle_id: int) -> Any:
    """Have a cycle computed by the worker."""
    found = load(Cycle, cycle_id, Action.CYCLE_RUN)
    services.start_compute(db.session(), person(), found, now=clock.now())
    return redirect(url_for("appraisal.cycle", cycle_id=found.id), 303)


@bp.post("/cycles/<int:cycle_id>/publish")
@requires(Action.CYCLE_PUBLISH)
def cycle_publish(cycle_id: int) -> Any:
    """Lay a computed cycle before a second person."""
    found = load(Cycle, cycle_id, Action.CYCLE_PUBLISH)
    services.propose_publish(db.session(), person(), found, now=clock.now())
    flash(_("已提交公布，等待另一人复核。"), "success")
    return redirect(url_for("appraisal.cycle", cycle_id=found.id), 303)


# ---------------------------------------------------------------- ratings


@bp.get("/ratings", endpoint="ratings")
@requires(Action.RATING_GIVE)
def ratings_list() -> Any:
    """List the cycles in which I rate people."""
    mine = ratings.unrated(db.session(), person(), clock.today())
    return render_template("appraisal/ratings.html", mine=mine)


@bp.route("/ratings/<int:cycle_id>", methods=["GET", "POST"])
@requires(Action.RATING_GIVE)
def grid(cycle_id: int) -> Any:
    """Rate my people on the seven indicators."""
    session, day = db.session(), clock.today()
    found = ratings.rating_cycle(session, cycle_id, person(), day)
    page = paginate(ratings.rateable(found.id, person(), day), per_page=20)
    ids = [appraisal.employee_id for appraisal in page.items]
    problems: dict[str, str] = {}
    told = ""
    if request.method == "POST":
        typed = typed_marks(request.form, ids)
        try:
            if typed.problems:
                raise Rejected(typed.problems)
            changed = services.rate(
                session,
                person(),
                found,
                typed.marks,
                reason=request.form.get("reason", ""),
                now=clock.now(),
                day=day,
            )
            flash(_("已保存 %(n)s 项评分。", n=changed), "success")
            return redirect(url_for("appraisal.grid", cycle_id=found.id, page=page.number), 303)
        except Rejected as error:
            problems = {str(p.field): say_problem(p) for p in error.problems}
        except Refused as error:
            told = refusal(error)
    answer = render_template(
        "appraisal/grid.html",
        cycle=found,
        page=page,
        rated=ratings.rated(session, found.id, ids),
        typed=request.form if problems or told else None,
        problems=problems,
        told=told,
    )
    return (answer, 422) if problems or told else answer


# ---------------------------------------------------------------- results


@bp.get("/results", endpoint="results")
@requires(Action.RESULT_LIST)
def results_list() -> Any:
    """List the results within my reach, filtered and sorted."""
    session, day = db.session(), clock.today()
    form = FilterForm(request.args)
    known = results.computed_cycles(session, person(), day)
    chosen = next((c for c in known if c.id == form.cycle.data), known[0] if known else None)
    state = next((one for one in AppraisalState if one.value == form.state.data), None)
    page = paginate(
        results.listed(
            person(),
            day,
            cycle_id=chosen.id if chosen else 0,
            unit_id=form.unit.data,
            grade=form.grade.data,
            state=state,
            words=form.words.data or "",
            sort=form.sort.data or "rank",
        )
    )
    return render_template(
        "appraisal/results.html",
        page=page,
        cycles=known,
        chosen=chosen,
        units=results.units_of(session, chosen.id, person(), day) if chosen else [],
        parts=chosen.scheme_version.document["sections"] if chosen else [],
        grades=chosen.scheme_version.document.get("grades", []) if chosen else [],
        sections=results.section_points(session, [appraisal.id for appraisal in page.items]),
        form=form,
        states=STATES,
    )


@bp.get("/mine")
@requires(Action.RESULT_OWN)
def mine() -> Any:
    """List my own published results."""
    page = paginate(
        reachable(results.own(person().employee_id or 0), Appraisal, Action.RESULT_OWN), per_page=20
    )
    return render_template("appraisal/mine.html", page=page)


@bp.get("/results/<int:appraisal_id>")
@requires(Action.RESULT_VIEW)
def result(appraisal_id: int) -> Any:
    """Show an appraisal: composite, sections, lines, charts, gates."""
    load(results.visible(person()), appraisal_id, Action.RESULT_VIEW)
    session = db.session()
    appraisal = results.whole(session, appraisal_id)
    return render_template("appraisal/result.html", **_shown(appraisal), form=AdjustForm())


@bp.get("/results/<int:appraisal_id>/explain")
@requires(Action.RESULT_VIEW)
def explain(appraisal_id: int) -> Any:
    """Open every point of an appraisal down to its source rows."""
    load(results.visible(person()), appraisal_id, Action.RESULT_VIEW)
    tree = results.explain(db.session(), appraisal_id)
    return render_template(
        "appraisal/explain.html",
        tree=tree,
        appraisal=tree.appraisal,
        parsed=scoring.parse(tree.appraisal.cycle.scheme_version.document),
        gates={gate.code: gate for gate in results.gates_of(tree.appraisal, page_language())},
        grade=results.grade_name(
            tree.appraisal.cycle.scheme_version, tree.appraisal.final_grade, page_language()
        ),
    )


@bp.post("/results/<int:appraisal_id>/adjust")
@requires(Action.RESULT_ADJUST)
def adjust(appraisal_id: int) -> Any:
    """Lay a signed change of a total before a second person."""
    appraisal = load(results.visible(person()), appraisal_id, Action.RESULT_ADJUST)
    form = AdjustForm()
    if form.validate_on_submit():
        try:
            services.propose_adjustment(db.session(), person(), appraisal, *form.change(), now=clock.now())
            flash(_("调整已提交，等待另一人复核。"), "success")
            return redirect(url_for("appraisal.result", appraisal_id=appraisal_id), 303)
        except Refused as error:
            form.points.errors = [refusal(error)]
    page = render_template(
        "appraisal/result.html", **_shown(results.whole(db.session(), appraisal_id)), form=form
    )
    return page, 422


def _shown(appraisal: Appraisal) -> dict[str, Any]:
    """What the page of a result shows."""
    session, language = db.session(), page_language()
    given = results.ratings_of(session, appraisal)
    asked = [item for item in SEVEN if any(line.measure == item.measure for line in appraisal.lines)]
    levels = [given[item.code].level if item.code in given else None for item in asked]
    history = results.trend(session, appraisal)
    return {
        "appraisal": appraisal,
        "cycle": appraisal.cycle,
        "version": appraisal.cycle.scheme_version,
        "grade": results.grade_name(appraisal.cycle.scheme_version, appraisal.final_grade, language),
        "of": results.ranked(session, appraisal.cycle_id),
        "gates": results.gates_of(appraisal, language),
        "missing": results.missing_of(appraisal, language),
        "radar": charts.radar(
            [local(item, "name") for item in asked],
            [charts.Series(_("等级（1–5）"), levels)],
            title=_("综合指标"),
            desc=_("每个方向一项综合指标，越靠外等级越高。"),
            empty=_("暂无评分"),
        )
        if asked
        else None,
        "bars": charts.bars(
            [charts.Bar(local(section, "name"), section.points, 100) for section in appraisal.sections],
            title=_("各模块得分"),
            desc=_("每个模块一条，竖线为 100 分。"),
        ),
        "trend": charts.trend(
            [point.period for point in history],
            [charts.Series(_("综合得分"), [point.total for point in history])],
            title=_("历期综合得分"),
            desc=_("从左到右由早到近。"),
        )
        if len(history) > 1
        else None,
        "history": history,
        "levels": list(zip(asked, levels, strict=True)),
    }
