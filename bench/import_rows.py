"""How fast a file of actuals is imported, against a bare COPY of the same clean, typed rows.

Both are measured in the same run, alternating: an import job (text file on disk → read, checked,
committed, queryable, with the true line number of every reject) and `\\copy` into an unlogged
table of a PostgreSQL server on this machine. Every thousandth row is bad, in seven ways. Beside
it a second connection takes the write lock of the application's database again and again: how
long it ever had to wait is how long the import held it.

`python -m bench.import_rows` (2,000,000 rows; fails below 0.8 of the rate of COPY or above 50 ms
of lock), `--rows 10000000` for growth and peak memory (fails above 1.5 GiB), `--no-copy` without
PostgreSQL.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
from sqlalchemy import insert

from lms.app import create_app
from lms.core.audit import SYSTEM
from lms.core.db import Model, db
from lms.core.jobs import JobState, durable, run_inline
from lms.indicators.rules import ImportKind, IndicatorSet, Policy
from lms.indicators.services import (
    IndicatorDraft,
    UploadDraft,
    actuals,
    define_indicator,
    hold,
    receive,
    rejects,
    start,
)
from lms.people.models import Employee
from lms.people.services import hire
from tests import postgres

PEOPLE, INDICATORS, EVERY = 5_000, 20, 1_000
RATIO, LOCK_MS, MEMORY_MB = 0.8, 50.0, 1536.0
TITLES = "工号,指标,日期,数值,计算/推算,业务编号,备注"
COLUMNS = "employee text, indicator text, day date, value numeric(28,8), flag text, reference text, note text"


@dataclass
class Files:
    """A file with bad rows, the same rows when all are good, and which lines are bad."""

    text: Path
    clean: Path
    bad: set[int]


def files(folder: Path, rows: int) -> Files:
    made = Files(folder / "rows.csv", folder / "clean.csv", set())
    with made.text.open("w", encoding="utf-8") as text, made.clean.open("w", encoding="utf-8") as clean:
        text.write(TITLES + "\n")
        for at in range(rows):
            cells = [
                f"E{at * 7 % PEOPLE:05}",
                f"D{at % INDICATORS:02}",
                f"2026-{7 + at % 3:02}-{1 + at % 28:02}",
                f"{at * 7919 % 100_000_000 / 100:.2f}",
                "",
                f"R{at:010}",
                f"note{at % 50}",
            ]
            clean.write(",".join(cells) + "\n")
            if at % EVERY == EVERY - 1:
                made.bad.add(at + 2)
                cells = spoiled(cells, at // EVERY % 7)
            text.write(",".join(cells) + "\n")
    return made


def spoiled(cells: list[str], how: int) -> list[str]:
    """One of seven kinds of bad row."""
    if how == 6:
        return cells[:-1]
    at, wrong = [(0, "E99999"), (1, "NOPE"), (2, "2026-02-30"), (3, "很多"), (3, "-1"), (2, "2026-10-01")][
        how
    ]
    return [*cells[:at], wrong, *cells[at + 1 :]]


def copy_seconds(connection: psycopg.Connection, clean: Path) -> float:
    connection.execute("DROP TABLE IF EXISTS bare")
    connection.execute(f"CREATE UNLOGGED TABLE bare ({COLUMNS})")
    began = time.perf_counter()
    with connection.cursor().copy("COPY bare FROM STDIN (FORMAT csv)") as copy, clean.open("rb") as source:
        while block := source.read(1 << 18):
            copy.write(block)
    return time.perf_counter() - began


def psql_seconds(connection: psycopg.Connection, clean: Path) -> float:
    """The same by psql's own \\copy, where there is a psql."""
    psql = postgres.binaries() / "psql"
    if not psql.exists():
        return copy_seconds(connection, clean)
    connection.execute("DROP TABLE IF EXISTS bare")
    connection.execute(f"CREATE UNLOGGED TABLE bare ({COLUMNS})")
    info = connection.info
    command = [str(psql), "-q", "-h", info.host, "-U", info.user, "-d", info.dbname]
    began = time.perf_counter()
    subprocess.run([*command, "-c", f"\\copy bare FROM '{clean}' (FORMAT csv)"], check=True)  # noqa: S603
    return time.perf_counter() - began


WATCH = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
print("ready", flush=True)
longest, over = 0.0, time.monotonic() + 600
import select
while not select.select([sys.stdin], [], [], 0.002)[0]:
    began = time.perf_counter()
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            break
        except sqlite3.OperationalError:
            time.sleep(0.001)
    longest = max(longest, (time.perf_counter() - began) * 1000)
    connection.execute("ROLLBACK")
