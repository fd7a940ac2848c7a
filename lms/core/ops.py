"""Running the house: back up, migrate, verify, and say what an installation has and lacks."""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection, Engine, inspect, select

from lms.core import triggers
from lms.core.db import Model, db
from lms.core.jobs import durable
from lms.core.worker import Busy, only_one

KEPT_BACKUPS = 10
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")


class BackupImpossible(Exception):
    """The database cannot be backed up from here; the text says what to do."""


@dataclass(frozen=True)
class Finding:
    """One thing `flask doctor` looked at."""

    name: str
    good: bool
    text: str


# ---------------------------------------------------------------- versions


def wanted_heads() -> set[str]:
    """Return the newest revisions that the code knows."""
    directory = current_app.extensions["migrate"].directory
    return set(ScriptDirectory(str(directory)).get_heads())


def present_heads(engine: Engine) -> set[str]:
    """Return the revisions that the database is at; nothing for a new one."""
    with engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads())


# ---------------------------------------------------------------- backup


def back_up(engine: Engine, folder: Path, *, now: datetime) -> Path:
    """Write a consistent copy of the database beside the data and return its path.

    Raises:
        BackupImpossible: when pg_dump is missing or fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{now:%Y%m%dT%H%M%SZ}"
    made = _copy_sqlite(engine, stem) if engine.dialect.name == "sqlite" else _dump(engine, stem)
    for old in sorted(folder.glob(f"*{made.suffix}"))[:-KEPT_BACKUPS]:
        old.unlink()
    return made


def _copy_sqlite(engine: Engine, stem: Path) -> Path:
    target = stem.with_suffix(".sqlite3")
    with (
        closing(sqlite3.connect(str(engine.url.database))) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
    return target


def _dump(engine: Engine, stem: Path) -> Path:
    tool = shutil.which("pg_dump")
    if tool is None:
        raise BackupImpossible("pg_dump is not installed: apt-get install postgresql-client")
    target = stem.with_suffix(".dump")
    url = engine.url.set(drivername="postgresql", password=None).render_as_string()
    secret = {"PGPASSWORD": engine.url.password} if engine.url.password else {}
    done = subprocess.run(  # noqa: S603  the arguments are ours
        [tool, "--format=custom", f"--file={target}", url],
        env={**os.environ, **secret},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        target.unlink(missing_ok=True)
        raise BackupImpossible(f"pg_dump failed: {done.stderr.strip()}")
    return target


# ---------------------------------------------------------------- verify


def faults(connection: Connection) -> list[str]:
    """Return what is wrong with the database, as sentences; an empty list when nothing is."""
    found = []
    present = set(MigrationContext.configure(connection).get_current_heads())
    if present != wanted_heads():
        found.append(f"the schema is at {_words(present)}, the code wants {_words(wanted_heads())}")
    tables = set(inspect(connection).get_table_names())
    missing = {guard.name for guard in triggers.guards(tables)} - triggers.installed(connection)
    if missing:
        found.append(f"triggers are missing: {_words(missing)}")
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA quick_check").scalar()
        if broken != "ok":
            found.append(f"the file is damaged: {broken}")
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if orphans:
            found.append(f"{len(orphans)} rows have lost their parent, the first in {orphans[0][0]}")
    return found


def prepare_jobs(engine: Engine) -> None:
    """Create the tables of durable jobs; those that stand are migrated by the worker when it starts.

    DBOS takes seconds to import, which a start with nothing to do should not cost.
    """
    if not durable.prepared(engine):
        durable.prepare(engine.url)


def _words(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


# ---------------------------------------------------------------- production


class NotForProduction(SystemExit):
    """The installation must not be served in production; the text says why and what to do."""


def demo_accounts(connection: Connection) -> list[str]:
    """Return the user names of the demo bank that still open; their password is known to everybody."""
    account = Model.metadata.tables["account"]
    if not inspect(connection).has_table(account.name):
        return []
    living = select(account.c.username).where(account.c.demo, account.c.disabled_at.is_(None))
    return list(connection.scalars(living.order_by(account.c.id)))


def refuse_demo_accounts(connection: Connection) -> None:
    """Let no server start in production on a database that holds accounts of the demo bank.

    Raises:
        NotForProduction: naming the first of them.
    """
    found = demo_accounts(connection)
    if found:
        raise NotForProduction(
            f"Refused: ZHIXING_ENV is production, and this database holds {_accounts(found)}. Their password "
            "is public. Start from an empty database (DATABASE_URL, ZHIXING_HOME), or disable them first."
        )


def _accounts(names: list[str]) -> str:
    shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
    return f"{len(names)} {'account' if len(names) == 1 else 'accounts'} of the demo bank ({shown})"


# ---------------------------------------------------------------- doctor


_own_checks: dict[str, Callable[[], str]] = {}


def doctors(name: str) -> Callable[[Callable[[], str]], Callable[[], str]]:
    """Register what a room looks at: it returns a text, or raises with the text of what is wrong."""

    def register(check: Callable[[], str]) -> Callable[[], str]:
        _own_checks[name] = check
        return check

    return register


def examine() -> Iterator[Finding]:
    """Look at everything an installation needs, one finding after another."""
    yield Finding("python", sys.version_info >= (3, 11), sys.version.split()[0])
    checks: dict[str, Callable[[], str]] = {
        "database": _database,
        "files": _files,
        "pango": lambda: _library("libpangoft2-1.0.so.0", "libpango-1.0-0 libpangoft2-1.0-0"),
        "harfbuzz": lambda: _library("libharfbuzz-subset.so.0", "libharfbuzz-subset0"),
        "fonts": _fonts,
        "worker": _worker,
        "accounts": _demo,
        **_own_checks,
    }
    for name, check in checks.items():
        try:
            yield Finding(name, good=True, text=check())
        except Exception as error:  # noqa: BLE001  a doctor names every illness and goes on
            yield Finding(name, good=False, text=str(error).splitlines()[0])


def _database() -> str:
    engine = db.engine
    with engine.connect() as connection:
        found = faults(connection)
    if found:
        raise RuntimeError("; ".join(found) + " (flask upgrade)")
    return str(engine.url.render_as_string(hide_password=True))


def _files() -> str:
    folder = Path(current_app.config["ZHIXING_FILES"])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder) as probe:
        probe.write(b"zhixing")
        probe.flush()
        os.fsync(probe.fileno())
    return f"{folder}, {shutil.disk_usage(folder).free >> 30} GiB free"


def _library(name: str, package: str) -> str:
    try:
        ctypes.CDLL(name)
    except OSError:
        raise RuntimeError(f"{name} is missing: apt-get install {package}") from None
    return name


def _fonts() -> str:
    for folder in FONT_FOLDERS:
        for font in Path(folder).expanduser().rglob("Noto*CJK*"):
            return str(font)
    raise RuntimeError("no Chinese font: apt-get install fonts-noto-cjk")


def _worker() -> str:
    with suppress(Busy), only_one(Path(current_app.config["ZHIXING_HOME"]), db.engine):
        raise RuntimeError("no worker is running: flask worker")
    return "running"


def _demo() -> str:
    with db.engine.connect() as connection:
        found = demo_accounts(connection)
    if found and current_app.config["PRODUCTION"]:
        raise RuntimeError(f"{_accounts(found)}: refused in production")
    return f"{_accounts(found)}: for trials only" if found else "none of the demo bank"
