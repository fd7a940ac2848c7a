"""Forms of units, people, posts and grades, and of files of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from lms.web.forms import Form
from lms.web.text import lazy as _l

CODE = r"^[A-Za-z0-9_.-]+$"
UNIT = {"list": "units", "autocomplete": "off"}
"""A unit is typed by code or name, with the known ones offered."""
BEFORE = _l("只影响这一天及以后；以前的记录不变。")


def _code(label: str) -> StringField:
    return StringField(
        label,
        [
            InputRequired(),
            Length(max=40),
            Regexp(CODE, message=_l("代码只能用字母、数字和 . _ -")),
        ],
    )


def _name(label: str) -> StringField:
    return StringField(label, [InputRequired(), Length(max=120)])


def _unit(label: str, *, required: bool = True, hint: str = "") -> StringField:
    return StringField(
        label,
        [InputRequired() if required else Optional(), Length(max=120)],
        render_kw=UNIT,
        description=hint or _l("填写机构代码或名称。"),
    )


def _day(label: str, hint: str = BEFORE) -> DateField:
    return DateField(label, [InputRequired()], description=hint)


def _reason() -> StringField:
    return StringField(_l("理由"), [InputRequired(), Length(max=200)], description=_l("理由会写入审计日志。"))


def _text(value: Any) -> str:
    return str(value or "").strip()


@dataclass(frozen=True)
class UnitDraft:
    """A unit to be."""

    code: str
    name_zh: str
    name_en: str | None
    level: str
    parent: str
    day: date


class UnitForm(Form):
    """Opening a unit."""

    code = _code(_l("机构代码"))
    name_zh = _name(_l("机构名称（中文）"))
    name_en = StringField(_l("机构名称（英文）"), [Optional(), Length(max=120)])
    level = SelectField(_l("机构级别"))
    parent = _unit(_l("上级机构"), required=False, hint=_l("填写机构代码或名称；级别须高于新机构。"))
    day = _day(_l("开业日期"), "")

    def to_draft(self) -> UnitDraft:
        """Return what was typed."""
        assert self.day.data is not None
        return UnitDraft(
            _text(self.code.data),
            _text(self.name_zh.data),
            _text(self.name_en.data) or None,
            str(self.level.data),
            _text(self.parent.data),
            self.day.data,
        )


@dataclass(frozen=True)
class OtherUnitDraft:
    """An act on a unit that concerns another one, from a day on."""

    unit: str
    day: date


class _OtherUnitForm(Form):
    unit: StringField
    day: DateField

    def to_draft(self) -> OtherUnitDraft:
        """Return what was typed."""
        assert self.day.data is not None
        return OtherUnitDraft(_text(self.unit.data), self.day.data)


class MoveUnitForm(_OtherUnitForm):
    """Hanging a unit under another parent."""

    unit = _unit(_l("新的上级机构"))
    day = _day(_l("生效日期"))


class CloseUnitForm(_OtherUnitForm):
    """Closing a unit."""

    day = _day(_l("关闭日期"), _l("从这一天起不再营业；以前的记录不变。"))
    unit = _unit(
        _l("接收机构（可不填）"),
        required=False,
        hint=_l("填写后，届时的人员和下级机构在关闭当日转入该机构；不填时，机构须已没有人员和下级机构。"),
    )


class MergeUnitForm(_OtherUnitForm):
    """Merging a unit into another one."""

    unit = _unit(_l("承接机构"))
    day = _day(_l("合并日期"), _l("从这一天起，人员和下级机构转入承接机构；以前的记录不变。"))


class ReopenUnitForm(_OtherUnitForm):
    """Opening a closed unit again."""

    unit = _unit(_l("上级机构"))
    day = _day(_l("重新开业日期"), _l("与关闭日期相同时，视为取消关闭；已转出的人员不会自动转回。"))


@dataclass(frozen=True)
class UnitCorrection:
    """What a unit should be called, and when it opened."""

    name_zh: str
    name_en: str | None
    opened_on: date
    reason: str


class CorrectUnitForm(Form):
    """Correcting a unit's names or its first day."""

    name_zh = _name(_l("机构名称（中文）"))
    name_en = StringField(_l("机构名称（英文）"), [Optional(), Length(max=120)])
    opened_on = _day(_l("开业日期"), "")
    reason = _reason()

    def to_draft(self) -> UnitCorrection:
        """Return what was typed."""
        assert self.opened_on.data is not None
        return UnitCorrection(
            _text(self.name_zh.data),
            _text(self.name_en.data) or None,
            self.opened_on.data,
            _text(self.reason.data),
        )


