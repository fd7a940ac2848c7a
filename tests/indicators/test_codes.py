"""Code maps: what a code means from day to day, by hand and by the file; suspense and balance from it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM, AuditEntry
from lms.core.errors import Refused, Rejected
from lms.indicators.models import CodeMap, DataModel, ImportUpload
from lms.indicators.rules import ImportKind, Policy, UploadDraft
from lms.indicators.rules.codemaps import CodeMapDraft
from lms.indicators.rules.datamodel import FieldDraft, MappingDraft, ModelDraft
from lms.indicators.rules.kinds import BatchState, CodeKind, Delivery, FieldKind, FieldRole, FieldUse
from lms.indicators.services import activate_model, define_model, hold, run_import, withdraw
from lms.indicators.services.balances import (
    Line,
    balance_of,
    branch_lines,
    breaking_rows,
    compute,
    keep,
    overview,
    product_lines,
    stale_days,
)
from lms.indicators.services.code_files import code_map_file, import_codes, inspect_codes
from lms.indicators.services.codes import code_maps, correct_code_map, end_code_map, map_code
from lms.indicators.services.placing import feeding_models, placed, split
from lms.indicators.services.suspense import suspended_rows, suspense
from lms.people.models import Employee, Level, OrgUnit
from lms.people.services import define_post, open_unit, post
from tests.conftest import few
from tests.indicators.conftest import NOW

DAY = date(2026, 9, 30)
FIRST, AFTER = date(2026, 9, 1), date(2026, 10, 1)
TITLES = ["代码类别", "来源系统", "来源代码", "对应员工号", "对应机构代码", "生效日期", "失效日期"]


def fields(*, officer: bool) -> tuple[FieldDraft, ...]:
    balance = FieldDraft(
        "balance",
        "余额",
        FieldKind.NUMBER,
        unit="元",
        use=FieldUse.INDICATOR,
        mappings=(MappingDraft("DEP_NEW", date(2020, 1, 1)),),
    )
    whose = (FieldDraft("officer", "客户经理", FieldKind.ID, required=False, role=FieldRole.EMPLOYEE),)
    return (
        FieldDraft("account", "账号", FieldKind.ID, in_key=True, role=FieldRole.ACCOUNT),
        FieldDraft("as_of", "数据日期", FieldKind.DAY, role=FieldRole.DAY),
        balance,
        *(whose if officer else ()),
        FieldDraft("branch", "机构", FieldKind.ID, required=False, role=FieldRole.UNIT),
        FieldDraft("product", "产品", FieldKind.ID, required=False, role=FieldRole.PRODUCT),
    )


@pytest.fixture
def models(figures: Session) -> dict[str, DataModel]:
    """Deposit accounts with officers, and the ledger by unit and product."""
    made = {}
    for code, name, officer in (("dep_acct", "存款明细", True), ("gl_dep", "总账", False)):
        draft = ModelDraft(code, name, Delivery.SNAPSHOT, source="core", fields=fields(officer=officer))
        made[code] = define_model(figures, SYSTEM, draft, now=NOW)
        activate_model(figures, SYSTEM, made[code], now=NOW)
    top = figures.scalars(select(OrgUnit).where(OrgUnit.code == "H")).one()
    for code in ("B1", "B2"):
        unit = open_unit(
            figures,
            SYSTEM,
            code=code,
            name_zh=f"支行{code}",
            level=Level.SUB_BRANCH,
            parent=top,
            valid_from=date(2020, 1, 1),
        )
        rm = define_post(figures, "RM", "客户经理", "rm")
        number = "0001" if code == "B1" else "0002"
        post(figures, SYSTEM, person(figures, number), unit, rm, date(2020, 1, 1))
    return made


def person(session: Session, number: str) -> Employee:
    return session.scalars(select(Employee).where(Employee.number == number)).one()


def unit(session: Session, code: str) -> OrgUnit:
    return session.scalars(select(OrgUnit).where(OrgUnit.code == code)).one()


def load(session: Session, model: DataModel, rows: str, day: date = DAY) -> ImportUpload:
    officer = "客户经理," if model.code == "dep_acct" else ""
    content = f"账号,数据日期,余额,{officer}机构,产品\n" + rows.replace("@", f"{day:%Y%m%d}")
    draft = UploadDraft(
        ImportKind.RECORDS,
        f"{model.code}.csv",
        hold(content.encode()),
        f"{day:%Y-%m}",
        Policy.ALL_OR_NOTHING,
        data_model_id=model.id,
    )
    upload = run_import(session, SYSTEM, draft, now=NOW)
    assert upload.state is BatchState.COMMITTED
    return upload


def officer_draft(session: Session, code: str, number: str, first: date, after: date | None = None) -> Any:
    return CodeMapDraft(CodeKind.EMPLOYEE, "core", code, first, after, employee_id=person(session, number).id)


# ---------------------------------------------------------------- by hand


@pytest.mark.requirement("7.28")
def test_a_code_means_one_thing_a_day_and_many_codes_may_mean_one_person(figures: Session) -> None:
    map_code(figures, SYSTEM, officer_draft(figures, "A1", "0001", FIRST), now=NOW)
    map_code(figures, SYSTEM, officer_draft(figures, "A2", "0001", FIRST), now=NOW)
    with pytest.raises(Refused) as refused:
        map_code(figures, SYSTEM, officer_draft(figures, "A1", "0002", DAY), now=NOW)
    assert refused.value.params == {"code": "A1", "day": "2026-09-30"}
    first = figures.scalars(code_maps("A1")).one()
    end_code_map(figures, SYSTEM, first, DAY, now=NOW)
    map_code(figures, SYSTEM, officer_draft(figures, "A1", "0002", DAY), now=NOW)
    assert [one.employee.number for one in figures.scalars(code_maps(day=DAY)) if one.employee] == [
        "0002",
        "0001",
    ]
    with pytest.raises(Refused):
        end_code_map(figures, SYSTEM, first, FIRST, now=NOW)


def test_a_correction_keeps_what_was_said_before_in_the_audit_log(figures: Session) -> None:
    made = map_code(figures, SYSTEM, officer_draft(figures, "A1", "0001", FIRST), now=NOW)
    correct_code_map(figures, SYSTEM, made, officer_draft(figures, "A1", "0003", FIRST), now=NOW)
    assert made.employee_id == person(figures, "0003").id
    entry = figures.scalars(select(AuditEntry).where(AuditEntry.action == "admin:code_map:correct")).one()
    assert entry.details["before"]["employee"] == person(figures, "0001").id


def test_a_branch_code_stands_for_a_unit_and_an_officer_code_may_stand_for_its_pool(figures: Session) -> None:
    pool = CodeMapDraft(CodeKind.EMPLOYEE, "core", "P1", FIRST, org_unit_id=unit(figures, "H").id)
    map_code(figures, SYSTEM, pool, now=NOW)
    with pytest.raises(Refused):
        map_code(
            figures,
            SYSTEM,
            CodeMapDraft(CodeKind.UNIT, "core", "X", FIRST, employee_id=person(figures, "0001").id),
            now=NOW,
        )
    with pytest.raises(Refused):
        map_code(figures, SYSTEM, CodeMapDraft(CodeKind.UNIT, "core", "X", FIRST), now=NOW)


# ---------------------------------------------------------------- by the file


def text(*rows: str) -> bytes:
    return "\n".join([",".join(TITLES), *rows]).encode()


def test_a_file_is_taken_over_whole_and_again_changes_nothing(figures: Session) -> None:
    content = text("employee,core,0A1,0001,,2026-09-01,", "机构,core,91,,H,20260901,2026-10-01")
    assert inspect_codes(figures, content).problems == []
    assert figures.scalar(select(func.count()).select_from(CodeMap)) == 0
    assert len(import_codes(figures, SYSTEM, content, now=NOW).fresh) == 2
    again = import_codes(figures, SYSTEM, code_map_file(figures, TITLES), now=NOW)
    assert (len(again.fresh), again.known) == (0, 2)


def test_every_bad_row_is_named_and_nothing_of_the_file_counts(figures: Session) -> None:
    map_code(figures, SYSTEM, officer_draft(figures, "A1", "0001", FIRST), now=NOW)
    content = text(
        "employee,core,A1,0002,,2026-09-15,",
        "employee,core,B,9999,,2026-09-01,",
        "unit,core,C,0001,,2026-09-01,",
        "employee,core,D,0001,H,2026-09-01,",
        "employee,core,E,0001,,2026-09-02,2026-09-01",
        "employee,core,F,0001,,2026-09-01,",
        "employee,core,F,0002,,2026-09-05,",
        "officer?,core,G,0001,,2026-09-01,",
    )
    with pytest.raises(Rejected) as rejected:
        import_codes(figures, SYSTEM, content, now=NOW)
    assert [one.line for one in rejected.value.problems] == [2, 3, 4, 5, 6, 8, 9]
    assert figures.scalar(select(func.count()).select_from(CodeMap)) == 1


def test_an_export_holds_no_live_formula(figures: Session) -> None:
    map_code(figures, SYSTEM, officer_draft(figures, "=1+1", "0001", FIRST), now=NOW)
    assert "'=1+1" in code_map_file(figures, TITLES).decode("utf-8-sig")


# ---------------------------------------------------------------- suspense


@pytest.mark.requirement("7.28")
def test_records_of_nobody_wait_in_suspense_until_their_code_is_mapped_from_a_day_on(
    figures: Session, models: dict[str, DataModel]
) -> None:
    earlier = DAY - timedelta(days=1)
    rows = "a1,@,10,X9,B1,定期\na2,@,5,X9,B1,定期\na3,@,7,,B1,活期\na4,@,1,0001,B1,活期\na5,@,2,,QQ,活期\n"
    load(figures, models["dep_acct"], rows, earlier)
    load(figures, models["dep_acct"], rows)
    groups, total = suspense(figures, FIRST, AFTER)
    assert total == 2
    assert [(one.officer, one.branch, one.product, one.rows, one.sums) for one in groups] == [
        ("X9", "B1", "定期", 2, {"DEP_NEW": Decimal(15)}),
        (None, "QQ", "活期", 1, {"DEP_NEW": Decimal(2)}),
    ]
    assert (groups[0].first_day, groups[0].last_day) == (earlier, DAY)
    found, count = suspended_rows(figures, "dep_acct", "X9", "B1", "定期", FIRST, AFTER)
    assert count == 4
    assert (found[0].day, found[0].line, found[0].sums) == (DAY, 2, {"DEP_NEW": Decimal(10)})
    map_code(figures, SYSTEM, officer_draft(figures, "X9", "0002", DAY), now=NOW)
    [still, _] = suspense(figures, FIRST, AFTER)[0]
    assert (still.officer, still.last_day, still.rows) == ("X9", earlier, 2)
    assert suspense(figures, DAY, AFTER)[1] == 1
    with placed(figures, feeding_models(figures), DAY, AFTER) as connection:
        assert split(connection) == {"DEP_NEW": (Decimal(16), Decimal(7), Decimal(2))}


def test_suspense_has_pages(figures: Session, models: dict[str, DataModel]) -> None:
    load(figures, models["dep_acct"], "".join(f"a{n},@,1,X{n},B1,活期\n" for n in range(7)))
    page, total = suspense(figures, FIRST, AFTER, page=2, per_page=5)
    assert (len(page), total) == (2, 7)


# ---------------------------------------------------------------- balance

_ROW = st.tuples(
    st.sampled_from(["", "0001", "0002", "X1", "X2", "0003"]),
    st.sampled_from(["", "B1", "B2", "Q1"]),
    st.sampled_from(["", "定期", "活期"]),
    st.integers(-500, 500),
)
_STEP = st.one_of(
    st.tuples(st.just("load"), st.lists(_ROW, min_size=1, max_size=6)),
    st.tuples(
        st.just("map"), st.tuples(st.sampled_from(["X1", "X2"]), st.sampled_from(["0001", "0002", "H"]))
    ),
    st.tuples(st.just("site"), st.tuples(st.just("Q1"), st.sampled_from(["B1", "B2"]))),
    st.tuples(st.just("withdraw"), st.just(None)),
)


@pytest.mark.sampled
@pytest.mark.requirement("7.28")
@settings(few, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(_STEP, min_size=1, max_size=6))
def test_managers_pools_and_suspense_are_always_the_whole(
    figures: Session, models: dict[str, DataModel], steps: list[tuple[str, Any]]
) -> None:
    """Whatever is mapped, imported and withdrawn, in whatever order; checked against plain Python."""
    with figures.begin_nested() as undo:
        standing: list[tuple[ImportUpload, int]] = []
        for at, (what, how) in enumerate(steps):
            if what == "load":
                lines = "".join(f"{n},@,{v},{o},{b},{p}\n" for n, (o, b, p, v) in enumerate(how))
                upload = load(figures, models["dep_acct"], lines + f"x{at},@,0,,,\n")
                standing.append((upload, sum(row[3] for row in how)))
            elif what == "withdraw" and standing:
                gone, _ = standing.pop()
                withdraw(figures, SYSTEM, gone.batches[0], "错", now=NOW)
            elif what in ("map", "site"):
                _map_if_free(figures, what, *how)
            wanted = Decimal(standing[-1][1]) if standing else None
            with placed(figures, feeding_models(figures), DAY, AFTER) as connection:
                parts = split(connection)
            assert (sum(parts["DEP_NEW"]) if parts else None) == wanted
            sheet = compute(figures, DAY)
            keep(figures, sheet, now=NOW)
            figures.expire_all()
            kept = balance_of(figures, DAY)
            assert kept is not None
            lines_of = branch_lines(kept, "DEP_NEW", per_page=500)[0]
            assert sum((line.total for line in lines_of), Decimal(0)) == (wanted or 0)
        undo.rollback()


def _map_if_free(session: Session, what: str, code: str, meaning: str) -> None:
    kind = CodeKind.EMPLOYEE if what == "map" else CodeKind.UNIT
    of_unit = what == "site" or meaning == "H"
    draft = CodeMapDraft(
        kind,
        "core",
        code,
        FIRST,
        employee_id=None if of_unit else person(session, meaning).id,
        org_unit_id=unit(session, meaning).id if of_unit else None,
    )
    try:
        map_code(session, SYSTEM, draft, now=NOW)
    except Refused:
        found = session.scalars(select(CodeMap).where(CodeMap.kind == kind, CodeMap.code == code)).one()
        correct_code_map(session, SYSTEM, found, draft, now=NOW)


@pytest.fixture
def unbalanced(figures: Session, models: dict[str, DataModel]) -> Session:
    """B1: the ledger has 3 more of 定期; B2 balances; a branch nobody knows has records of its own."""
    load(
        figures,
        models["dep_acct"],
        "a1,@,10,0001,B1,定期\na2,@,5,X9,B1,活期\na3,@,7,,B2,活期\na4,@,2,,QQ,活期\n",
    )
    load(figures, models["gl_dep"], "g1,@,13,B1,定期\ng2,@,5,B1,活期\ng3,@,7,B2,活期\ng4,@,2,QQ,活期\n")
    keep(figures, compute(figures, DAY), now=NOW)
    return figures


@pytest.mark.requirement("7.28")
def test_the_balance_names_the_branch_the_product_and_the_rows_that_break_it(unbalanced: Session) -> None:
    kept = balance_of(unbalanced, DAY)
    assert kept is not None
    assert (kept.differences, kept.suspended) == (1, 2)
    [(code, whole)] = overview(kept)
    assert (code, whole.managers, whole.pool, whole.suspense, whole.ledger) == ("DEP_NEW", 10, 7, 7, 27)
    lines = branch_lines(kept, "DEP_NEW")[0]
    assert [(line.unit, line.known, line.difference) for line in lines] == [
        ("B1", True, -3),
        ("B2", True, 0),
        ("QQ", False, 0),
    ]
    products = product_lines(kept, "DEP_NEW", "B1")
    assert [(line.product, line.difference, line.broken) for line in products] == [
        ("定期", -3, 1),
        ("活期", 0, 0),
    ]
    rows, total = breaking_rows(unbalanced, DAY, "DEP_NEW", "B1", ["定期"])
    assert total == 2
    assert [(row.model, row.place, row.line, row.value) for row in rows] == [
        ("gl_dep", "ledger", 2, 13),
        ("dep_acct", "manager", 2, 10),
    ]


def test_the_ledger_counts_nowhere_but_in_the_balance(unbalanced: Session) -> None:
    from lms.indicators.services.measures import balance

    whole = sum(one.total for one in balance(unbalanced, "DEP_NEW", DAY, AFTER))
    assert whole == 24


def test_before_the_ledger_comes_nothing_is_called_a_difference(
    figures: Session, models: dict[str, DataModel]
) -> None:
    load(figures, models["dep_acct"], "a1,@,10,0001,B1,定期\n")
    keep(figures, compute(figures, DAY), now=NOW)
    kept = balance_of(figures, DAY)
    assert kept is not None
    assert kept.differences == 0
    [line] = branch_lines(kept, "DEP_NEW")[0]
    assert (line.ledger, line.difference) == (None, None)
    assert isinstance(line, Line)


def test_a_day_is_stale_when_its_records_or_codes_change_and_only_then(unbalanced: Session) -> None:
    assert stale_days(unbalanced, DAY) == []
    map_code(unbalanced, SYSTEM, officer_draft(unbalanced, "X9", "0001", FIRST), now=NOW)
    assert stale_days(unbalanced, DAY) == [DAY]
    keep(unbalanced, compute(unbalanced, DAY), now=NOW)
    assert stale_days(unbalanced, DAY) == []
    kept = balance_of(unbalanced, DAY)
    assert kept is not None
    unbalanced.refresh(kept)
    assert kept.suspended == 1
