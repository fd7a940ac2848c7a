"""Forms of administration."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DecimalField, HiddenField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Regexp
from wtforms.validators import Optional as Blank

from lms.core.textfile import UNITS
from lms.indicators.rules import (
    Aggregate,
    Direction,
    Held,
    ImportKind,
    IndicatorDraft,
    IndicatorSet,
    Policy,
    UploadDraft,
)
from lms.scoring.document import IndicatorClass
from lms.scoring.lint import CLASS_NAMES
from lms.web.forms import Form
from lms.web.text import lazy as _l

KINDS = {
    ImportKind.ACTUALS: _l("实际值"),
    ImportKind.TARGETS: _l("目标值"),
    ImportKind.PEOPLE: _l("人员"),
    ImportKind.RECORDS: _l("业务数据"),
    ImportKind.UNITS: _l("机构"),
}
WITHOUT_MODEL = {kind: word for kind, word in KINDS.items() if kind is not ImportKind.RECORDS}
"""What is uploaded without naming a data model."""
ELSEWHERE = (ImportKind.PEOPLE, ImportKind.UNITS)
"""Kinds that have a form of their own."""
POLICIES = {
    Policy.ALL_OR_NOTHING: _l("有任何错误就全部不导入"),
    Policy.GOOD_ROWS: _l("只导入正确的行"),
}
SETS = {
    IndicatorSet.BASIC: _l("基本"),
    IndicatorSet.CHANGE: _l("变动"),
    IndicatorSet.INCOME: _l("收支"),
    IndicatorSet.TRANSACTION: _l("交易"),
    IndicatorSet.OTHER: _l("其它"),
}
DIRECTIONS = {Direction.MORE: _l("越多越好"), Direction.LESS: _l("越少越好")}
AGGREGATES = {
    Aggregate.SUM: _l("合计"),
    Aggregate.LAST: _l("期末值"),
    Aggregate.DAILY_AVG: _l("日均"),
    Aggregate.COUNT: _l("计数"),
    Aggregate.DISTINCT: _l("去重计数"),
    Aggregate.MEAN: _l("平均"),
}


def _choices(words: dict[Any, Any]) -> list[tuple[str, Any]]:
    return [(str(key), word) for key, word in words.items()]


CLASSES = [("-", _l("未归类")), *((one.value, _l(name)) for one, name in CLASS_NAMES.items())]
SINGLE_DAY = [("-", _l("按定义判断")), ("yes", _l("是")), ("no", _l("不是"))]


class UploadForm(Form):
    """A file and what is decided about it before it is looked at."""

    kind = SelectField(_l("文件内容"))
    file = FileField(_l("文件"), validators=[FileRequired(_l("请选择文件。"))])
    period = StringField(
        _l("所属期间"),
        validators=[
            DataRequired(),
            Regexp(r"^\d{4}(Q[1-4]|-(0[1-9]|1[0-2]))?$", message=_l("请写成 2026、2026Q3 或 2026-09。")),
        ],
    )
    policy = SelectField(_l("遇到错误行时"), choices=_choices(POLICIES))
    mends = HiddenField()

    def to_draft(self, held: Held, models: Mapping[str, int]) -> UploadDraft:
        """Return the upload to be, of content that is held already; `models`: the data models by code."""
        kind, _, model = str(self.kind.data).partition(":")
        return UploadDraft(
            kind=ImportKind(kind),
            name=str(self.file.data.filename or "file"),
            held=held,
            period=str(self.period.data),
            policy=Policy(self.policy.data),
            data_model_id=models[model] if model else None,
        )


class WithdrawForm(Form):
    """Why a batch is to count no longer."""

    reason = StringField(_l("撤回理由"), validators=[DataRequired(), Length(max=500)])


class HideForm(Form):
    """Why an imported value is hidden or shown again."""

    reason = StringField(_l("理由"), validators=[DataRequired(_l("请写明理由。")), Length(max=500)])


class IndicatorForm(Form):
    """A new indicator."""

    code = StringField(_l("代码"), validators=[DataRequired(), Length(max=40), Regexp(r"^[A-Za-z0-9_.-]+$")])
    name_zh = StringField(_l("中文名称"), validators=[DataRequired(), Length(max=120)])
    name_en = StringField(_l("英文名称"), validators=[Length(max=120)])
    indicator_set = SelectField(_l("指标集"), choices=_choices(SETS))
    unit = SelectField(_l("计量单位"), choices=[(unit, unit) for unit in UNITS])
    direction = SelectField(_l("方向"), choices=_choices(DIRECTIONS))
    aggregate = SelectField(_l("期间汇总方式"), choices=_choices(AGGREGATES))
    minimum = DecimalField(_l("允许的最小值"), validators=[Blank(), NumberRange(-(10**12), 10**12)], places=6)
    maximum = DecimalField(_l("允许的最大值"), validators=[Blank(), NumberRange(-(10**12), 10**12)], places=6)
    whole = BooleanField(_l("只能是整数"))
    by_hand = BooleanField(_l("可以人工录入"))
    indicator_class = SelectField(_l("指标类别"), choices=CLASSES, default="-")
    point_in_time = SelectField(_l("是否时点性规模"), choices=SINGLE_DAY, default="-")
    base = SelectField(_l("变动指标所对应的指标"), validators=[InputRequired()], validate_choice=True)

    def to_draft(self) -> IndicatorDraft:
        """Return the indicator to be."""
        return IndicatorDraft(
            code=str(self.code.data),
            name_zh=str(self.name_zh.data),
            name_en=self.name_en.data or None,
            indicator_set=IndicatorSet(self.indicator_set.data),
            unit=str(self.unit.data),
            direction=Direction(self.direction.data),
            aggregate=Aggregate(self.aggregate.data),
            minimum=_limit(self.minimum.data),
            maximum=_limit(self.maximum.data),
            whole=bool(self.whole.data),
            by_hand=bool(self.by_hand.data),
            base=None if self.base.data == "-" else str(self.base.data),
            indicator_class=class_of(self.indicator_class.data),
            point_in_time=declared(self.point_in_time.data),
        )


class ClassForm(Form):
    """What class an indicator is of, and whether it is the scale of a single day."""

    indicator_class = SelectField(_l("指标类别"), choices=CLASSES, default="-")
    point_in_time = SelectField(_l("是否时点性规模"), choices=SINGLE_DAY, default="-")

    def show(self, indicator_class: IndicatorClass | None, *, point_in_time: bool | None) -> None:
        """Show what holds now."""
        self.indicator_class.data = indicator_class.value if indicator_class else "-"
        self.point_in_time.data = {None: "-", True: "yes", False: "no"}[point_in_time]


def class_of(chosen: Any) -> IndicatorClass | None:
    """Return the class that was chosen."""
    return None if chosen in (None, "-") else IndicatorClass(chosen)


def declared(chosen: Any) -> bool | None:
    """Return what was declared: yes, no, or nothing."""
    return {"yes": True, "no": False}.get(chosen)


def _limit(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)
