"""Forms of administration."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DecimalField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Regexp
from wtforms.validators import Optional as Blank

from lms.core.textfile import UNITS, Options
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
from lms.web.forms import Form
from lms.web.text import lazy as _l

KINDS = {
    ImportKind.ACTUALS: _l("实际值"),
    ImportKind.TARGETS: _l("目标值"),
    ImportKind.PEOPLE: _l("人员"),
    ImportKind.RECORDS: _l("业务数据"),
}
WITHOUT_MODEL = {kind: word for kind, word in KINDS.items() if kind is not ImportKind.RECORDS}
"""What is uploaded without naming a data model."""
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
ENCODINGS = {
    "": _l("自动识别"),
    "utf-8": "UTF-8",
    "gb18030": "GBK / GB18030",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
}
SEPARATORS = {
    "": _l("自动识别"),
    ",": _l("逗号"),
    "\t": _l("制表符"),
    ";": _l("分号"),
    "|": _l("竖线"),
}


def _choices(words: dict[Any, Any]) -> list[tuple[str, Any]]:
    return [(str(key), word) for key, word in words.items()]


class UploadForm(Form):
    """A file and what is decided about it before it is looked at."""

    kind = SelectField(_l("文件内容"), choices=_choices(WITHOUT_MODEL))
    file = FileField(_l("文件"), validators=[FileRequired(_l("请选择文件。"))])
    period = StringField(
        _l("所属期间"),
        validators=[
            DataRequired(),
            Regexp(r"^\d{4}(Q[1-4]|-(0[1-9]|1[0-2]))?$", message=_l("请写成 2026、2026Q3 或 2026-09。")),
        ],
    )
    policy = SelectField(_l("遇到错误行时"), choices=_choices(POLICIES))
    split = BooleanField(_l("文件含有多个指标集时，按指标集拆分成多个批次"))

    def to_draft(self, held: Held) -> UploadDraft:
        """Return the upload to be, of content that is held already."""
        return UploadDraft(
            kind=ImportKind(self.kind.data),
            name=str(self.file.data.filename or "file"),
            held=held,
            period=str(self.period.data),
            policy=Policy(self.policy.data),
            split=bool(self.split.data),
        )


class ReadingForm(Form):
    """How a file is to be read, and what becomes of bad rows."""

    encoding = SelectField(_l("编码"), choices=_choices(ENCODINGS))
    separator = SelectField(_l("分隔符"), choices=_choices(SEPARATORS))
    skip_totals = BooleanField(_l("跳过合计行"))
    serial_days = BooleanField(_l("日期列中的五位数字是表格软件的日期序号"))
    policy = SelectField(_l("遇到错误行时"), choices=_choices(POLICIES))
    split = BooleanField(_l("文件含有多个指标集时，按指标集拆分成多个批次"))

    def to_options(self) -> Options:
        """Return how the file is to be read."""
        return Options(
            encoding=self.encoding.data or None,
            separator=self.separator.data or None,
            skip_totals=bool(self.skip_totals.data),
            serial_days=bool(self.serial_days.data),
        )


class WithdrawForm(Form):
    """Why a batch is to count no longer."""

    reason = StringField(_l("撤回理由"), validators=[DataRequired(), Length(max=500)])


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
            base=None if self.base.data == "-" else str(self.base.data),
        )


def _limit(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)
