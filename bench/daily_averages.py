"""Daily averages of 100,000 accounts over 92 days, rolled up the tree by branch, from a snapshot a day.

Beside it stands the same aggregation written by hand in DuckDB SQL over the same files, in the same run: no
hidden rows, no code maps, no postings, no moved branch, no replaced batch. Run with
`python -m bench.daily_averages`; it fails when the system takes more than 1.5 times as long.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
from sqlalchemy.orm import Session

from lms.app import create_app
from lms.core.audit import SYSTEM
from lms.core.db import Model, db
from lms.core.duck import MEMORY
from lms.core.files import StoredFile
from lms.indicators.models import DataField, DataModel, FieldMapping, ImportBatch, ImportUpload, Indicator
from lms.indicators.rules import Aggregate, BatchState, ImportKind, IndicatorSet, Policy
from lms.indicators.rules.kinds import Delivery, FieldKind, FieldRole, FieldUse, ModelState
from lms.indicators.services import IndicatorDraft, define_indicator, measures_of
from lms.people.models import Level
from lms.people.services import hire, open_unit

ACCOUNTS, DAYS, BRANCHES, MANAGERS = 100_000, 92, 66, 360
FIRST = date(2026, 7, 1)
AFTER = FIRST + timedelta(days=DAYS)
LIMIT = 1.5
ROUNDS = 5
NOW = datetime(2026, 10, 9, tzinfo=UTC)

BY_HAND = """
    WITH RECURSIVE climb AS (
        SELECT code AS unit, code AS ancestor FROM unit
        UNION ALL SELECT climb.unit, parent FROM climb JOIN unit ON unit.code = climb.ancestor
        WHERE parent IS NOT NULL),
    average AS (
        SELECT branch, CAST(sum(balance) AS DOUBLE) / {days} AS value
        FROM read_parquet('{files}') GROUP BY branch)
    SELECT ancestor, sum(value) FROM average JOIN climb ON climb.unit = average.branch GROUP BY ancestor
