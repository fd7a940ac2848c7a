"""Forms of the designer of data models."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms import Form as Part
from wtforms.validators import DataRequired, Length, NumberRange, Regexp
from wtforms.validators import Optional as Blank

from lms.admin.forms.imports import POLICIES
from lms.core.textfile import UNITS
from lms.indicators.rules import Held, ImportKind, Policy, UploadDraft
from lms.indicators.rules.conditions import SEVERAL, Condition, Op
from lms.indicators.rules.datamodel import FieldDraft, MappingDraft, ModelDraft
from lms.indicators.rules.kinds import Delivery, FieldKind, FieldRole, FieldUse, ModelState
from lms.web.forms import Form
from lms.web.text import lazy as _l

DELIVERIES = {
    Delivery.SNAPSHOT: _l("快照：某日的全部状态，替换同日的旧快照"),
    Delivery.REPLACE_DAY: _l("按日替换：某日的全部明细，替换同日的旧明细"),
    Delivery.DELTA: _l("增量：追加记录，主键相同的替换旧记录；没有主键时每一行都算一条"),
}
DELIVERIES_SHORT = {
    Delivery.SNAPSHOT: _l("快照"),
    Delivery.REPLACE_DAY: _l("按日替换"),
    Delivery.DELTA: _l("增量"),
}
STATES = {
    ModelState.DRAFT: _l("草稿"),
    ModelState.ACTIVE: _l("启用"),
    ModelState.RETIRED: _l("停用"),
}
FIELD_KINDS = {
    FieldKind.TEXT: _l("文本"),
    FieldKind.ID: _l("编号（保留前导零）"),
    FieldKind.NUMBER: _l("数值"),
    FieldKind.DAY: _l("日期"),
    FieldKind.CHOICE: _l("选项"),
}
ROLES = {
    FieldRole.NONE: _l("无"),
    FieldRole.EMPLOYEE: _l("客户经理"),
    FieldRole.UNIT: _l("机构"),
    FieldRole.CUSTOMER: _l("客户"),
    FieldRole.ACCOUNT: _l("账户"),
    FieldRole.PRODUCT: _l("产品"),
    FieldRole.DAY: _l("数据日期"),
    FieldRole.REFERENCE: _l("业务编号"),
}
USES = {
    FieldUse.UNDECIDED: _l("尚未决定"),
    FieldUse.INDICATOR: _l("用于指标"),
    FieldUse.ROLE: _l("用作角色"),
    FieldUse.NOT_USED: _l("不使用"),
}
OPS = {
    Op.EQ: _l("等于"),
    Op.NE: _l("不等于"),
    Op.IN: _l("属于"),
    Op.NOT_IN: _l("不属于"),
    Op.GT: _l("大于"),
    Op.GE: _l("大于等于"),
    Op.LT: _l("小于"),
    Op.LE: _l("小于等于"),
    Op.EMPTY: _l("为空"),
    Op.FILLED: _l("不为空"),
}
_SPLIT = re.compile(r"[、,，;；\n]+")


def _choices(words: dict[Any, Any]) -> list[tuple[str, Any]]:
    return [(str(key), word) for key, word in words.items()]


def _several(text: str | None) -> tuple[str, ...]:
    return tuple(one.strip() for one in _SPLIT.split(text or "") if one.strip())


class ModelForm(Form):
    """Name, source and delivery of a data model."""

    code = StringField(_l("代码"), validators=[DataRequired(), Length(max=60)])
    name_zh = StringField(_l("中文名称"), validators=[DataRequired(), Length(max=120)])
    name_en = StringField(_l("英文名称"), validators=[Length(max=120)])
    source = StringField(_l("来源系统"), validators=[Length(max=40)])
    delivery = SelectField(_l("交付方式"), choices=_choices(DELIVERIES))
    version = HiddenField()

    def to_draft(self) -> ModelDraft:
        """Return the model to be, without fields."""
        return ModelDraft(
            code=str(self.code.data).strip(),
            name_zh=str(self.name_zh.data).strip(),
            name_en=str(self.name_en.data or "").strip() or None,
            source=str(self.source.data or "").strip(),
            delivery=Delivery(self.delivery.data),
        )


class ConditionPart(Part):
    """One condition of a mapping; without a field it is none."""

    field = SelectField(_l("条件字段"), choices=[], default="")
    op = SelectField(_l("比较"), choices=_choices(OPS), default=Op.EQ.value)
    value = StringField(_l("比较值"), validators=[Length(max=500)])

    def to_draft(self) -> Condition:
        """Return the condition to be."""
        op, text = Op(self.op.data), str(self.value.data or "").strip()
        values = _several(text) if op in SEVERAL else (text,) if text else ()
        return Condition(str(self.field.data), op, values)


class MappingPart(Part):
    """One indicator that the field feeds; without an indicator it is none."""

    indicator = SelectField(_l("指标"), choices=[], default="")
    coefficient = DecimalField(_l("系数"), places=None, validators=[Blank()])
    valid_from = DateField(_l("生效日期"), validators=[Blank()])
    valid_to = DateField(_l("截止日期（不含）"), validators=[Blank()])
    conditions = FieldList(FormField(ConditionPart), min_entries=2)

    def to_draft(self) -> MappingDraft:
        """Return the mapping to be."""
        given = self.coefficient.data
        return MappingDraft(
            indicator=str(self.indicator.data),
            valid_from=self.valid_from.data or date(2000, 1, 1),
            valid_to=self.valid_to.data,
            coefficient=Decimal(1) if given is None else Decimal(given),
            conditions=tuple(
                part.form.to_draft() for part in self.conditions.entries if part.form.field.data
            ),
        )


class FieldForm(Form):
    """A field of a data model, and what becomes of it."""

    code = StringField(_l("代码"), validators=[DataRequired(), Length(max=60)])
    name_zh = StringField(_l("中文名称"), validators=[DataRequired(), Length(max=120)])
    name_en = StringField(_l("英文名称"), validators=[Length(max=120)])
    place = IntegerField(_l("位置"), validators=[Blank(), NumberRange(1, 500)])
    kind = SelectField(_l("类型"), choices=_choices(FIELD_KINDS))
    unit = SelectField(_l("单位"), choices=[("", _l("无")), *((unit, unit) for unit in UNITS)])
    required = BooleanField(_l("必填"))
    in_key = BooleanField(_l("主键"))
    titles = TextAreaField(_l("表头的其它写法"), validators=[Length(max=2000)])
    choices = TextAreaField(_l("选项"), validators=[Length(max=10000)])
    role = SelectField(_l("角色"), choices=_choices(ROLES))
    use = SelectField(_l("用途"), choices=_choices(USES))
    mappings = FieldList(FormField(MappingPart), min_entries=1)
    version = HiddenField()

    def offer(self, indicators: Sequence[tuple[str, str]], fields: Sequence[tuple[str, str]]) -> None:
        """Say which indicators and which fields may be chosen."""
        for part in self.mappings.entries:
            part.form.indicator.choices = [("", _l("（不选）")), *indicators]
            for condition in part.form.conditions.entries:
                condition.form.field.choices = [("", _l("（无条件）")), *fields]

    def to_draft(self) -> FieldDraft:
        """Return the field to be."""
        return FieldDraft(
            code=str(self.code.data).strip(),
            name_zh=str(self.name_zh.data).strip(),
            name_en=str(self.name_en.data or "").strip() or None,
            kind=FieldKind(self.kind.data),
            required=bool(self.required.data),
            in_key=bool(self.in_key.data),
            unit=str(self.unit.data or ""),
            role=FieldRole(self.role.data),
            use=FieldUse(self.use.data),
            titles=_several(self.titles.data),
            choices=_choice_lines(str(self.choices.data or "")),
            mappings=tuple(
                part.form.to_draft() for part in self.mappings.entries if part.form.indicator.data
            ),
        )


def _choice_lines(text: str) -> dict[str, tuple[str, ...]]:
    """Read `code = spelling, spelling`, one choice a line."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        code, _, spellings = line.replace("＝", "=").partition("=")
        if line.strip():
            found[code.strip()] = (*found.get(code.strip(), ()), *_several(spellings))
    return found


