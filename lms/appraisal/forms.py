"""Forms: the scheme editor, a new cycle, the rating grid, an adjustment."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Any

from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    FieldList,
    FloatField,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms import Form as Rows
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp, ValidationError
from wtforms.widgets import TextInput

from lms.appraisal.rules.comprehensive import SEVEN, Mark
from lms.appraisal.rules.draft import GateDraft, GradeDraft, IndicatorDraft, Mode, SchemeDraft, SectionDraft
from lms.appraisal.rules.levels import Below, ParameterDraft, ParametersOf, Setting, Way
from lms.appraisal.rules.parameter_words import BELOW, WAYS
from lms.core.errors import Problem, Refused
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.web.forms import Form
from lms.web.text import lazy as _l
from lms.web.text import say

MODES = [
    (Mode.RATIO.value, _l("完成率")),
    (Mode.DIFFERENCE.value, _l("与目标的差")),
    (Mode.VALUE.value, _l("按值计分")),
]
CUSTOM = (Mode.CUSTOM.value, _l("方案文件中的规则（保持不变）"))
DIRECTIONS = [("more", _l("越高越好")), ("less", _l("越低越好"))]
STEP_MODES = [
    ("pro_rata", _l("按比例")),
    ("whole", _l("不足一步不计")),
    ("started", _l("不足一步按一步计")),
    ("half_up", _l("满半步按一步计")),
]
MISSING = [
    ("pending", _l("不出总分，等数据")),
    ("zero", _l("按零分计")),
    ("full", _l("按满分计")),
    ("peer_mean", _l("按其他人的平均得分计")),
    ("exclude_and_rescale", _l("不计此项，权重分给同模块其他指标")),
]


class Number(FloatField):
    """A number that may be left empty; shown as people write it, full-width digits read as well.

    A plain text field: a browser's number field sends nothing at all for what it cannot read, and a turn of
    the wheel over it changes a weight unseen.
    """

    widget = TextInput()

    def __init__(self, label: Any = None, **more: Any) -> None:
        super().__init__(
            label, [Optional()], render_kw={"inputmode": "decimal", "autocomplete": "off"}, **more
        )

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number, or say in the page's language that it is none."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(say(N_("请填写数字。"))) from None
        if self.data is not None and not isfinite(self.data):
            self.data = None
            raise ValueError(say(N_("请填写数字。")))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:.9f}".rstrip("0").rstrip(".")


class IndicatorRow(Rows):
    """One indicator of a section."""

    code = StringField(_l("代码"), [Length(max=60)])
    name_zh = StringField(_l("名称"), [Length(max=200)])
    name_en = StringField(_l("英文名称"), [Length(max=200)])
    unit = StringField(_l("单位"), [Length(max=40)])
    measure = SelectField(_l("数据来源"), validate_choice=False)
    mode = SelectField(_l("比较方式"), validate_choice=False)
    direction = SelectField(_l("方向"), choices=DIRECTIONS)
    base = Number(_l("基准分"))
    step = Number(_l("步长"))
    points_per_step = Number(_l("每步分值"))
    step_mode = SelectField(_l("不足一步"), choices=STEP_MODES)
    coefficient = Number(_l("系数"))
    weight = Number(_l("权重"))
    floor = Number(_l("保底分"))
    cap = Number(_l("封顶分"))
    missing = SelectField(_l("缺数据时"), choices=MISSING)
    drop = BooleanField(_l("删除此行"))

    def blank(self) -> bool:
        """Whether the row was left empty or is to be removed."""
        return bool(self.drop.data) or not (self.code.data or self.name_zh.data)

    def to_draft(self, before: IndicatorDraft | None) -> IndicatorDraft:
        """Return the row; a rule that is none of the short forms is taken from `before`."""
        mode = next((one for one in Mode if one.value == self.mode.data), Mode.RATIO)
        return IndicatorDraft(
            code=_text(self.code),
            name_zh=_text(self.name_zh),
            name_en=_text(self.name_en),
            unit=_text(self.unit),
            measure=_text(self.measure),
            mode=mode,
            direction=self.direction.data,
            base=_number(self.base, 0.0 if mode is Mode.VALUE else 100.0),
            step=self.step.data,
            points_per_step=self.points_per_step.data,
            step_mode=self.step_mode.data,
            coefficient=_number(self.coefficient, 1.0),
            coefficient_source=before.coefficient_source if before else "",
            weight=self.weight.data,
            floor=self.floor.data,
            cap=self.cap.data,
            missing=self.missing.data,
            custom=before.custom if before and mode is Mode.CUSTOM else None,
            clause=before.clause if before else "",
            lint=before.lint if before else {},
        )


class SectionRow(Rows):
    """One section with its indicators."""

    code = StringField(_l("模块编码"), [Length(max=60)])
    name_zh = StringField(_l("模块名称"), [Length(max=200)])
    name_en = StringField(_l("英文名称"), [Length(max=200)])
    weight = Number(_l("模块权重"))
    floor = Number(_l("保底分"))
    cap = Number(_l("封顶分"))
    drop = BooleanField(_l("删除此模块"))
    indicators = FieldList(FormField(IndicatorRow), max_entries=60)

    def to_draft(self, before: SectionDraft | None) -> SectionDraft:
        """Return the section with its rows."""
        known = {line.code: line for line in before.indicators} if before else {}
        return SectionDraft(
            code=_text(self.code),
            name_zh=_text(self.name_zh),
            name_en=_text(self.name_en),
            weight=self.weight.data,
            floor=self.floor.data,
            cap=self.cap.data,
            indicators=tuple(row.form.to_draft(known.get(_text(row.form.code))) for row in self.indicators),
            group=before.group if before else "weighted_mean",
            clause=before.clause if before else "",
        )


class GradeRow(Rows):
    """A grade and the lowest total that earns it."""

    code = StringField(_l("等级"), [Length(max=60)])
    name_zh = StringField(_l("名称"), [Length(max=200)])
    name_en = StringField(_l("英文名称"), [Length(max=200)])
    at_least = Number(_l("最低分"))


class SchemeForm(Form):
    """A whole scheme."""

    code = StringField(_l("方案编码"), [InputRequired(), Length(max=60)])
    name_zh = StringField(_l("方案名称"), [InputRequired(), Length(max=200)])
    name_en = StringField(_l("英文名称"), [Length(max=200)])
    org_unit_id = SelectField(_l("所属机构"), coerce=int, validate_choice=False)
    seen = HiddenField()
    sections = FieldList(FormField(SectionRow), max_entries=12)
    grades = FieldList(FormField(GradeRow), max_entries=12)
    gate_measure = SelectField(_l("门槛数据"), validate_choice=False)
    gate_limit = Number(_l("达到此数即触发"))
    gate_grade = StringField(_l("等级最高为"), [Length(max=60)])
    gate_clause_zh = TextAreaField(_l("门槛条款（印在结果上）"), [Length(max=2000)])
    gate_clause_en = TextAreaField(_l("门槛条款（英文）"), [Length(max=2000)])
    reason_for_full_business = TextAreaField(_l("只考核业绩的理由"), [Length(max=1000)])

    def offer(self, measures: Mapping[str, str], units: Sequence[tuple[int, str]]) -> None:
        """Fill the choices: measures by code with their names, and units by id."""
        choices = [(code, f"{name} · {code}") for code, name in measures.items()]
        self.org_unit_id.choices = list(units)
        self.gate_measure.choices = [("", say(N_("（无门槛）"))), *choices]
        for section in self.sections:
            for row in section.form.indicators:
                mine = row.form.measure.data
                known = [] if not mine or mine in measures else [(mine, mine)]
                row.form.measure.choices = [("", say(N_("请选择"))), *known, *choices]
                custom = row.form.mode.data == Mode.CUSTOM.value
                row.form.mode.choices = [*MODES, CUSTOM] if custom else MODES

    def fill(self, draft: SchemeDraft) -> None:
        """Show a draft."""
        self.code.data, self.name_zh.data, self.name_en.data = draft.code, draft.name_zh, draft.name_en
        self.reason_for_full_business.data = draft.reason_for_full_business
        for section in draft.sections:
            self.sections.append_entry(_shown(section))
        for grade in draft.grades:
            self.grades.append_entry(grade)
        gate = next((g for g in draft.gates if isinstance(g, GateDraft)), None)
        if gate is not None:
            self.gate_measure.data, self.gate_limit.data = gate.measure, gate.limit
            self.gate_grade.data = gate.grade
            self.gate_clause_zh.data, self.gate_clause_en.data = gate.clause_zh, gate.clause_en

    def prune(self) -> None:
        """Take out the rows that are empty or marked for removal, so that places count as in the document."""
        self.sections.entries = [
            s
            for s in self.sections.entries
            if not s.form.drop.data and (s.form.code.data or s.form.name_zh.data)
        ]
        for section in self.sections:
            rows = section.form.indicators
            rows.entries = [row for row in rows.entries if not row.form.blank()]
        self.grades.entries = [g for g in self.grades.entries if g.form.code.data]

    def grow(self, what: str) -> None:
        """Add an empty row: "section", "grade", or "indicator-<place of its section>"."""
        if what == "section":
            self.sections.append_entry()
        elif what == "grade":
            self.grades.append_entry()
        elif what.startswith("indicator-") and what[10:].isdigit() and int(what[10:]) < len(self.sections):
            self.sections[int(what[10:])].form.indicators.append_entry(_empty_row())

    def to_draft(self, before: SchemeDraft | None) -> SchemeDraft:
        """Return what was typed; what the editor does not show is taken from `before`."""
        known = {section.code: section for section in before.sections} if before else {}
        kept = before.gates if before else ()
        plain = next((g for g in kept if isinstance(g, GateDraft)), None)
        gates: list[Any] = [g for g in kept if g is not plain]
        if self.gate_measure.data:
            gate = replace(plain or GateDraft("", 1.0, "", ""), measure=self.gate_measure.data)
            gates.insert(
                0,
                replace(
                    gate,
                    limit=_number(self.gate_limit, 1.0),
                    grade=_text(self.gate_grade),
                    clause_zh=_text(self.gate_clause_zh),
                    clause_en=_text(self.gate_clause_en),
                ),
            )
        return SchemeDraft(
            code=_text(self.code),
            name_zh=_text(self.name_zh),
            name_en=_text(self.name_en),
            sections=tuple(row.form.to_draft(known.get(_text(row.form.code))) for row in self.sections),
            grades=tuple(
                GradeDraft(
                    _text(row.form.code),
                    _text(row.form.name_zh),
                    _text(row.form.name_en),
                    row.form.at_least.data,
                )
                for row in self.grades
            ),
            gates=tuple(gates),
            reason_for_full_business=_text(self.reason_for_full_business),
            extra=before.extra if before else {},
        )

    def attach(self, problems: Iterable[Any]) -> list[str]:
        """Put each problem of the document beside its field; return all of them, each with its place."""
        told = []
        for problem in problems:
            text, path = say(problem.message, problem.params), problem.path.split("/")
            where = self._place(path)
            told.append(say(N_("%(where)s：%(what)s"), {"where": where, "what": text}) if where else text)
            field = self._field(path)
            if field is not None:
                field.errors = [*field.errors, text]
        return told

    def _place(self, path: list[str]) -> str:
        """Where in the form a path of the document is, in the names that were typed; "" for the whole."""
        if path[0] == "grades":
            return say(N_("等级"))
        if path[0] == "gates":
            return say(N_("门槛"))
        if path[0] != "sections" or not len(self.sections):
            return ""
        if len(path) == 1:
            return say(N_("各模块"))
        section = self.sections[int(path[1])].form
        names = [_text(section.name_zh) or _text(section.code)]
        if len(path) > 3 and path[2] == "indicators":
            row = section.indicators[int(path[3])].form
            names.append(_text(row.name_zh) or _text(row.code))
        return " › ".join(names)

    def _field(self, path: list[str]) -> Any:
        """The field a path of the document points to, as near as there is one."""
        if path[0] == "gates":
            names = {"measure": "gate_measure", "points": "gate_limit", "grade": "gate_grade"}
            return self[names.get(path[-1], "gate_clause_zh")]
        if path[0] == "grades" and len(path) > 1 and path[1].isdigit() and int(path[1]) < len(self.grades):
            return self.grades[int(path[1])].form[
                "at_least" if path[-1] not in ("code", "name_zh") else path[-1]
            ]
        if path[0] != "sections":
            return self._fields.get(path[0])
        if not len(self.sections):
            return None
        if len(path) == 1:
            return self.sections[-1].form.weight
        section = self.sections[int(path[1])].form
        if len(path) > 3 and path[2] == "indicators":
            row = section.indicators[int(path[3])].form
            names = {"bound": "cap", "curve": "step", "coefficients": "coefficient", "reference": "mode"}
            name = names.get(path[4], path[4]) if len(path) > 4 else "code"
            return row[name] if name in row else row["code"]
        if path[2:] == ["indicators"] and len(section.indicators):
            return section.indicators[-1].form.weight
        name = {"bound": "cap"}.get(path[2], path[2]) if len(path) > 2 else "code"
        return section[name] if name in section and name != "indicators" else section["code"]


class SchemeFileForm(Form):
    """A scheme file: chosen at first, then carried along until it is kept."""

    file = FileField(_l("方案文件（Excel 工作簿或 YAML）"))
    packed = HiddenField()
    seen = HiddenField()
    org_unit_id = SelectField(_l("所属机构"), coerce=int, validate_choice=False)
    save = BooleanField(_l("保存为草稿"))

    def validate_file(self, field: Any) -> None:
        """Ask for a file where none is carried along."""
        if not field.data and not self.packed.data:
            raise ValidationError(say(N_("请选择文件。")))

    def content(self, largest: int) -> bytes:
        """Return the file; of one that is too large only as much as shows it."""
        if self.file.data:
            return bytes(self.file.data.read(largest + 1))
        return unpacked(self.packed.data or "", largest)


def packed(content: bytes) -> str:
    """Return a file as a field of a form can carry it: a form's texts may not be as long as a file."""
    return base64.b64encode(zlib.compress(content)).decode()


