"""What people send from the grids: cells, the reason for them, and the evidence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, DecimalField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length
from wtforms.validators import Optional as Blank
from wtforms.widgets import CheckboxInput, ListWidget

from lms.core.errors import Problem
from lms.core.i18n import N_
from lms.indicators.rules import Flag
from lms.indicators.rules.entry import Content, Key, Present, amount
from lms.indicators.rules.kinds import Answer
from lms.scoring.document import IndicatorClass
from lms.scoring.lint import CHECK_NAMES, CLASS_NAMES, SEVERITY_NAMES, Check, LintRule, Severity
from lms.web.forms import Form
from lms.web.text import lazy as _l

EVIDENCE_LIMIT = 10 * 1024 * 1024
EVIDENCE = {
    ".pdf": ("application/pdf", b"%PDF"),
    ".png": ("image/png", b"\x89PNG"),
    ".jpg": ("image/jpeg", b"\xff\xd8\xff"),
    ".jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04"),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04"),
}
"""What may be attached: by ending, the type it is served as and how its content begins."""


class EntryForm(Form):
    """Why values are typed, and the evidence."""

    reason = StringField(_l("录入理由"), validators=[DataRequired(_l("请写明录入理由。")), Length(max=500)])
    evidence = FileField(_l("依据附件（可不填）"))


class ReasonForm(Form):
    """Why something is done."""

    reason = StringField(_l("理由"), validators=[DataRequired(_l("请写明理由。")), Length(max=500)])


class FileForm(Form):
    """A filled-in template."""

    file = FileField(_l("填好的模板（CSV 或 xlsx）"), validators=[FileRequired(_l("请选择文件。"))])


@dataclass(frozen=True)
class TypedCells:
    """The cells of a page as it was shown and as it came back."""

    present: Mapping[Key, Present] = field(default_factory=dict)
    given: Mapping[Key, Content] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def typed_cells(data: Mapping[str, str]) -> TypedCells:
    """Read the cells of a grid; `b-…` says what the page showed, `c-…` and `f-…` what was typed."""
    present: dict[Key, Present] = {}
    given: dict[Key, Content] = {}
    problems: list[Problem] = []
    for name, shown in data.items():
        letter, _, cell = name.partition("-")
        key, seen, value, flag = _key(cell), *_base(shown)
        if letter != "b" or key is None or f"c-{cell}" not in data:
            continue
        text = data[f"c-{cell}"].strip()
        try:
            before = Content(amount(value), _flag(flag))
            present[key] = Present(before, seen)
            given[key] = Content(amount(text), _flag(data.get(f"f-{cell}", "")))
        except ValueError:
            message = N_("“%(value)s”不是有效的数字。")
            problems.append(Problem(message, {"value": text[:40]}, field=cell))
    return TypedCells(present, given, tuple(problems))


def base_text(present: Present, value: str) -> str:
    """Return what a page says of a cell as it shows it."""
    return f"{present.seen}|{value}|{present.content.flag or ''}"


def _key(cell: str) -> Key | None:
    subject, _, indicator = cell.partition("-")
    good = subject[:1] in ("e", "u") and subject[1:].isdecimal() and indicator.isdecimal()
    return (subject, int(indicator)) if good else None


def _base(text: str) -> tuple[int, str, str]:
    parts = text.split("|")
    if len(parts) != 3 or not parts[0].isdecimal():
        return 0, "", ""
    return int(parts[0]), parts[1], parts[2]


def _flag(text: str) -> Flag | None:
    return Flag(text) if text in set(Flag) else None


def evidence_fault(name: str, content: bytes) -> str | None:
    """Return why a file may not be attached, as a gettext id."""
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    if ending not in EVIDENCE:
        return N_("附件只能是 PDF、PNG、JPG、xlsx 或 docx 文件。")
    if len(content) > EVIDENCE_LIMIT:
        return N_("附件不能超过 10 MB。")
    if not content.startswith(EVIDENCE[ending][1]):
        return N_("附件的内容与扩展名不符。")
    return None


def media_type(name: str) -> str:
    """Return as what an attachment is served."""
    return EVIDENCE.get(name[name.rfind(".") :].lower(), ("application/octet-stream", b""))[0]


def typed_answers(data: Mapping[str, Any]) -> dict[int, tuple[Answer, str]]:
    """Read the answers to targets: `a-<id>` accepted or questioned, `n-<id>` the note."""
    answers = {}
    for name, answer in data.items():
        letter, _, target = name.partition("-")
        if letter == "a" and target.isdecimal() and answer in set(Answer):
            answers[int(target)] = (Answer(answer), str(data.get(f"n-{target}", "")))
    return answers


class Boxes(SelectMultipleField):
    """Several of a list, each a box to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class LintForm(Form):
    """A lint rule as the bank wants it from a day on."""

    code = StringField(_l("代码"), validators=[Length(max=60)])
    check = SelectField(
        _l("检查什么"),
        choices=[(one.value, _l(name)) for one, name in CHECK_NAMES.items()],
        default=Check.CLASS_WEIGHT_MIN.value,  # of a known rule it is not asked
    )
    title_zh = StringField(_l("规则"), validators=[DataRequired(_l("请填写规则。")), Length(max=200)])
    title_en = StringField(_l("规则（英文）"), validators=[Length(max=200)])
    enabled = SelectField(_l("是否启用"), choices=[("yes", _l("启用")), ("no", _l("停用"))], default="yes")
    severity = SelectField(
        _l("严重程度"), choices=[(one.value, _l(name)) for one, name in SEVERITY_NAMES.items()]
    )
    valid_from = DateField(_l("起始日"), validators=[InputRequired(_l("请填写日期。"))])
    valid_to = DateField(_l("截止日"), validators=[Blank()])
    threshold = DecimalField(_l("界限"), validators=[Blank()], places=2)
    classes = Boxes(_l("指标类别"), choices=[(one.value, _l(name)) for one, name in CLASS_NAMES.items()])
    words = StringField(_l("只看名称含有这些词的指标"), validators=[Length(max=200)])
    source_zh = StringField(_l("规则依据"), validators=[DataRequired(_l("请写明依据。")), Length(max=200)])
    source_en = StringField(_l("规则依据（英文）"), validators=[Length(max=200)])
    number = StringField(_l("文号"), validators=[Length(max=80)])
    article = StringField(_l("条款"), validators=[Length(max=80)])
    advice_zh = TextAreaField(_l("怎样处理"), validators=[Length(max=500)])
    advice_en = TextAreaField(_l("怎样处理（英文）"), validators=[Length(max=500)])
    reason = StringField(_l("理由"), validators=[DataRequired(_l("请写明理由。")), Length(max=500)])

    def show(self, rule: LintRule) -> None:
        """Show a rule as it stands."""
        for name in ("title_zh", "title_en", "valid_to", "source_zh", "source_en", "number", "article"):
            self[name].data = getattr(rule, name)
        self.advice_zh.data, self.advice_en.data = rule.advice_zh, rule.advice_en
        self.code.data, self.check.data, self.severity.data = rule.id, rule.check.value, rule.severity.value
        self.enabled.data = "yes" if rule.enabled else "no"
        self.threshold.data = None if rule.threshold is None else Decimal(str(rule.threshold))
        self.classes.data = [one.value for one in rule.classes]
        self.words.data = "，".join(rule.words)

    def to_rule(self, known: LintRule | None) -> LintRule:
        """Return the rule to be; of a known one the code and the check stay."""
        check = known.check if known else Check(self.check.data)
        limit, words = self.threshold.data, re.split(r"[\s,，、;；]+", self.words.data or "")
        classes = tuple(IndicatorClass(one) for one in self.classes.data or ())
        return LintRule(
            id=known.id if known else _text(self.code),
            check=check,
            severity=Severity(self.severity.data),
            enabled=self.enabled.data != "no",
            valid_from=self.valid_from.data or date.max,  # the form does not validate without
            valid_to=self.valid_to.data,
            threshold=float(limit) if check.has_threshold and limit is not None else None,
            classes=classes if check.has_classes else (),
            words=tuple(word for word in words if word) if check.has_words else (),
            title_zh=_text(self.title_zh),
            title_en=_text(self.title_en),
            advice_zh=_text(self.advice_zh),
            advice_en=_text(self.advice_en),
            source_zh=_text(self.source_zh),
            source_en=_text(self.source_en),
            number=_text(self.number),
            article=_text(self.article),
        )


def _text(field: StringField) -> str:
    return (field.data or "").strip()
