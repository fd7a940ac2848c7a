"""Forms of formulas: an operation and its members are chosen, nothing is written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from wtforms import BooleanField, SelectField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from lms.indicators.rules.formula import Formula, Op
from lms.web.forms import Form
from lms.web.text import lazy as _l

OPERATIONS = {
    Op.RATIO: _l("比率：前一组之和 ÷ 后一组之和"),
    Op.SUM: _l("和：两组全部相加"),
    Op.DIFFERENCE: _l("差：前一组之和 − 后一组之和"),
    Op.PRODUCT: _l("积：两组全部相乘"),
}


class CheckList(SelectMultipleField):
    """Several of a list, each a box to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ChangeForm(Form):
    """The change of one indicator over a period, with what else belongs to it."""

    base = SelectField(_l("是哪个指标的变动"))
    flows = CheckList(_l("另加哪些交易指标"))
    income = CheckList(_l("另加哪些收支指标"))

    def offer(self, bases: list[Any], flows: list[Any], income: list[Any]) -> None:
        """Say what may be chosen: pairs of code and name."""
        self.base.choices = [("-", _l("没有公式（由导入或录入得到）")), *bases]
        self.flows.choices, self.income.choices = flows, income

    def to_formula(self) -> Formula | None:
        """Return the formula that was chosen."""
        if self.base.data == "-":
            return None
        return Formula(
            Op.CHANGE,
            (str(self.base.data),),
            flows=tuple(self.flows.data or ()),
            income=tuple(self.income.data or ()),
        )


class CombineForm(Form):
    """An operation over two groups of indicators."""

    operation = SelectField(_l("运算"))
    left = CheckList(_l("前一组"))
    right = CheckList(_l("后一组"))
    percent = BooleanField(_l("结果乘以 100（写成百分比）"))

    def offer(self, members: list[Any]) -> None:
        """Say what may be chosen: pairs of code and name."""
        operations = [(op.value, word) for op, word in OPERATIONS.items()]
        self.operation.choices = [("-", _l("没有公式（由导入或录入得到）")), *operations]
        self.left.choices = self.right.choices = members

    def to_formula(self) -> Formula | None:
        """Return the formula that was chosen; groups of several are added up first."""
        if self.operation.data == "-":
            return None
        op = Op(self.operation.data)
        left, right = tuple(self.left.data or ()), tuple(self.right.data or ())
        times = Decimal(100) if self.percent.data else Decimal(1)
        if op in (Op.SUM, Op.PRODUCT):
            return Formula(op, left + right, times)
        if op is Op.DIFFERENCE:
            return Formula(op, (*_one(left), *right), times)
        return Formula(op, (*_one(left), *_one(right)), times)


def _one(group: tuple[str, ...]) -> tuple[str | Formula, ...]:
    return (Formula(Op.SUM, group),) if len(group) > 1 else group


def groups(formula: Formula) -> tuple[list[str], list[str]]:
    """Return the two groups that give a formula back."""
    if formula.op in (Op.SUM, Op.PRODUCT):
        return [one for one in formula.of if isinstance(one, str)], []
    first, *others = formula.of
    left = first.members() if isinstance(first, Formula) else [first]
    right = [code for one in others for code in (one.members() if isinstance(one, Formula) else [one])]
    return left, right
