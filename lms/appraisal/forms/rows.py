"""The rows of the scheme editor: sections, indicators and their tables, gates, grades, clauses, examples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wtforms import BooleanField, FieldList, FormField, HiddenField, StringField, TextAreaField
from wtforms import Form as Rows
from wtforms.validators import Length

from lms.appraisal.forms import choices
from lms.appraisal.forms.fields import Number, SelectOffered, SelectOne, number_of, text_of
from lms.appraisal.rules.draft import (
    ClauseDraft,
    CoefficientDraft,
    ConditionDraft,
    Data,
    GateDraft,
    GradeDraft,
    IndicatorDraft,
    Mode,
    SectionDraft,
    SegmentDraft,
    StandardDraft,
)
from lms.web.text import lazy as _l


class StandardRow(Rows):
    """A threshold, standard, place or share, and the points from there."""

    at = Number(_l("从"))
    points = Number(_l("得分"))


class SegmentRow(Rows):
    """A piece of a curve."""

    low = Number(_l("起点（空：无下限）"))
    low_closed = SelectOne(_l("含起点"), choices.CLOSED)
    high = Number(_l("终点（空：无上限）"))
    high_closed = SelectOne(_l("含终点"), choices.CLOSED, default="open")
    at = Number(_l("基准处"))
    points = Number(_l("基准处得分"))
    slope = Number(_l("每增 1 加分（0：不变）"))


class CoefficientRow(Rows):
    """A factor on the points."""

    name = StringField(_l("系数代码"), [Length(max=60)])
    source = StringField(_l("来源"), [Length(max=200)])
    value = Number(_l("系数值"))
    low = Number(_l("下限"))
    high = Number(_l("上限"))


class IndicatorRow(Rows):
    """One indicator of a section."""

    was = HiddenField()
    mode_was = HiddenField()
    code = StringField(_l("代码"), [Length(max=60)])
    name_zh = StringField(_l("名称"), [Length(max=200)])
    name_en = StringField(_l("英文名称"), [Length(max=200)])
    unit = StringField(_l("单位"), [Length(max=40)])
    measure = SelectOffered(_l("数据来源"))
    weight = Number(_l("权重"))
    clause = StringField(_l("条款编号"), [Length(max=40)])
    mode = SelectOne(_l("计分方式"), choices.MODES, validate_choice=False)
    direction = SelectOne(_l("方向"), choices.DIRECTIONS)
    position = SelectOne(_l("按什么计分"), choices.POSITIONS)
    reference = SelectOne(_l("与什么比较"), choices.REFERENCES)
    reference_value = Number(_l("固定值"))
    base = Number(_l("起点得分"))
    step = Number(_l("步长"))
    points_per_step = Number(_l("每步分值"))
    step_mode = SelectOne(_l("不足一步"), choices.STEP_MODES)
    step_origin = Number(_l("从几起算"))
    standards = FieldList(FormField(StandardRow))
    below = Number(_l("表外得分"))
    segments = FieldList(FormField(SegmentRow))
    floor = Number(_l("保底分"))
    cap = Number(_l("封顶分"))
    coefficients = FieldList(FormField(CoefficientRow))
    missing = SelectOne(_l("缺数据时"), choices.MISSING)
    moves_to = SelectOffered(_l("权重移给"))
    zero = SelectOne(_l("除数为零时"), choices.ZERO)
    zero_points = Number(_l("除数为零得分"))

    def blank(self) -> bool:
        """Whether the row was left empty."""
        return not (text_of(self.code) or text_of(self.name_zh))

    @property
    def chosen(self) -> Mode:
        """The short form that is chosen."""
        return next((one for one in Mode if one.value == self.mode.data), Mode.RATIO)

    def to_draft(self, before: IndicatorDraft | None) -> IndicatorDraft:
        """Return the row; what the editor does not know is taken from `before`."""
        mode = self.chosen
        move = "move" in (self.missing.data, self.zero.data)
        return IndicatorDraft(
            code=text_of(self.code),
            name_zh=text_of(self.name_zh),
            name_en=text_of(self.name_en),
            unit=text_of(self.unit),
            measure=text_of(self.measure),
            mode=mode,
            direction=self.direction.data,
            base=number_of(self.base, 100.0 if mode in (Mode.RATIO, Mode.DIFFERENCE) else 0.0),
            step=self.step.data,
            points_per_step=self.points_per_step.data,
            step_mode=self.step_mode.data,
            step_origin=number_of(self.step_origin, 0.0),
            position=self.position.data,
            reference=self.reference.data,
            reference_value=self.reference_value.data,
            standards=tuple(StandardDraft(row.form.at.data, row.form.points.data) for row in self.standards),
            below=self.below.data,
            segments=tuple(_segment(row.form) for row in self.segments),
            coefficients=tuple(_coefficient(row.form) for row in self.coefficients),
            weight=self.weight.data,
            floor=self.floor.data,
            cap=self.cap.data,
            missing=self.missing.data,
            moves_to=text_of(self.moves_to) if move else "",
            zero=self.zero.data,
            zero_points=self.zero_points.data if self.zero.data == "points" else None,
            custom=before.custom if before and mode is Mode.CUSTOM else None,
            clause=text_of(self.clause),
            kept=before.kept if before else {},
        )


class SectionRow(Rows):
    """One section with its indicators."""

    was = HiddenField()
    code = StringField(_l("模块编码"), [Length(max=60)])
    name_zh = StringField(_l("模块名称"), [Length(max=200)])
    name_en = StringField(_l("英文名称"), [Length(max=200)])
    weight = Number(_l("模块权重"))
    group = SelectOne(_l("指标合成方式"), choices.GROUPS)
    floor = Number(_l("保底分"))
    cap = Number(_l("封顶分"))
    clause = StringField(_l("条款编号"), [Length(max=40)])
    indicators = FieldList(FormField(IndicatorRow))

    def blank(self) -> bool:
        """Whether the section was left empty."""
        rows = any(not row.form.blank() for row in self.indicators)
        return not (text_of(self.code) or text_of(self.name_zh) or rows)

    def to_draft(
        self, before: SectionDraft | None, lines: Mapping[str, IndicatorDraft] | None = None
    ) -> SectionDraft:
        """Return the section with its rows; `lines` are the indicators before, by code."""
        known = lines if lines is not None else {}
        return SectionDraft(
            code=text_of(self.code),
            name_zh=text_of(self.name_zh),
            name_en=text_of(self.name_en),
            weight=self.weight.data,
            floor=self.floor.data,
            cap=self.cap.data,
            indicators=tuple(row.form.to_draft(known.get(text_of(row.form.was))) for row in self.indicators),
            group=self.group.data,
            clause=text_of(self.clause),
            kept=before.kept if before else {},
        )


class GradeRow(Rows):
    """A grade and the lowest total that earns it."""

    was = HiddenField()
    code = StringField(_l("等级"), [Length(max=60)])
    name_zh = StringField(_l("名称"), [Length(max=200)])
    name_en = StringField(_l("英文名称"), [Length(max=200)])
    at_least = Number(_l("最低分"))

    def to_draft(self, before: GradeDraft | None) -> GradeDraft:
        """Return the grade."""
        return GradeDraft(
            text_of(self.code),
            text_of(self.name_zh),
            text_of(self.name_en),
            self.at_least.data,
            before.kept if before else {},
        )


class ConditionRow(Rows):
    """A further condition of a gate."""

    measure = SelectOffered(_l("数据"))
    op = SelectOne(_l("比较"), choices.OPS)
    value = Number(_l("界限"))


class GateRow(Rows):
    """A gate over the total."""

    was = HiddenField()
    code = StringField(_l("门槛代码"), [Length(max=60)])
    name_zh = StringField(_l("名称"), [Length(max=200)])
    name_en = StringField(_l("英文名称"), [Length(max=200)])
    measure = SelectOffered(_l("门槛数据"))
    op = SelectOne(_l("比较"), choices.OPS)
    limit = Number(_l("界限"))
    also = FieldList(FormField(ConditionRow))
    effect = SelectOne(_l("触发后"), choices.EFFECTS)
    grade = SelectOffered(_l("等级最高为"))
    points = Number(_l("分数"))
    factor = Number(_l("乘数"))
    missing = SelectOne(_l("缺数据时"), choices.GATE_MISSING, default="pass")
    clause_zh = TextAreaField(_l("门槛条款（印在结果上）"), [Length(max=2000)])
    clause_en = TextAreaField(_l("门槛条款（英文）"), [Length(max=2000)])
    clause = StringField(_l("条款编号"), [Length(max=40)])

    def blank(self) -> bool:
        """Whether nothing of a gate was said."""
        return not any(text_of(self[name]) for name in ("was", "code", "name_zh", "measure", "clause_zh"))

    def to_draft(self, before: GateDraft | Data | None) -> GateDraft | Data:
        """Return the gate; one that the editor cannot show stays as it is."""
        if before is not None and not isinstance(before, GateDraft):
            return before
        effect = self.effect.data
        made = GateDraft(
            measure=text_of(self.measure),
            limit=self.limit.data,
            op=self.op.data,
            also=tuple(
                ConditionDraft(text_of(row.form.measure), row.form.op.data, row.form.value.data)
                for row in self.also
            ),
            effect=effect,
            grade=text_of(self.grade),
            points=self.points.data,
            factor=self.factor.data,
            missing=self.missing.data,
            clause_zh=text_of(self.clause_zh),
            clause_en=text_of(self.clause_en),
            code=text_of(self.code),
            name_zh=text_of(self.name_zh),
            name_en=text_of(self.name_en),
            clause=text_of(self.clause),
        )
        return replace(made, kept=before.kept) if before else made


class ClauseRow(Rows):
    """A clause of the bank's own rule document."""

    number = StringField(_l("条款编号"), [Length(max=40)])
    text = TextAreaField(_l("条款原文"), [Length(max=4000)])

    def to_draft(self) -> ClauseDraft:
        """Return the clause."""
        return ClauseDraft(text_of(self.number), text_of(self.text))


class ExampleRow(Rows):
    """A worked example: one of the version by its name, or a new one with all it says."""

    name = HiddenField()
    content = HiddenField()
    drop = BooleanField(_l("删除此算例"))

    def to_draft(self, before: Mapping[str, Data]) -> Data | None:
        """Return the example, None where it is to go or was tampered with."""
        if self.drop.data:
            return None
        if not self.content.data:
            return before.get(str(self.name.data))
        try:
            found = json.loads(self.content.data)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None


def _segment(row: Any) -> SegmentDraft:
    return SegmentDraft(
        low=row.low.data,
        high=row.high.data,
        points=row.points.data,
        slope=number_of(row.slope, 0.0),
        at=number_of(row.at, 0.0),
        low_closed=row.low_closed.data == "closed",
        high_closed=row.high_closed.data == "closed",
    )


def _coefficient(row: Any) -> CoefficientDraft:
    return CoefficientDraft(
        name=text_of(row["name"]),
        source=text_of(row.source),
        value=number_of(row.value, 1.0),
        low=row.low.data,
        high=row.high.data,
    )