def unpacked(text: str, largest: int) -> bytes:
    """Return what `packed` gave, nothing where it was tampered with; never more than one byte too much."""
    try:
        return zlib.decompressobj().decompress(base64.b64decode(text, validate=True), largest + 1)
    except (ValueError, zlib.error):
        return b""


class CycleForm(Form):
    """A new cycle."""

    code = StringField(
        _l("考核期编码"),
        [
            InputRequired(),
            Length(max=60),
            Regexp(r"^[A-Za-z0-9._-]+$", message=_l("编码只能用字母、数字、点、横线和下划线。")),
        ],
    )
    name_zh = StringField(_l("名称"), [InputRequired(), Length(max=200)])
    name_en = StringField(_l("英文名称"), [Length(max=200)])
    period = StringField(_l("期间（如 2026Q3）"), [InputRequired()])
    version_id = SelectField(_l("考核方案"), coerce=int)
    org_unit_id = SelectField(_l("机构（含下级）"), coerce=int)
    series = SelectField(_l("岗位序列"))
    parameters_of = SelectField(
        _l("按谁的参数计算"),
        choices=[
            (ParametersOf.PERSON.value, _l("每个人按其所在机构的参数")),
            (ParametersOf.CYCLE.value, _l("所有人都按考核期机构的参数")),
        ],
        default=ParametersOf.PERSON.value,
    )
    rating_due = DateField(_l("评分截止日"), [Optional()])

    def validate_period(self, field: Any) -> None:
        """Refuse what is no period, in the words of periods."""
        try:
            field.data = Period.parse(field.data or "").code
        except Refused as error:
            raise ValidationError(say(error.message, error.params)) from None


