"""A bank of four people and eight indicators, and how files are brought to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.core.textfile import Options
from lms.indicators.models import ImportUpload
from lms.indicators.rules import Aggregate, ImportKind, IndicatorSet, Policy
from lms.indicators.services import IndicatorDraft, UploadDraft, define_indicator, hold, run_import
from lms.people.models import Level
from lms.people.services import hire, open_unit

NOW = datetime(2026, 10, 9, 1, tzinfo=UTC)
NUMBERS = ("0001", "0002", "0003", "0004")
HEADER = "工号,指标,日期,数值,计算/推算,业务编号\n"

DRAFTS = (
    IndicatorDraft("DEP_NEW", "新增存款", IndicatorSet.TRANSACTION, "元"),
    IndicatorDraft("CARDS", "发卡量", IndicatorSet.TRANSACTION, "张", whole=True, minimum=Decimal(0)),
    IndicatorDraft(
        "NPL",
        "不良率",
        IndicatorSet.OTHER,
        "%",
        aggregate=Aggregate.LAST,
        minimum=Decimal(0),
        maximum=Decimal(100),
    ),
    IndicatorDraft("VISITS", "走访次数", IndicatorSet.OTHER, "次", aggregate=Aggregate.COUNT),
    IndicatorDraft("SCORE", "服务评分", IndicatorSet.OTHER, "分", aggregate=Aggregate.MEAN),
    IndicatorDraft("AUM", "管理资产", IndicatorSet.OTHER, "万元", aggregate=Aggregate.DAILY_AVG),
    IndicatorDraft("BAL", "存款余额", IndicatorSet.BASIC, "万元", aggregate=Aggregate.LAST),
    IndicatorDraft("BAL_CHG", "存款变动", IndicatorSet.CHANGE, "万元", base="BAL"),
    IndicatorDraft("FEE", "中间业务收入", IndicatorSet.INCOME, "元"),
)


@pytest.fixture
def figures(session: Session, app: Any, tmp_path: Path) -> Iterator[Session]:
    """A session on the small bank; figures go to a directory of the test's own."""
    facts = app.config["ZHIXING_FACTS"]
    app.config["ZHIXING_FACTS"] = str(tmp_path / "facts")
    open_unit(
        session,
        SYSTEM,
        code="H",
        name_zh="总行",
        level=Level.HEAD_OFFICE,
        parent=None,
        valid_from=date(2020, 1, 1),
    )
    for number in NUMBERS:
        hire(session, SYSTEM, number=number, name="测试员", hired_on=date(2020, 1, 1))
    for draft in DRAFTS:
        define_indicator(session, SYSTEM, draft)
    yield session
    app.config["ZHIXING_FACTS"] = facts


Bring = Callable[..., ImportUpload]


@pytest.fixture
def bring(figures: Session) -> Bring:
    """Import rows of actuals at once; returns the upload."""

    def bring_in(
        rows: str,
        *,
        header: str = HEADER,
        kind: ImportKind = ImportKind.ACTUALS,
        period: str = "2026Q3",
        policy: Policy = Policy.ALL_OR_NOTHING,
        encoding: str = "utf-8",
        split: bool = False,
        name: str = "figures.csv",
        titles: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
        compute_changes: bool = False,
        supersede: bool = False,
        **options: Any,
    ) -> ImportUpload:
        content = (header + rows).encode(encoding)
        draft = UploadDraft(
            kind,
            name,
            hold(content),
            period,
            policy,
            Options(**options),
            split,
            compute_changes=compute_changes,
            supersede=supersede,
            titles=titles or {},
            extra=extra or {},
        )
        return run_import(figures, SYSTEM, draft, now=NOW)

    return bring_in