@dataclass(frozen=True)
class PostingDraft:
    """Unit, post and grade from a day on."""

    unit: str
    post_id: int
    grade_id: int | None
    day: date


class PostingForm(Form):
    """Posting a person."""

    unit = _unit(_l("机构"))
    post = SelectField(_l("岗位"), coerce=int)
    grade = SelectField(_l("等级"), coerce=int)
    day = _day(_l("生效日期"))

    def to_draft(self) -> PostingDraft:
        """Return what was typed; grade 0 means none."""
        assert self.day.data is not None
        return PostingDraft(
            _text(self.unit.data), int(self.post.data), int(self.grade.data) or None, self.day.data
        )


class ReturnForm(PostingForm):
    """Taking a person back."""

    day = _day(_l("重新入职日期"), _l("与离职日期相同时，视为取消离职。"))


@dataclass(frozen=True)
class HireDraft:
    """A person to be hired and posted."""

    number: str
    name: str
    sex: str
    posting: PostingDraft


class HireForm(PostingForm):
    """Hiring a person."""

    number = _code(_l("员工号"))
    name = StringField(_l("姓名"), [InputRequired(), Length(max=80)])
    sex = SelectField(_l("性别"))
    day = _day(_l("入职日期"), "")

    def to_hire(self) -> HireDraft:
        """Return what was typed."""
        return HireDraft(_text(self.number.data), _text(self.name.data), str(self.sex.data), self.to_draft())


@dataclass(frozen=True)
class LeaveDraft:
    """A long absence; `after` is the first day back."""

    kind: str
    first: date
    after: date | None


class LeaveForm(Form):
    """Granting leave."""

    kind = SelectField(_l("休假类别"))
    first = _day(_l("开始日期"), "")
    after = DateField(
        _l("返岗日期（可不填）"), [Optional()], description=_l("返岗的第一天；尚未确定时不填。")
    )

    def to_draft(self) -> LeaveDraft:
        """Return what was typed."""
        assert self.first.data is not None
        return LeaveDraft(str(self.kind.data), self.first.data, self.after.data)


@dataclass(frozen=True)
class DayDraft:
    """A day, and why."""

    day: date
    reason: str


class EndLeaveForm(Form):
    """Changing when a leave ends."""

    day = _day(_l("返岗日期"), _l("返岗的第一天；填写休假的开始日期时，视为撤销休假。"))
    reason = _reason()

    def to_draft(self) -> DayDraft:
        """Return what was typed."""
        assert self.day.data is not None
        return DayDraft(self.day.data, _text(self.reason.data))


class LeavingForm(Form):
    """Recording that a person leaves the bank."""

    day = _day(_l("离职日期"), _l("从这一天起不再在职；以前的记录保留。"))

    def to_draft(self) -> DayDraft:
        """Return what was typed."""
        assert self.day.data is not None
        return DayDraft(self.day.data, "")


class ReasonForm(Form):
    """Why."""

    reason = _reason()

    def to_draft(self) -> str:
        """Return what was typed."""
        return _text(self.reason.data)


@dataclass(frozen=True)
class PersonCorrection:
    """What the personnel file should say."""

    name: str
    sex: str
    hired_on: date
    reason: str


class CorrectPersonForm(Form):
    """Correcting secondary facts of a person."""

    name = StringField(_l("姓名"), [InputRequired(), Length(max=80)])
    sex = SelectField(_l("性别"))
    hired_on = _day(_l("入职日期"), _l("不能晚于第一次任职的开始日期。"))
    reason = _reason()

    def to_draft(self) -> PersonCorrection:
        """Return what was typed."""
        assert self.hired_on.data is not None
        return PersonCorrection(
            _text(self.name.data), str(self.sex.data), self.hired_on.data, _text(self.reason.data)
        )


@dataclass(frozen=True)
class CatalogueDraft:
    """A post or grade; a post has a series, a grade a rank."""

    code: str
    name_zh: str
    name_en: str | None
    series: str
    rank: int
    retired_on: date | None


