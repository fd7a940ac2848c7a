"""Forms of code maps: one code, its end, a file of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_wtf.file import FileField
from wtforms import DateField, HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from lms.indicators.rules.kinds import CodeKind
from lms.web.forms import Form
from lms.web.text import lazy as _l

KINDS = {CodeKind.EMPLOYEE: _l("人员代码"), CodeKind.UNIT: _l("机构代码")}
EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)


def refuse_odd_days(_form: Form, field: DateField) -> None:
    """Refuse days that no record of a bank has."""
    if field.data and not EARLIEST <= field.data <= LATEST:
        raise ValidationError(str(_l("请输入 2000 年以后的日期。")))


@dataclass(frozen=True)
class TypedMap:
    """A code map as typed: employee and unit by their own numbers."""

    kind: CodeKind
    source: str
    code: str
    employee: str
    unit: str
    valid_from: date
    valid_to: date | None


class CodeMapForm(Form):
    """What a code of another system means, from when to when."""

    kind = SelectField(_l("代码类别"), choices=[(key.value, word) for key, word in KINDS.items()])
    source = StringField(
        _l("来源系统"), [Optional(), Length(max=40)], render_kw={"list": "sources", "autocomplete": "off"}
    )
    code = StringField(_l("来源代码"), [InputRequired(), Length(max=60)])
    employee = StringField(_l("对应员工号"), [Optional(), Length(max=40)])
    unit = StringField(
        _l("对应机构代码"), [Optional(), Length(max=40)], render_kw={"list": "units", "autocomplete": "off"}
    )
    valid_from = DateField(_l("生效日期"), [InputRequired(), refuse_odd_days])
    valid_to = DateField(_l("失效日期（可不填）"), [Optional(), refuse_odd_days])

    def to_draft(self) -> TypedMap:
        """Return what was typed."""
        assert self.valid_from.data is not None
        return TypedMap(
            CodeKind(self.kind.data),
            (self.source.data or "").strip(),
            str(self.code.data).strip(),
            (self.employee.data or "").strip(),
            (self.unit.data or "").strip(),
            self.valid_from.data,
            self.valid_to.data,
        )


class EndForm(Form):
    """From which day on a code map holds no longer."""

    day = DateField(_l("从哪天起终止"), [InputRequired(), refuse_odd_days])


class ChoiceForm(Form):
    """Whom or what a code is to mean, chosen from a search, and from which day on."""

    target = StringField(_l("对应"), [InputRequired(_l("请选择一个人员或机构。")), Length(max=30)])
    valid_from = DateField(_l("从哪天起"), [InputRequired(), refuse_odd_days])


class CodeFileForm(Form):
    """A file of code maps, or the sign of one that was looked at just now."""

    file = FileField(_l("文件"))
    looked_at = HiddenField()


class DayForm(Form):
    """The day to balance anew."""

    day = DateField(_l("日期"), [InputRequired(), refuse_odd_days])