PLACES = -2
"""The exponent of the last place that points are adjusted by."""


class AdjustForm(Form):
    """A signed change of a total."""

    points = DecimalField(
        _l("调整分值（可为负）"),
        [InputRequired()],
        places=2,
        widget=TextInput(),
        render_kw={"autocomplete": "off"},
    )
    reason = TextAreaField(_l("理由"), [InputRequired(), Length(max=1000)])

    def validate_points(self, field: Any) -> None:
        """Refuse what is no number of points with at most two places."""
        points: Decimal | None = field.data
        if field.errors:
            return
        if points is None or not points.is_finite() or int(points.as_tuple().exponent) < PLACES:
            raise ValidationError(say(N_("请填写数字，最多两位小数。")))

    def change(self) -> tuple[Decimal, str]:
        """Return the points and the reason."""
        return self.points.data or Decimal(0), self.reason.data or ""


class FilterForm(Form):
    """What of the results to show; it changes nothing, so it needs no token."""

    class Meta(Form.Meta):
        """Read from the address."""

        csrf = False

    cycle = IntegerField(validators=[Optional()])
    unit = IntegerField(validators=[Optional()])
    grade = StringField()
    state = StringField()
    words = StringField()
    sort = StringField()


@dataclass(frozen=True)
class Typed:
    """What stands in the cells of the grid, as typed: by (employee id, indicator code)."""

    marks: dict[int, list[Mark]]
    problems: tuple[Problem, ...]


