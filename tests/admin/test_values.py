"""A value's page, who may open it, and giving an indicator its formula on the pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.core.jobs import Job, run_inline
from lms.indicators.models import Derivation, TypedValue
from lms.indicators.rules import Aggregate, IndicatorDraft, IndicatorSet
from lms.indicators.rules.formula import parse
from lms.indicators.services import define_indicator, find_indicator, formula_of, set_formula

SignIn = Callable[..., Any]
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def values(session: Session, bank: Any) -> Session:
    """STOCK of October and November typed for two people; GROWTH is its change with FEES."""
    drafts = (
        IndicatorDraft("STOCK", "存量", IndicatorSet.BASIC, "万元", aggregate=Aggregate.LAST),
        IndicatorDraft("FEES", "手续费", IndicatorSet.INCOME, "万元"),
        IndicatorDraft("GROWTH", "增量", IndicatorSet.CHANGE, "万元"),
        IndicatorDraft("SHARE", "占比", IndicatorSet.OTHER, "%"),
    )
    made = {draft.code: define_indicator(session, SYSTEM, draft) for draft in drafts}
    set_formula(session, SYSTEM, made["GROWTH"], parse({"op": "change", "base": "STOCK", "income": ["FEES"]}))
    mine = bank.employee("trainee")
    rows = (
        ("STOCK", date(2026, 9, 30), 100),
        ("STOCK", date(2026, 10, 31), 130),
        ("FEES", date(2026, 10, 9), 2),
    )
    for code, day, value in rows:
        session.add(
            TypedValue(
                indicator_id=made[code].id,
                employee_id=mine.id,
                day=day,
                value=Decimal(value),
                reason="手工补录",
                actor_label="王管理",
                typed_at=NOW,
            )
        )
    session.flush()
    return session


def page(client: Any, employee: Any, code: str) -> Any:
    return client.get(f"/values/employee/{employee.id}/{code}/2026-10")


@pytest.mark.requirement("7.32", "7.34")
def test_a_person_sees_where_an_own_value_came_from(values: Session, bank: Any, sign_in: SignIn) -> None:
    mine = bank.employee("trainee")
    client = sign_in("trainee")
    stock = page(client, mine, "STOCK").text
    assert "手工补录" in stock
    assert "王管理" in stock
    growth = page(client, mine, "GROWTH").text
    assert f"/values/employee/{mine.id}/STOCK/2026-10" in growth
    assert "32 万元" in growth
    other = bank.employee("supervisor")
    assert page(client, other, "STOCK").status_code == 403
    assert page(client, mine, "NOWHERE").status_code == 404
    assert client.get("/admin/values").status_code == 403


@pytest.mark.parametrize(
    ("username", "status"), [("admin", 200), ("hr", 200), ("supervisor", 200), ("audit", 403)]
)
def test_others_see_values_as_far_as_their_rights_reach(
    values: Session, bank: Any, sign_in: SignIn, username: str, status: int
) -> None:
    assert page(sign_in(username), bank.employee("trainee"), "STOCK").status_code == status


@pytest.mark.requirement("7.34", "7.35")
def test_an_administrator_chooses_a_formula_and_turns_the_switch(
    values: Session, bank: Any, sign_in: SignIn
) -> None:
    client = sign_in("admin")
    share, growth = (find_indicator(values, code) for code in ("SHARE", "GROWTH"))
    assert share
    assert growth
    form = client.get(f"/admin/indicators/{share.id}/formula").text
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
    assert found
    token = {"csrf_token": found[1]}
    chosen = {"operation": "ratio", "left": ["FEES"], "right": ["STOCK", "SHARE"], "percent": "y"}
    refused = client.post(f"/admin/indicators/{share.id}/formula", data={**token, **chosen})
    assert refused.status_code == 422
    chosen["right"] = ["STOCK"]
    assert client.post(f"/admin/indicators/{share.id}/formula", data={**token, **chosen}).status_code == 303
    values.expire_all()
    assert formula_of(share) == parse({"op": "ratio", "of": ["FEES", "STOCK"], "times": "100"})
    for job in values.scalars(select(Job).where(Job.kind == "indicators.derive")).all():
        run_inline(job.id)
    kept = {(one.indicator.code, one.period) for one in values.scalars(select(Derivation))}
    assert ("SHARE", "2026-10") in kept
    shown = client.get(f"/admin/indicators/{growth.id}?period=2026-10").text
    assert ">32<" in shown
    assert ">30<" in shown
    assert ">2<" in shown
    turned = client.post(f"/admin/indicators/{growth.id}/income", data={**token, "counts": "no"})
    assert turned.status_code == 303
    assert "30 万元" in page(client, bank.employee("trainee"), "GROWTH").text


@pytest.mark.requirement("7.31", "7.33")
def test_values_are_filtered_by_flag(values: Session, sign_in: SignIn) -> None:
    client = sign_in("admin")
    listed = client.get("/admin/values?period=2026-10&flag=unrecorded").text
    assert "存量" in listed
    assert "没有这样的数值" in client.get("/admin/values?period=2026-10&flag=recorded").text
