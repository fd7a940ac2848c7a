"""Forms of the bank's posts and grades."""

from __future__ import annotations

from dataclasses import dataclass

from wtforms import IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from lms.web.forms import Form
from lms.web.text import lazy as _l

CODE = r"^[A-Za-z0-9_.-]+$"


@dataclass(frozen=True)
class PostDraft:
    """A post to be."""

    code: str
    name_zh: str
    name_en: str | None
    series: str


@dataclass(frozen=True)
class GradeDraft:
    """A grade to be."""

    code: str
    name_zh: str
    name_en: str | None
    rank: int


class _NamedForm(Form):
    code = StringField(
        _l("代码"),
        [InputRequired(), Length(max=40), Regexp(CODE, message=_l("代码只能用字母、数字和 . _ -"))],
    )
    name_zh = StringField(_l("中文名称"), [InputRequired(), Length(max=120)])
    name_en = StringField(_l("英文名称"), [Optional(), Length(max=120)])

    @property
    def names(self) -> tuple[str, str, str | None]:
        """Code and names as typed."""
        return (
            str(self.code.data).strip(),
            str(self.name_zh.data).strip(),
            (self.name_en.data or "").strip() or None,
        )


class PostForm(_NamedForm):
    """A post and the series it belongs to."""

    series = StringField(_l("岗位系列"), [InputRequired(), Length(max=40)])

    def to_draft(self) -> PostDraft:
        """Return what was typed."""
        return PostDraft(*self.names, series=str(self.series.data).strip())


class GradeForm(_NamedForm):
    """A grade and its place in the order of grades."""

    rank = IntegerField(_l("次序"), [InputRequired(), NumberRange(1, 99)])

    def to_draft(self) -> GradeDraft:
        """Return what was typed."""
        return GradeDraft(*self.names, rank=int(self.rank.data or 0))