class _CatalogueForm(Form):
    code: StringField
    name_zh: StringField
    name_en: StringField
    retired_on: DateField

    def to_draft(self) -> CatalogueDraft:
        """Return what was typed."""
        rank = self["rank"].data if "rank" in self else 0
        series = self["series"].data if "series" in self else ""
        code = self["code"].data if "code" in self else ""
        retired = self["retired_on"].data if "retired_on" in self else None
        return CatalogueDraft(
            _text(code),
            _text(self.name_zh.data),
            _text(self.name_en.data) or None,
            _text(series),
            int(rank or 0),
            retired,
        )


def _retired() -> DateField:
    return DateField(
        _l("停用日期（可不填）"),
        [Optional()],
        description=_l("从这一天起不再任用；已在任的人员保留。清空即恢复使用。"),
    )


SERIES_HINT = _l("考核期按岗位序列选人，例如 relationship_manager。")


class PostForm(_CatalogueForm):
    """Defining a post."""

    code = _code(_l("岗位代码"))
    name_zh = _name(_l("岗位名称（中文）"))
    name_en = StringField(_l("岗位名称（英文）"), [Optional(), Length(max=120)])
    series = StringField(
        _l("岗位序列"),
        [InputRequired(), Length(max=40)],
        description=SERIES_HINT,
        render_kw={"list": "series"},
    )


class RevisePostForm(_CatalogueForm):
    """Renaming or retiring a post."""

    name_zh = _name(_l("岗位名称（中文）"))
    name_en = StringField(_l("岗位名称（英文）"), [Optional(), Length(max=120)])
    series = StringField(
        _l("岗位序列"),
        [InputRequired(), Length(max=40)],
        description=SERIES_HINT,
        render_kw={"list": "series"},
    )
    retired_on = _retired()


RANK_HINT = _l("数字越大等级越高。")


class GradeForm(_CatalogueForm):
    """Defining a grade."""

    code = _code(_l("等级代码"))
    name_zh = _name(_l("等级名称（中文）"))
    name_en = StringField(_l("等级名称（英文）"), [Optional(), Length(max=120)])
    rank = IntegerField(_l("级序"), [InputRequired(), NumberRange(1, 999)], description=RANK_HINT)


class ReviseGradeForm(_CatalogueForm):
    """Renaming or retiring a grade."""

    name_zh = _name(_l("等级名称（中文）"))
    name_en = StringField(_l("等级名称（英文）"), [Optional(), Length(max=120)])
    rank = IntegerField(_l("级序"), [InputRequired(), NumberRange(1, 999)], description=RANK_HINT)
    retired_on = _retired()


@dataclass(frozen=True)
class RosterDraft:
    """A file of people or units, and what is decided about it."""

    kind: str
    name: str
    effective: date
    full: bool
    policy: str


class RosterForm(Form):
    """Bringing a file of people or units."""

    kind = RadioField(
        _l("文件内容"),
        choices=[("people", _l("人员名册")), ("units", _l("机构名册"))],
        default="people",
    )
    file = FileField(_l("文件"), validators=[FileRequired(_l("请选择文件。"))])
    effective = DateField(
        _l("生效日期"),
        [InputRequired()],
        description=_l("没有写明日期的行从这一天起生效。"),
    )
    full = BooleanField(_l("这是全员名册：列出文件中没有的在职人员"))
    policy = SelectField(
        _l("遇到错误行时"),
        choices=[("all_or_nothing", _l("有任何错误就全部不导入")), ("good_rows", _l("只导入正确的行"))],
    )

    def to_draft(self) -> RosterDraft:
        """Return what was decided."""
        assert self.effective.data is not None
        return RosterDraft(
            str(self.kind.data),
            str(self.file.data.filename or "file"),
            self.effective.data,
            bool(self.full.data) and self.kind.data == "people",
            str(self.policy.data),
        )


class StartRosterForm(Form):
    """Agreeing to what was shown."""

    leavers = BooleanField()


def offer(field: SelectField, words: Mapping[str, str] | Sequence[tuple[Any, str]]) -> None:
    """Give a choice its options in the page's language."""
    field.choices = list(words.items()) if isinstance(words, Mapping) else list(words)