def typed_marks(values: Mapping[str, str], employee_ids: Iterable[int]) -> Typed:
    """Read the rating grid; fields are called level-<employee>-<code> and note-<employee>-<code>."""
    marks: dict[int, list[Mark]] = {}
    problems = []
    for employee_id in employee_ids:
        given = []
        for item in SEVEN:
            name = f"{employee_id}-{item.code}"
            if f"level-{name}" not in values:
                continue
            text = values[f"level-{name}"].strip()
            if text and not text.isdecimal():
                problems.append(Problem(N_("评分只能是 1 至 5。"), field=name, value=text))
                continue
            given.append(Mark(item.code, int(text) if text else None, values.get(f"note-{name}", "")))
        if given:
            marks[employee_id] = given
    return Typed(marks, tuple(problems))


def _shown(section: SectionDraft) -> dict[str, Any]:
    head = {name: getattr(section, name) for name in ("code", "name_zh", "name_en", "weight", "floor", "cap")}
    return {**head, "indicators": [_row(line) for line in section.indicators]}


def _row(line: IndicatorDraft) -> dict[str, Any]:
    return {
        **{name: getattr(line, name) for name in line.__dataclass_fields__ if name != "custom"},
        "mode": line.mode.value,
    }


def _empty_row() -> dict[str, Any]:
    return {"mode": Mode.RATIO.value, "base": 100.0, "coefficient": 1.0, "floor": 0.0, "cap": 120.0}


