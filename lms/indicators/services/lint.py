"""Lint rules as the bank has them, and what its definitions say of each measure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from lms.core.audit import Acting, record
from lms.core.errors import Problem, Refused, Rejected
from lms.core.i18n import N_
from lms.indicators.models import Indicator, LintRow
from lms.indicators.rules.classes import is_point_in_time
from lms.scoring.document import IndicatorClass
from lms.scoring.lint import LintRule, Trait, in_force, rule_problems, shipped

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,59}\Z")


def lint_rows() -> Select[LintRow]:
    """Return the select of the bank's rows, oldest first."""
    return select(LintRow).order_by(LintRow.id)


def lint_rules(session: Session, day: date) -> list[LintRule]:
    """Return the rules in force on a day: the shipped ones under the bank's own rows."""
    return standing(list(session.scalars(lint_rows())), day)


def standing(rows: Sequence[LintRow], day: date) -> list[LintRule]:
    """Return the rules in force on a day under these rows of the bank, oldest first."""
    return in_force(shipped().rules, [_rule(row) for row in rows], day)


def known_rules(rows: Sequence[LintRow]) -> list[LintRule]:
    """Return every rule there is as it was last written, whatever its dates; shipped ones first."""
    found = {rule.id: rule for rule in shipped().rules}
    found.update({row.code: _rule(row) for row in rows})
    return list(found.values())


def all_rules(session: Session) -> list[LintRule]:
    """Return every rule there is as it was last written, whatever its dates."""
    return known_rules(list(session.scalars(lint_rows())))


def lint_history(session: Session, code: str) -> list[LintRow]:
    """Return the bank's rows about one rule, newest first."""
    rows = session.scalars(select(LintRow).where(LintRow.code == code).order_by(LintRow.id.desc()))
    return list(rows)


def set_lint_rule(session: Session, actor: Acting, rule: LintRule, reason: str, *, now: datetime) -> LintRow:
    """Put a row of the bank over a rule, or add a rule; what was there stays as history.

    Raises:
        Refused: without a reason, with a code that is none, or when a known rule would be another check.
        Rejected: fields that do not suit the check; the field names them.
    """
    reason = reason.strip()
    if not reason:
        raise Refused(N_("请写明理由。"))
    if not _CODE.match(rule.id):
        raise Rejected([Problem(N_("代码以字母开头，只含字母、数字、点、下划线、短横。"), field="code")])
    known = {one.id: one for one in all_rules(session)}.get(rule.id)
    if known is not None and known.check is not rule.check:
        raise Refused(N_("规则 %(code)s 的检查内容不能更改，请另建一条。"), code=rule.id)
    if problems := rule_problems(rule):
        raise Rejected([Problem(message, field=field) for field, message in problems])
    row = LintRow(
        code=rule.id,
        check=rule.check,
        severity=rule.severity,
        enabled=rule.enabled,
        valid_from=rule.valid_from,
        valid_to=rule.valid_to,
        threshold=None if rule.threshold is None else Decimal(str(rule.threshold)),
        classes=[one.value for one in rule.classes],
        words=list(rule.words),
        title_zh=rule.title_zh,
        title_en=rule.title_en or None,
        advice_zh=rule.advice_zh,
        advice_en=rule.advice_en or None,
        source_zh=rule.source_zh,
        source_en=rule.source_en or None,
        number=rule.number,
        article=rule.article,
        reason=reason[:500],
        by_name=actor.actor.label[:80],
        at=now,
    )
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "indicators:lint:set",
        f"lint_rule:{row.id}",
        code=rule.id,
        enabled=rule.enabled,
        valid_from=rule.valid_from.isoformat(),
        reason=row.reason,
    )
    return row


def traits(session: Session) -> dict[str, Trait]:
    """Return by measure what its definition says: the bank's indicators, ratings and training results.

    The change of a scale on a single day is one as well, unless it is declared.
    """
    base = aliased(Indicator)
    rows = session.execute(select(Indicator, base).outerjoin(base, Indicator.base_id == base.id))
    found = dict(shipped().traits)
    for one, of in rows:
        single = _single_day(one) or (of is not None and one.point_in_time is None and _single_day(of))
        found[one.code] = Trait(one.indicator_class, single)
    return found


def _single_day(one: Indicator) -> bool:
    return is_point_in_time(
        one.indicator_set, one.aggregate, one.unit, one.direction, declared=one.point_in_time
    )


def _rule(row: LintRow) -> LintRule:
    return LintRule(
        id=row.code,
        check=row.check,
        severity=row.severity,
        enabled=row.enabled,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        threshold=None if row.threshold is None else float(row.threshold),
        classes=tuple(IndicatorClass(one) for one in row.classes),
        words=tuple(row.words),
        title_zh=row.title_zh,
        title_en=row.title_en or "",
        advice_zh=row.advice_zh,
        advice_en=row.advice_en or "",
        source_zh=row.source_zh,
        source_en=row.source_en or "",
        number=row.number,
        article=row.article,
    )
