"""Forms of the import wizard's steps: how a file is read, which title is which column, what is agreed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import gettext
from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField, ValidationError
from wtforms.validators import Length, NumberRange
from wtforms.validators import Optional as Blank

from lms.admin.forms.imports import POLICIES
from lms.core.textfile import Column, Options
from lms.core.textfile.columns import match_header
from lms.indicators.rules import ImportKind, Policy
from lms.indicators.rules.mapping import WIDE, Guess, place_title, wide_base
from lms.web.forms import Form
from lms.web.text import lazy as _l
from lms.web.text import say

ENCODINGS = {"utf-8": "UTF-8", "gb18030": "GBK / GB18030", "utf-16-le": "UTF-16 LE", "utf-16-be": "UTF-16 BE"}
SEPARATORS = {
    ",": _l("逗号"),
    "\t": _l("制表符"),
    ";": _l("分号"),
    "|": _l("竖线"),
    "": _l("无（工作簿或定长）"),
}
_AUTO, _OTHER = "", "other"
_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})|\\t")
_SPAN = re.compile(r"^(\d{1,5})-(\d{1,5})$")
_QUOTED = {"": None, "yes": True, "no": False}


def separator_name(separator: str) -> str:
    """Return how a separator is called on a page; one that cannot be seen by its code."""
    if separator in SEPARATORS:
        return str(SEPARATORS[separator])
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in separator)


class ReadingForm(Form):
    """How a file is to be read; what is left empty is guessed."""

    encoding = SelectField(_l("编码"), choices=[(_AUTO, _l("自动识别")), *ENCODINGS.items()], default=_AUTO)
    separator = SelectField(
        _l("分隔符"),
        choices=[
            (_AUTO, _l("自动识别")),
            *((one, name) for one, name in SEPARATORS.items() if one),
            (_OTHER, _l("其它")),
        ],
        default=_AUTO,
    )
    other = StringField(_l("其它分隔符"), validators=[Length(max=10)])
    header_line = IntegerField(_l("表头所在行"), validators=[Blank(), NumberRange(0, 200)])
    sheet = SelectField(_l("工作表"), choices=[(_AUTO, _l("第一张"))], validate_choice=False, default=_AUTO)
    skip_totals = BooleanField(_l("跳过合计行和结束行"))
    day_order = SelectField(
        _l("年在最后的日期"),
        choices=[(_AUTO, _l("由各列自己的日期判断")), ("dmy", _l("日/月/年")), ("mdy", _l("月/日/年"))],
        default=_AUTO,
    )
    serial_days = BooleanField(_l("日期列中的五位数字是表格软件的日期序号"))
    control_marks = StringField(_l("控制行的开头"), validators=[Length(max=100)])
    fields = StringField(_l("定长字段的起止字节"), validators=[Length(max=1000)])
    quoted = SelectField(
        _l("引号"),
        choices=[("", _l("自动识别")), ("yes", _l("引号包住单元格")), ("no", _l("引号是普通字符"))],
        default=_AUTO,
    )

    def validate_fields(self, field: Any) -> None:
        """Refuse what says no places of fields."""
        if any(_SPAN.match(one) is None for one in _listed(field.data)):
            raise ValidationError(gettext("请写成 1-8, 9-20 这样的起止字节。"))

    def validate_other(self, field: Any) -> None:
        """Refuse the missing separator."""
        if self.separator.data == _OTHER and not field.data:
            raise ValidationError(gettext("请填写分隔符。"))

    def show(self, options: Options) -> None:
        """Fill the form in with what was declared."""
        self.encoding.data = options.encoding or _AUTO
        separator = options.separator or _AUTO
        self.separator.data = separator if separator == _AUTO or separator in SEPARATORS else _OTHER
        self.other.data = separator_name(separator) if self.separator.data == _OTHER else ""
        self.day_order.data = options.day_order or _AUTO
        self.header_line.data, self.sheet.data = options.header_line, options.sheet or _AUTO
        self.skip_totals.data, self.serial_days.data = options.skip_totals, options.serial_days
        self.control_marks.data = " ".join(options.control_marks)
        self.fields.data = ", ".join(f"{at}-{at + size - 1}" for at, size in options.fields)
        self.quoted.data = next(word for word, meaning in _QUOTED.items() if meaning is options.quoted)

    def to_options(self) -> Options:
        """Return how the file is to be read."""
        chosen = self.separator.data or None
        return Options(
            encoding=self.encoding.data or None,
            separator=_unescaped(str(self.other.data)) if chosen == _OTHER else chosen,
            skip_totals=bool(self.skip_totals.data),
            day_order=self.day_order.data or None,
            serial_days=bool(self.serial_days.data),
            quoted=_QUOTED[str(self.quoted.data)],
            fields=tuple(_span(one) for one in _listed(self.fields.data)),
            header_line=self.header_line.data,
            control_marks=tuple(str(self.control_marks.data or "").split()),
            sheet=self.sheet.data or None,
        )


def _listed(text: str | None) -> list[str]:
    return [one for one in re.split(r"[\s,，;；]+", text or "") if one]


def _span(text: str) -> tuple[int, int]:
    begin, end = map(int, text.split("-"))
    return begin, end - begin + 1


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else "\t", text)


class ColumnsForm(Form):
    """Which title of the file is which column; its fields are made for the file, see `columns_form`."""

    day = DateField(_l("数据日期"), validators=[Blank()])
    flag = SelectField(
        _l("变动列的值是"),
        choices=[("", _l("由文件中的列注明")), ("calculated", _l("计算")), ("inferred", _l("推算"))],
        default="",
    )
    name = StringField(_l("映射名称"), validators=[Length(max=120)])
    valid_from = DateField(_l("从哪天的期间起使用"), validators=[Blank()])

    wanted: Sequence[tuple[str, str]] = ()
    """The select boxes of wanted columns: the column, the name of the box."""
    offered: Sequence[tuple[str, str]] = ()
    """The select boxes of titles, in a wide file: the title, the name of the box."""

    def to_titles(self) -> dict[str, str]:
        """Return the choice as it is kept with an upload."""
        titles = {column: str(self[box].data or "") for column, box in self.wanted}
        return titles | {f"{WIDE}{self[box].data}": title for title, box in self.offered if self[box].data}

    def twice(self) -> str | None:
        """Return an indicator that two titles were given."""
        codes = [self[box].data for _, box in self.offered if self[box].data]
        return next((code for code in codes if codes.count(code) > 1), None)

    def to_extra(self) -> dict[str, str | None]:
        """Return what holds for all values of a wide file."""
        declared: date | None = self.day.data
        return {
            "day": declared.isoformat() if declared else None,
            "flag": str(self.flag.data or "") or None,
        }


def columns_form(
    columns: Sequence[Column],
    seen: Guess,
    indicators: Sequence[tuple[str, str]],
    *,
    wide: bool,
    place: str,
) -> type[ColumnsForm]:
    """Return the form for one file: a box a wanted column; of a wide file also a box a title.

    `indicators`: code and name of each; `place`: how a column without a title is called.
    """
    at_of = {title: at for at, title in reversed(list(enumerate(seen.titles))) if title}
    titles = [title for title in dict.fromkeys(seen.titles) if title]
    choices = [("", _l("（文件中没有）")), *((one, _shown(one, at_of[one], seen, place)) for one in titles)]
    members: dict[str, Any] = {"wanted": [], "offered": []}
    for column in wide_base(columns) if wide else columns:
        box = f"column_{column.name}"
        members[box] = SelectField(say(column.title), choices=choices, default="")
        members["wanted"].append((column.name, box))
    told = {seen.titles[at] for at in match_header(seen.titles, columns).positions.values()}
    for title in (one for one in titles if one not in told) if wide else ():
        box = f"title_{at_of[title]}"
        offered = [("", _l("不导入")), *indicators]
        members[box] = SelectField(_shown(title, at_of[title], seen, place), choices=offered, default="")
        members["offered"].append((title, box))
    return type("FileColumnsForm", (ColumnsForm,), members)


def _shown(title: str, at: int, seen: Guess, place: str) -> str:
    name = place % {"n": at + 1} if title == place_title(at + 1) else title
    sample = seen.sample(at)[:20]
    return f"{name} · {sample}" if sample else name


class ApplyForm(Form):
    """Which saved mapping the file is to be read by."""

    mapping = SelectField(_l("已保存的映射"), coerce=int)


class DecisionForm(Form):
    """What becomes of bad rows, and what is agreed to."""

    policy = SelectField(_l("遇到错误行时"), choices=[(str(one), name) for one, name in POLICIES.items()])
    split = BooleanField(_l("文件含有多个指标集时，按指标集拆分成多个批次"))
    compute_changes = BooleanField(_l("文件没有变动值时，同意由系统计算，并标为“计算”或“推算”"))
    supersede = BooleanField(_l("已有的目标值由本文件取代"))

    def agreed(self, kind: ImportKind) -> dict[str, bool]:
        """Return the consents that mean something for a kind of file."""
        return {
            "split": kind is ImportKind.ACTUALS and bool(self.split.data),
            "compute_changes": kind is ImportKind.ACTUALS and bool(self.compute_changes.data),
            "supersede": kind is ImportKind.TARGETS and bool(self.supersede.data),
        }

    @property
    def chosen_policy(self) -> Policy:
        """What becomes of bad rows."""
        return Policy(self.policy.data)