def _text(field: Any) -> str:
    return str(field.data or "").strip()


def _number(field: Any, otherwise: float) -> float:
    return otherwise if field.data is None else float(field.data)


class ParameterRow(Rows):
    """One parameter of those that are set together; a switch is chosen, a number typed."""

    path = HiddenField()
    value = Number(_l("本级的值"))
    choice = SelectField(_l("本级的选项"), validate_choice=False)
    below = SelectField(_l("下级"), choices=[(one.value, _l(BELOW[one])) for one in Below])
    low = Number(_l("下限"))
    high = Number(_l("上限"))

    def to_draft(self, switch: bool) -> ParameterDraft | None:
        """Return what is set; None where neither a value is given nor anything opened to the units below."""
        value = (self.choice.data or None) if switch else self.value.data
        below = Below(self.below.data)
        if value is None and below is Below.LOCKED:
            return None
        return ParameterDraft(self.path.data or "", value, below, self.low.data, self.high.data)


class ParameterForm(Form):
    """Parameters that are set together, since when, and why; `replaces` are the ids of the rows before."""

    lines = FieldList(FormField(ParameterRow), max_entries=400)
    valid_from = DateField(_l("生效日期"), [InputRequired()])
    valid_to = DateField(_l("截止日期（不含）"), [Optional()])
    priority = IntegerField(_l("优先级"), [InputRequired(), NumberRange(1, 99)], default=1)
    way = SelectField(_l("上下级都有设置时"), choices=[(one.value, _l(said)) for one, said in WAYS.items()])
    reason = TextAreaField(_l("理由"), [InputRequired(), Length(max=1000)])
    replaces = HiddenField()
    close = SubmitField(_l("撤销本级设置"))

    def replaced(self) -> tuple[int, ...]:
        """Return the ids of the rows that this takes the place of."""
        return tuple(int(one) for one in (self.replaces.data or "").split(",") if one.isdecimal())

    def to_draft(self, switches: Collection[str]) -> Setting:
        """Return what is set; `switches` are the paths of those that are chosen, not typed."""
        drafts = [line.form.to_draft(line.form.path.data in switches) for line in self.lines]
        return Setting(
            drafts=() if self.close.data else tuple(one for one in drafts if one is not None),
            first=self.valid_from.data or date.min,
            after=self.valid_to.data,
            way=Way(self.way.data),
            priority=self.priority.data or 1,
            reason=self.reason.data or "",
        )


class TableFilterForm(Form):
    """Which parameters to show, for which day; it changes nothing, so it needs no token."""

    class Meta(Form.Meta):
        """Read from the address."""

        csrf = False

    unit = IntegerField(validators=[Optional()])
    scheme = StringField()
    on = DateField(validators=[Optional()])
    part = StringField()
    words = StringField()
    touched = BooleanField()
