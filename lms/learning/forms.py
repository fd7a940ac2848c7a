"""Forms of learning."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from lms.web.forms import Form
from lms.web.text import lazy as _l

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class CohortDraft:
    """A cohort as typed; the days are its first and its last."""

    number: str
    name_zh: str
    name_en: str | None
    course_version_id: int
    org_unit_id: int
    starts_on: date
    ends_on: date
    location: str
    capacity: int
    rest_days: bool
    trainers: str


def _whole(text: Any) -> int:
    return int(text) if str(text or "").isascii() and str(text or "").isdigit() else 0


class CohortForm(Form):
    """Opening a cohort."""

    number = StringField(_l("班次编号"), [DataRequired(), Length(max=40)])
    name_zh = StringField(_l("班次名称（中文）"), [DataRequired(), Length(max=120)])
    name_en = StringField(_l("班次名称（英文）"), [Optional(), Length(max=120)])
    course_version_id = SelectField(_l("课程"), coerce=int)
    org_unit_id = SelectField(_l("主办机构"), coerce=int)
    starts_on = DateField(_l("开始日期"), [InputRequired()])
    ends_on = DateField(_l("结束日期"), [InputRequired()])
    location = StringField(_l("地点"), [DataRequired(), Length(max=200)])
    capacity = IntegerField(_l("名额"), [InputRequired(), NumberRange(min=1, max=10000)])
    rest_days = BooleanField(_l("周末和法定节假日休息"), default=True)
    trainers = TextAreaField(_l("培训师员工号"), [DataRequired(), Length(max=4000)])
    seen = HiddenField(filters=[_whole])

    def validate_ends_on(self, field: DateField) -> None:
        """The last day is not before the first."""
        if self.starts_on.data and field.data and field.data < self.starts_on.data:
            raise ValidationError(str(_l("结束日期不能早于开始日期。")))

    def offer(self, courses: Choices, units: Choices) -> None:
        """Say which courses and units may be chosen."""
        self.course_version_id.choices = list(courses)
        self.org_unit_id.choices = list(units)

    def keep(self, names: Collection[str], plan: Any) -> None:
        """Let fields which can no longer be changed stand as planned, whatever comes in for them."""
        for name in names:
            field = self[name]
            field.data, field.raw_data = getattr(plan, name), [str(getattr(plan, name))]
            field.process_errors = []
            field.render_kw = {**(field.render_kw or {}), "disabled": True}

    def to_draft(self) -> CohortDraft:
        """Return what was typed; call after validation."""
        assert self.starts_on.data is not None
        assert self.ends_on.data is not None
        return CohortDraft(
            number=(self.number.data or "").strip(),
            name_zh=(self.name_zh.data or "").strip(),
            name_en=(self.name_en.data or "").strip() or None,
            course_version_id=self.course_version_id.data,
            org_unit_id=self.org_unit_id.data,
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            location=(self.location.data or "").strip(),
            capacity=int(self.capacity.data or 0),
            rest_days=bool(self.rest_days.data),
            trainers=self.trainers.data or "",
        )


class CancelForm(Form):
    """Calling a cohort off."""

    reason = TextAreaField(_l("取消的原因"), [DataRequired(), Length(max=500)])


class NumbersForm(Form):
    """Adding people by pasted employee numbers."""

    numbers = TextAreaField(_l("员工号（可从表格中整列粘贴）"), [DataRequired(), Length(max=100_000)])


class UnitForm(Form):
    """Adding everybody posted in a unit."""

    unit_id = SelectField(_l("机构"), coerce=int)


class NoticedForm(Form):
    """What was noticed in a right/wrong pair."""

    noticed = TextAreaField(_l("我发现的不同之处（每行一条）"), [DataRequired(), Length(max=4000)])


class FoundForm(Form):
    """Which of the listed differences had been noticed."""

    found = SelectMultipleField(_l("我找到了"), coerce=int, validate_choice=False)


class PressForm(Form):
    """A button and nothing else."""
