"""The shipped data models in the demo bank, and a quarter of savings accounts as they are delivered."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from lms.core.audit import Acting
from lms.core.clock import midnight
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.demo.staff import Bank
from lms.indicators.services import (
    BatchState,
    ImportKind,
    Policy,
    UploadDraft,
    find_model,
    hold,
    load_shipped,
    run_import,
)

_ACCOUNTS = 3
"""Accounts a manager."""
_TERMS = ("活期", "定期", "大额存单", "通知存款")


def define_models(session: Session, actor: Acting, *, now: datetime) -> None:
    """Load the shipped models."""
    load_shipped(session, actor, now=now)


def deliver_savings(session: Session, actor: Acting, bank: Bank, period: Period, draw: Random) -> None:
    """Import the month-end snapshots of a quarter; a few accounts have no officer, or one nobody knows."""
    model = find_model(session, "savings")
    assert model is not None
    for month in period.parts():
        lines = [
            "账号,数据日期,客户号,户名,产品代码,存款种类,币种,余额,利率,开户日期,到期日期,机构号,客户经理号"
        ]
        for at, (employee, unit) in enumerate(bank.managers):
            for account in range(_ACCOUNTS):
                officer = employee.number
                if account == 0 and at % 40 == 1:
                    officer = ""
                if account == 0 and at % 40 == 3:
                    officer = "K99999"
                balance = draw.lognormvariate(12, 1)
                number = f"6230{at:06d}{account}"
                lines.append(
                    f"{number},{month.last:%Y%m%d},C{at:06d}{account},,SA0{account + 1},"
                    f"{draw.choice(_TERMS)},人民币,{balance:.2f},1.35%,,,{unit.code},{officer}"
                )
        draft = UploadDraft(
            kind=ImportKind.RECORDS,
            name=f"savings_{month.last:%Y%m%d}.txt",
            held=hold("\r\n".join(lines).encode("gb18030")),
            period=month.code,
            policy=Policy.ALL_OR_NOTHING,
            data_model_id=model.id,
        )
        upload = run_import(session, actor, draft, now=_morning_after(month))
        if upload.state is BatchState.REJECTED:
            raise Refused(N_("示例文件 %(name)s 未能导入。"), name=draft.name)


def _morning_after(month: Period) -> datetime:
    return midnight(month.after) + timedelta(hours=6)
