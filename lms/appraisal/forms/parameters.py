"""Forms of parameters by org level: what is set together, and which of them are shown."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms import Form as Rows
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from lms.appraisal.forms.fields import Number
from lms.appraisal.rules.levels import Below, ParameterDraft, Setting, Way
from lms.appraisal.rules.parameter_words import BELOW, WAYS
from lms.web.forms import Form
from lms.web.text import lazy as _l


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
