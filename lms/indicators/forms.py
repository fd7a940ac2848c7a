"""What people send from the grids: cells, the reason for them, and the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from lms.core.errors import Problem
from lms.core.i18n import N_
from lms.indicators.rules import Flag
from lms.indicators.rules.entry import Content, Key, Present, amount
from lms.indicators.rules.kinds import Answer
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
