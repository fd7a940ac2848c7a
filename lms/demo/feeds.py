"""The nightly side of the demo bank: code maps, expected files, a ledger, and what does not fit.

One ledger is a thousand yuan ahead of the accounts, one officer's code is known to nobody, and some files
did not come, so that every page has something to show.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from lms.core.audit import Acting
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.core.textfile import factor
from lms.demo.staff import Bank
from lms.indicators.models import Arrival, DataModel, ImportUpload
from lms.indicators.services import (
    ArrivalState,
    BatchState,
    CodeKind,
    CodeMapDraft,
    Delivery,
    FeedDraft,
    FieldDraft,
    FieldKind,
    FieldRole,
    FieldUse,
    ImportKind,
    MappingDraft,
    ModelDraft,
    Policy,
    Rhythm,
    UploadDraft,
    activate_model,
    define_model,
    find_model,
    hold,
    run_import,
    with_mappings,
)
from lms.indicators.services import balances as balancing
from lms.indicators.services import feeds as expecting
from lms.indicators.services.codes import map_code
from lms.indicators.services.placing import feeding_models, placed

_AHEAD = Decimal(1000)
_MAPPED = 20


def prepare_nights(session: Session, actor: Acting, bank: Bank, last: Period, *, now: datetime) -> None:
    """Map some codes, expect three files, bring the ledger of a month's end, and balance that day."""
    _map_codes(session, actor, bank, last.first, now=now)
    ledger = _ledger_model(session, actor, now=now)
    upload = _deliver_ledger(session, actor, ledger, last, now=now)
    _expect(session, actor, last.last, upload, now=now)
    balancing.keep(session, balancing.compute(session, last.last), now=now)


def _map_codes(session: Session, actor: Acting, bank: Bank, first: date, *, now: datetime) -> None:
    for at, (employee, unit) in enumerate(bank.managers[:_MAPPED], start=1):
        person = CodeMapDraft(CodeKind.EMPLOYEE, "cards", f"K{at:05d}", first, employee_id=employee.id)
        map_code(session, actor, person, now=now)
        if at == 1:
            pool = CodeMapDraft(CodeKind.EMPLOYEE, "cards", "K00000", first, org_unit_id=unit.id)
            map_code(session, actor, pool, now=now)
            site = CodeMapDraft(CodeKind.UNIT, "cards", "0101", first, org_unit_id=unit.id)
            map_code(session, actor, site, now=now)


def _ledger_model(session: Session, actor: Acting, *, now: datetime) -> DataModel:
    savings = find_model(session, "savings")
    assert savings is not None
    fed = [
        (field, mapping)
        for field in with_mappings(session, savings).fields
        for mapping in field.mappings
        if field.kind is FieldKind.NUMBER
    ]
    field, mapping = fed[0]
    same = (
        MappingDraft(mapping.indicator.code, mapping.valid_from, coefficient=Decimal(mapping.coefficient)),
    )
    draft = ModelDraft(
        code="savings_ledger",
        name_zh="储蓄存款总账",
        delivery=Delivery.SNAPSHOT,
        name_en="Ledger of savings deposits",
        source="ledger",
        fields=(
            FieldDraft("unit", "机构号", FieldKind.ID, in_key=True, role=FieldRole.UNIT, name_en="Unit"),
            FieldDraft(
                "product", "产品代码", FieldKind.ID, in_key=True, role=FieldRole.PRODUCT, name_en="Product"
            ),
            FieldDraft("as_of", "数据日期", FieldKind.DAY, role=FieldRole.DAY, name_en="As-of date"),
            FieldDraft(
                "balance",
                "余额",
                FieldKind.NUMBER,
                unit=field.unit,
                use=FieldUse.INDICATOR,
                mappings=same,
                name_en="Balance",
            ),
        ),
    )
    model = define_model(session, actor, draft, now=now)
    activate_model(session, actor, model, now=now)
    return model


def _deliver_ledger(
    session: Session, actor: Acting, ledger: DataModel, last: Period, *, now: datetime
) -> ImportUpload:
    """Import what the accounts come to by unit and product, one unit's a thousand too much."""
    [(times, code)] = [
        (mapping.coefficient * (factor(field.unit, mapping.indicator.unit) or 1), mapping.indicator.code)
        for field in ledger.fields
        for mapping in field.mappings
    ]
    with placed(session, feeding_models(session), last.last, last.after) as connection:
        rows = connection.execute(
            "SELECT branch, product, sum(total) FROM placed WHERE indicator = $code AND NOT ledger "
            "AND branch IS NOT NULL GROUP BY branch, product ORDER BY branch, product",
            {"code": code},
        ).fetchall()
    lines = ["机构号,产品代码,数据日期,余额"]
    for at, (unit, product, total) in enumerate(rows):
        value = Decimal(total) / times + (_AHEAD if at == 0 else 0)
        lines.append(f"{unit},{product},{last.last:%Y%m%d},{value:.2f}")
    draft = UploadDraft(
        kind=ImportKind.RECORDS,
        name=f"ledger_{last.last:%Y%m%d}.csv",
        held=hold("\n".join(lines).encode()),
        period=last.code,
        policy=Policy.ALL_OR_NOTHING,
        data_model_id=ledger.id,
    )
    upload = run_import(session, actor, draft, now=now)
    if upload.state is BatchState.REJECTED:
        raise Refused(N_("示例文件 %(name)s 未能导入。"), name=draft.name)
    return upload


def _expect(session: Session, actor: Acting, day: date, upload: ImportUpload, *, now: datetime) -> None:
    """Expect the ledger each month, and two files each working day, of which one did not come."""
    feed = expecting.define_feed(
        session,
        actor,
        FeedDraft(
            code="LEDGER",
            name_zh="储蓄存款总账",
            name_en="Ledger of savings deposits",
            kind=ImportKind.RECORDS,
            data_model="savings_ledger",
            file_pattern="ledger_{day}.csv",
            control_pattern="ledger_{day}.ctl",
            rhythm=Rhythm.MONTHLY,
            due_days=2,
            starts_on=day,
        ),
    )
    session.add(
        Arrival(
            feed_id=feed.id,
            day=day,
            state=ArrivalState.IMPORTED,
            file_name=upload.name,
            sha256=upload.sha256,
            control={"rows": upload.rows, "sums": {}},
            upload_id=upload.id,
            params={},
            seen_at=now,
        )
    )
    today = now.date()
    begun = today - timedelta(days=1)
    worked = expecting.working_days(session)
    while not worked(begun):
        begun -= timedelta(days=1)
    for code, zh, en, starts in (
        ("LOAN", "贷款明细", "Loans", begun),
        ("CARD", "银行卡明细", "Bank cards", today + timedelta(days=1)),
    ):
        name = code.lower()
        draft = FeedDraft(
            code=code,
            name_zh=zh,
            name_en=en,
            kind=ImportKind.RECORDS,
            data_model=_MODELS[code],
            file_pattern=f"{name}_{{day}}.txt",
            ready_pattern=f"{name}_{{day}}.ok",
            rhythm=Rhythm.WORKING_DAY,
            starts_on=starts,
            shortest_percent=Decimal(80),
        )
        expecting.define_feed(session, actor, draft)
    session.flush()
    expecting.note_missing(session, expecting.missing(session, now), now=now)


_MODELS = {"LOAN": "loan", "CARD": "bank_card"}