"""


def write_files(folder: Path) -> list[str]:
    """Write a file a day, as an import leaves them."""
    names = []
    (folder / "records").mkdir(parents=True)
    with duckdb.connect() as connection:
        for at in range(DAYS):
            name = f"records/{at:03}-v1.parquet"
            connection.execute(f"""COPY (
                SELECT printf('622%09d', i) AS account, printf('E%05d', i % {MANAGERS}) AS officer,
                    printf('B%03d', i % {MANAGERS} % {BRANCHES}) AS branch,
                    CAST((hash(i * 131 + {at}) % 100000000) / 100.0 AS DECIMAL(28, 8)) AS balance,
                    CAST(i + 2 AS BIGINT) AS _line, DATE '{FIRST}' + {at} AS _day
                FROM range({ACCOUNTS}) given(i)) TO '{folder / name}' (FORMAT parquet, COMPRESSION zstd)""")  # noqa: S608
            names.append(name)
    return names


def fill(session: Session, names: list[str]) -> list[tuple[str, str | None]]:
    """Make the bank, the data model and a committed batch a file; return the units with their parents."""
    head = open_unit(
        session,
        SYSTEM,
        code="H",
        name_zh="总行",
        level=Level.HEAD_OFFICE,
        parent=None,
        valid_from=date(2015, 1, 1),
    )
    units: list[tuple[str, str | None]] = [("H", None)]
    tops = []
    for at in range(4):
        top = open_unit(
            session,
            SYSTEM,
            code=f"T{at}",
            name_zh=f"分行{at}",
            level=Level.TIER_1,
            parent=head,
            valid_from=date(2015, 1, 1),
        )
        tops.append(top)
        units.append((top.code, "H"))
    for at in range(BRANCHES):
        parent = tops[at % 4]
        code = f"B{at:03}"
        open_unit(
            session,
            SYSTEM,
            code=code,
            name_zh=f"支行{at}",
            level=Level.SUB_BRANCH,
            parent=parent,
            valid_from=date(2015, 1, 1),
        )
        units.append((code, parent.code))
    for at in range(MANAGERS):
        hire(session, SYSTEM, number=f"E{at:05}", name="测试员", hired_on=date(2020, 1, 1))
    draft = IndicatorDraft("DEPOSIT", "存款日均", IndicatorSet.BASIC, "元", aggregate=Aggregate.DAILY_AVG)
    _model(session, define_indicator(session, SYSTEM, draft), names)
    session.commit()
    return units


def _model(session: Session, indicator: Indicator, names: list[str]) -> None:
    model = DataModel(
        code="deposit",
        name_zh="储蓄存款",
        source="core",
        delivery=Delivery.SNAPSHOT,
        state=ModelState.ACTIVE,
        defined_at=NOW,
    )
    roles = {
        "account": (FieldKind.ID, FieldRole.ACCOUNT),
        "officer": (FieldKind.ID, FieldRole.EMPLOYEE),
        "branch": (FieldKind.ID, FieldRole.UNIT),
        "balance": (FieldKind.NUMBER, FieldRole.NONE),
    }
    for place, (code, (kind, role)) in enumerate(roles.items()):
        use = FieldUse.INDICATOR if code == "balance" else FieldUse.ROLE
        field = DataField(place=place, code=code, name_zh=code, kind=kind, role=role, use=use)
        model.fields.append(field)
    session.add(model)
    session.flush()
    session.add(
        FieldMapping(
            field_id=model.fields[-1].id,
            indicator_id=indicator.id,
            coefficient=Decimal(1),
            conditions=[],
            valid_from=date(2020, 1, 1),
        )
    )
    for at, name in enumerate(names):
        day = FIRST + timedelta(days=at)
        kept = StoredFile(sha256=f"{at:064}", name=name, media_type="text/csv", size=1, stored_at=NOW)
        upload = ImportUpload(
            kind=ImportKind.RECORDS,
            policy=Policy.ALL_OR_NOTHING,
            period=f"{day:%Y-%m}",
            name=name,
            sha256=f"{at:064}",
            stored_file=kept,
            options={},
            actor_label="bench",
            created_at=NOW,
        )
        session.add(
            ImportBatch(
                upload=upload,
                kind=ImportKind.RECORDS,
                state=BatchState.COMMITTED,
                data_model_id=model.id,
                source_name=name,
                source_sha256=f"{at:064}",
                content_sha256=f"{at:064}",
                period=f"{day:%Y-%m}",
                files=[name],
                rows=ACCOUNTS,
                rejected=0,
                first_day=day,
                last_day=day,
                committed_at=NOW,
            )
        )


def by_hand(folder: Path, units: list[tuple[str, str | None]]) -> dict[str, float]:
    with duckdb.connect(config={"memory_limit": MEMORY}) as connection:
        connection.execute("SET preserve_insertion_order=false")
        connection.execute("CREATE TABLE unit (code VARCHAR, parent VARCHAR)")
        connection.executemany("INSERT INTO unit VALUES (?, ?)", units)
        query = BY_HAND.format(days=DAYS, files=folder / "records" / "*.parquet")
        return dict(connection.sql(query).fetchall())


def by_system(session: Session) -> dict[str, float]:
    table = measures_of(session, "unit", None, ["DEPOSIT"], FIRST, AFTER)
    return {row["subject"]: row["value"] for row in table.to_pylist()}


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = write_files(folder / "facts")
        app = create_app(
            {
                "SECRET_KEY": "only for measuring",
                "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder / 'bench.sqlite'}",
                "ZHIXING_HOME": str(folder),
                "ZHIXING_FACTS": str(folder / "facts"),
            }
        )
        with app.app_context():
            Model.metadata.create_all(db.engine)
            session = db.session()
            units = fill(session, names)
            hand, system = [], []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                wanted = by_hand(folder / "facts", units)
                hand.append(time.perf_counter() - began)
                began = time.perf_counter()
                found = by_system(session)
                system.append(time.perf_counter() - began)
            assert wanted.keys() == found.keys()
            assert all(abs(found[unit] - value) < 1e-6 * abs(value) for unit, value in wanted.items())
            db.session.remove()
            db.engine.dispose()
    ratio = statistics.median(system) / statistics.median(hand)
    print(f"by hand: {ACCOUNTS:,} accounts × {DAYS} days by branch   {statistics.median(hand):8.3f} s")
    print(f"the system, same files and result                          {statistics.median(system):8.3f} s")
    print(f"ratio {ratio:.2f} (limit {LIMIT})")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
