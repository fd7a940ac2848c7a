"""Forms of a cycle: opening it, rating in the grid, filtering the results, adjusting a total."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wtforms import DateField, DecimalField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError
from wtforms.widgets import TextInput

from lms.appraisal.rules.comprehensive import SEVEN, Mark
from lms.appraisal.rules.levels import ParametersOf
from lms.core.errors import Problem, Refused
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.web.forms import Form
from lms.web.text import lazy as _l
from lms.web.text import say


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
