"""How long an import of 50,000 actuals in GBK takes, from the file on disk to the committed batch.

Beside it stands a reference measured in the same run: pandas reading the same file into text
columns and writing them as Parquet, with no check at all. Run with `python -m bench.import_actuals`;
it fails when the import takes 60 s or more, or more than 60 times the reference.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from lms.app import create_app
from lms.core.audit import SYSTEM
from lms.core.db import Model, db
from lms.indicators.rules import ImportKind, IndicatorSet, Policy
from lms.indicators.services import IndicatorDraft, UploadDraft, define_indicator, hold, rejects, run_import
from lms.people.services import hire

ROWS = 50_000
PEOPLE = 400
LIMIT_SECONDS = 60.0
LIMIT_RATIO = 60.0
BAD = {100: "2026-02-30", 20_000: "2026-13-01", 30_000: "昨天", 40_000: "20260931", 50_000: ""}


def content() -> bytes:
    lines = ["工号,指标,日期,数值"]
    for line in range(2, ROWS + 2):
        day = BAD.get(line, f"2026-{7 + line % 3:02}-{1 + line % 28:02}")
        lines.append(f"E{line % PEOPLE:05},D{line % 20:02},{day},{line * 37 % 1_000_000 / 100:.2f}")
    return ("\r\n".join(lines) + "\r\n").encode("gbk")


def reference(file: bytes, folder: Path) -> float:
    began = time.perf_counter()
    frame = pd.read_csv(io.BytesIO(file), encoding="gbk", dtype=str)
    frame.to_parquet(folder / "reference.parquet")
    return time.perf_counter() - began


def measure(file: bytes, folder: Path) -> tuple[float, int]:
    url = f"sqlite:///{folder / 'bench.sqlite'}"
    app = create_app(
        {
            "SECRET_KEY": "only for measuring",
            "SQLALCHEMY_DATABASE_URI": url,
            "ZHIXING_HOME": str(folder),
            "ZHIXING_FILES": str(folder / "files"),
        }
    )
    now = datetime(2026, 10, 9, tzinfo=UTC)
    with app.app_context():
        Model.metadata.create_all(db.engine)
        session = db.session()
        for at in range(PEOPLE):
            hire(session, SYSTEM, number=f"E{at:05}", name="测试员", hired_on=date(2020, 1, 1))
        for at in range(20):
            define_indicator(
                session, SYSTEM, IndicatorDraft(f"D{at:02}", f"指标{at}", IndicatorSet.TRANSACTION, "元")
            )
        session.commit()
        began = time.perf_counter()
        draft = UploadDraft(ImportKind.ACTUALS, "bench.csv", hold(file), "2026Q3", Policy.GOOD_ROWS)
        upload = run_import(session, SYSTEM, draft, now=now)
        session.commit()
        took = time.perf_counter() - began
        found = {one.problem.line for one in rejects(upload)[0]}
        assert found == set(BAD), found
        imported = sum(batch.rows for batch in upload.batches)
        db.session.remove()
        db.engine.dispose()
    return took, imported


def main() -> int:
    file = content()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = min(reference(file, folder) for _ in range(3))
        took, imported = measure(file, folder)
    print(f"reference: pandas reads {ROWS} rows as text and writes Parquet   {plain:8.3f} s")
    print(f"import: {imported} of {ROWS} rows checked and committed, 5 rejected   {took:8.3f} s")
    print(f"ratio {took / plain:.1f} × the reference; {ROWS / took:,.0f} rows/s")
    return 0 if took < LIMIT_SECONDS and took / plain < LIMIT_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
