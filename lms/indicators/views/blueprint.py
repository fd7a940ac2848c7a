"""The blueprint that the pages of figures register on, and the words they share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from lms.core.i18n import N_
from lms.indicators.forms import base_text
from lms.indicators.rules import Flag, IndicatorSet
from lms.indicators.rules.cascade import answer_due
from lms.indicators.rules.entry import Present, written
from lms.indicators.rules.kinds import Answer
from lms.web.text import say

bp = Blueprint("indicators", __name__, url_prefix="/indicators")

SETS = {
    IndicatorSet.BASIC: N_("基本"),
    IndicatorSet.CHANGE: N_("变动"),
    IndicatorSet.INCOME: N_("收支"),
    IndicatorSet.TRANSACTION: N_("交易"),
    IndicatorSet.OTHER: N_("其它"),
}
FLAGS = {Flag.CALCULATED: N_("计算"), Flag.INFERRED: N_("推算")}
ANSWERS = {Answer.ACCEPTED: N_("已接受"), Answer.QUESTIONED: N_("有疑问")}


@bp.context_processor
def words() -> dict[str, Any]:
    """Names of sets, flags and answers, and how a cell is written."""
    return {
        "set_names": {one.value: say(name) for one, name in SETS.items()},
        "flag_names": {one.value: say(name) for one, name in FLAGS.items()},
        "answer_names": {one.value: say(name) for one, name in ANSWERS.items()},
        "blank": Present(),
        "column_name": column_name,
        "written": written,
        "base_text": base_text,
        "answer_due": answer_due,
    }


def column_name(field: str | None) -> str:
    """Return the name of a template's column in the page's language; an indicator's is its code."""
    if not field:
        return "—"
    code, _, flag = field.rpartition(" ")
    return f"{code} {say(flag)}" if code else say(field)