print(longest)
"""


class LockWatch:
    """A process that takes the write lock every few milliseconds and notes the longest wait."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-c", WATCH, str(path)]
        self.process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def longest(self) -> float:
        """End it; return milliseconds."""
        said, _ = self.process.communicate("over\n")
        return float(said)


class Bank:
    """A bank of its own on SQLite, with people and indicators."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.database = folder / "bench.sqlite"
        self.app = create_app(
            {
                "SECRET_KEY": "only for measuring",
                "SQLALCHEMY_DATABASE_URI": f"sqlite:///{self.database}",
                "ZHIXING_HOME": str(folder),
                "ZHIXING_FILES": str(folder / "files"),
            }
        )
        with self.app.app_context():
            Model.metadata.create_all(db.engine)
            durable.prepare(db.engine.url)
            session = db.session()
            one = hire(session, SYSTEM, number="E00000", name="测试员", hired_on=date(2020, 1, 1))
            session.flush()
            like = {column.key: getattr(one, column.key) for column in Employee.__mapper__.column_attrs}
            del like["id"]
            others = [{**like, "number": f"E{at:05}"} for at in range(1, PEOPLE)]
            session.execute(insert(Employee), others)
            for at in range(INDICATORS):
                draft = IndicatorDraft(
                    f"D{at:02}",
                    f"指标{at}",
                    IndicatorSet.TRANSACTION,
                    "元",
                    minimum=0,  # type: ignore[arg-type]
                )
                define_indicator(session, SYSTEM, draft)
            session.commit()
            db.session.remove()

    def import_seconds(self, made: Files, rows: int) -> tuple[float, float]:
        """Import the file; return the seconds and the longest wait for the lock in milliseconds."""
        now = datetime(2026, 10, 9, tzinfo=UTC)
        with self.app.app_context():
            session = db.session()
            with made.text.open("rb") as stream:
                held = hold(stream)
            durable.client(db.engine.url)  # as in a server that has queued something before
            watch = LockWatch(self.database)
            began = time.perf_counter()
            draft = UploadDraft(ImportKind.ACTUALS, "rows.csv", held, "2026Q3", Policy.GOOD_ROWS)
            upload = receive(session, SYSTEM, draft, now=now)
            job = start(session, SYSTEM, upload, now=now)
            session.commit()
            done = run_inline(job.id)
            took = time.perf_counter() - began
            session.rollback()
            waited = watch.longest()
            assert done.state is JobState.DONE, done.message
            session.refresh(upload)
            imported = sum(batch.rows for batch in upload.batches)
            assert imported == rows - len(made.bad), (imported, rows, len(made.bad))
            told = {one.problem.line for one in rejects(upload, per_page=10**9)[0]}
            assert told == made.bad, sorted(told ^ made.bad)[:5]
            one = actuals(session, ["E00007"], ["D01"], date(2026, 7, 1), date(2026, 10, 1))
            assert one.num_rows > 0
            db.session.remove()
            db.engine.dispose()
        return took, waited


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-copy", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-rows-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        made = files(folder, asked.rows)
        size = made.text.stat().st_size
        print(f"{asked.rows:,} rows of 7 fields, {size / 1e6:.0f} MB, {len(made.bad):,} bad in seven ways")
        imports, copies, lock = [], [], 0.0
        (folder / "pg").mkdir()
        with postgres.server(folder / "pg") as url:
            connection = postgres.connect(url)
            for run in range(asked.runs):
                if not asked.no_copy:
                    copies.append(psql_seconds(connection, made.clean))
                bank = Bank(folder / f"bank{run}")
                os.sync()  # what the reference left to be written is not to slow a commit down
                took, waited = bank.import_seconds(made, asked.rows)
                imports.append(took)
                lock = max(lock, waited)
                compared = f"copy {copies[-1]:6.2f} s   " if copies else ""
                print(f"run {run + 1}: {compared}import {took:6.2f} s   longest lock {waited:5.1f} ms")
            connection.close()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rate = asked.rows / statistics.median(imports)
        print(
            f"import {rate:,.0f} rows/s; longest lock {lock:.1f} ms; "
            f"peak memory {peak:,.0f} MB ({os.cpu_count()} cores)"
        )
        fine = lock < LOCK_MS and peak < MEMORY_MB
        if copies:
            ratio = statistics.median(copies) / statistics.median(imports)
            bare = asked.rows / statistics.median(copies)
            print(f"copy   {bare:,.0f} rows/s; ratio {ratio:.2f} (wanted {RATIO})")
            fine = fine and ratio >= RATIO
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