def field_data(draft: FieldDraft, *, place: int, version: int) -> dict[str, Any]:
    """Return a field as the data of its form."""
    return {
        "code": draft.code,
        "name_zh": draft.name_zh,
        "name_en": draft.name_en or "",
        "place": place,
        "kind": draft.kind.value,
        "unit": draft.unit,
        "required": draft.required,
        "in_key": draft.in_key,
        "titles": "、".join(draft.titles),
        "choices": "\n".join(
            f"{code} = {'、'.join(spellings)}" if spellings else code
            for code, spellings in draft.choices.items()
        ),
        "role": draft.role.value,
        "use": draft.use.value,
        "mappings": [_mapping_data(one) for one in draft.mappings],
        "version": version,
    }


def _mapping_data(draft: MappingDraft) -> dict[str, Any]:
    return {
        "indicator": draft.indicator,
        "coefficient": draft.coefficient,
        "valid_from": draft.valid_from,
        "valid_to": draft.valid_to,
        "conditions": [
            {"field": one.field, "op": one.op.value, "value": "、".join(one.values)}
            for one in draft.conditions
        ],
    }


class ModelFileForm(Form):
    """A model's file from another bank."""

    file = FileField(_l("模型文件（YAML 或 JSON）"), validators=[FileRequired(_l("请选择文件。"))])


class RecordsForm(Form):
    """A file of a model's records."""

    file = FileField(_l("文件"), validators=[FileRequired(_l("请选择文件。"))])
    period = StringField(
        _l("所属期间"),
        validators=[
            DataRequired(),
            Regexp(r"^\d{4}(Q[1-4]|-(0[1-9]|1[0-2]))?$", message=_l("请写成 2026、2026Q3 或 2026-09。")),
        ],
    )
    policy = SelectField(_l("遇到错误行时"), choices=_choices(POLICIES))

    def to_draft(self, held: Held, data_model_id: int) -> UploadDraft:
        """Return the upload to be, of content that is held already."""
        return UploadDraft(
            kind=ImportKind.RECORDS,
            name=str(self.file.data.filename or "file"),
            held=held,
            period=str(self.period.data),
            policy=Policy(self.policy.data),
            data_model_id=data_model_id,
        )
