"""Forms of accounts and grants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from wtforms import DateField, PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError

from lms.web.forms import Form
from lms.web.passwords import Strong
from lms.web.text import lazy as _l

EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True)
class AccountDraft:
    """An account to be, for an employee."""

    number: str
    username: str
    password: str


class AccountForm(Form):
    """For whom, under which name, with which first password."""

    number = StringField(_l("员工号"), [InputRequired(), Length(max=40)])
    username = StringField(
        _l("用户名"),
        [
            InputRequired(),
            Length(min=3, max=80),
            Regexp(r"^[A-Za-z0-9._-]+$", message=_l("用户名只能用字母、数字和 . _ -")),
        ],
    )
    password = PasswordField(_l("初始密码"), [InputRequired(), Length(max=200), Strong("username", "number")])

    def to_draft(self) -> AccountDraft:
        """Return what was typed."""
        return AccountDraft(
            str(self.number.data).strip(), str(self.username.data).strip(), str(self.password.data)
        )


@dataclass(frozen=True)
class GrantDraft:
    """A role over a unit from one day to another."""

    role: str
    unit: str
    valid_from: date
    valid_to: date | None


class GrantForm(Form):
    """Which role, over which unit, from when to when."""

    role = SelectField(_l("角色"), [InputRequired()])
    unit = StringField(
        _l("机构代码"),
        [InputRequired(), Length(max=40)],
        render_kw={"list": "units", "autocomplete": "off"},
    )
    valid_from = DateField(_l("生效日期"), [InputRequired()])
    valid_to = DateField(_l("失效日期（可不填）"), [Optional()])

    def validate_valid_from(self, field: DateField) -> None:
        """Refuse days no calendar of the bank holds."""
        if field.data and not EARLIEST <= field.data <= LATEST:
            raise ValidationError(str(_l("请输入 2000 年以后的日期。")))

    def validate_valid_to(self, field: DateField) -> None:
        """Refuse days that are turned round."""
        if field.data and self.valid_from.data and field.data <= self.valid_from.data:
            raise ValidationError(str(_l("失效日期必须晚于生效日期。")))

    def to_draft(self) -> GrantDraft:
        """Return what was typed."""
        assert self.valid_from.data is not None
        return GrantDraft(
            str(self.role.data), str(self.unit.data).strip(), self.valid_from.data, self.valid_to.data
        )


NO_ROLE = "-"


@dataclass(frozen=True)
class OpeningDraft:
    """For which people accounts are to be opened, and the role each gets over the own unit."""

    employee_ids: tuple[int, ...]
    role: str | None


class OpeningForm(Form):
    """Which of the people on the page get an account."""

    employees = SelectMultipleField(_l("人员"), coerce=int)
    role = SelectField(_l("同时授予角色（范围为各人任职的机构）"))

    def validate_employees(self, field: SelectMultipleField) -> None:
        """Ask for at least one."""
        if not field.data:
            raise ValidationError(str(_l("请至少选择一人。")))

    def to_draft(self) -> OpeningDraft:
        """Return what was chosen."""
        role = str(self.role.data)
        return OpeningDraft(tuple(self.employees.data or ()), None if role == NO_ROLE else role)


class AuditForm(Form):
    """What to look for in the audit log."""

    class Meta(Form.Meta):
        csrf = False

    q = StringField(_l("人员、操作或对象"), [Optional(), Length(max=80)], id="words")
    first = DateField(_l("从"), [Optional()])
    last = DateField(_l("到"), [Optional()])

    def _sensible(self, field: DateField) -> None:
        if field.data and not EARLIEST <= field.data <= LATEST:
            raise ValidationError(str(_l("请输入 2000 年以后的日期。")))

    validate_first = validate_last = _sensible
