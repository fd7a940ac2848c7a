"""The databases of a test run: one template, made once, and a copy of it for whoever needs one.

The store is chosen by ZHIXING_TEST_STORE (sqlite, the default, or postgresql). The controlling
process makes the run's directory and starts the server; xdist's workers inherit both by environment.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url

STORE = os.environ.get("ZHIXING_TEST_STORE", "sqlite")
_counter = itertools.count(1)


def run_directory() -> Path:
    """Return the directory that all processes of this test run share."""
    return Path(os.environ["ZHIXING_TEST_RUN"])


def _server_url() -> URL:
    return make_url(os.environ["ZHIXING_TEST_SERVER"])


def _prefix() -> str:
    """A shared server may serve two runs at once; their databases must not meet."""
    return f"zhixing_{run_directory().name.replace('-', '_')}"


def copy_of_template(name: str) -> URL:
    """Return a database of one's own that holds every table, trigger and no row."""
    template = _template()
    return _copy(template, f"{_prefix()}_{name}_{os.getpid()}_{next(_counter)}")


def copy_of_bank(name: str, home: Path, fill: Callable[[URL, Path], None]) -> URL:
    """Return a database of one's own with the whole tiny bank, its files copied into `home`.

    `fill` builds it, once a run, into a database with every table and a home.
    """
    with _only_one("bank"):
        ready, built = run_directory() / "bank.url", run_directory() / "bank"
        if not ready.exists():
            url = copy_of_template("bank")
            fill(url, built)
            ready.write_text(url.render_as_string(hide_password=False))
    shutil.copytree(built, home, dirs_exist_ok=True)
    return _copy(make_url(ready.read_text()), f"{_prefix()}_{name}_{os.getpid()}_{next(_counter)}")


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """Return a directory that is filled once a run, whoever asks first; nobody is to change it."""
    with _only_one(name):
        ready, home = run_directory() / f"{name}.ready", run_directory() / name
        if not ready.exists():
            home.mkdir()
            make(home)
            ready.touch()
    return home


def empty_database(name: str) -> URL:
    """Return a database of one's own that holds nothing at all."""
    own = f"{_prefix()}_{name}_{os.getpid()}_{next(_counter)}"
    if STORE == "sqlite":
        return URL.create("sqlite", database=str(run_directory() / f"{own}.sqlite3"))
    _create(own)
    return _server_url().set(database=own)


def drop(url: URL) -> None:
    """Remove a database made here; whoever is still connected is cut off."""
    if url.get_backend_name() == "sqlite":
        for suffix in ("", "-wal", "-shm"):
            Path(f"{url.database}{suffix}").unlink(missing_ok=True)
    else:
        _execute(f'DROP DATABASE IF EXISTS "{url.database}" WITH (FORCE)')


def _template() -> URL:
    with _only_one("template"):
        ready = run_directory() / "template.url"
        if not ready.exists():
            url = empty_database("template")
            _fill(url)
            ready.write_text(url.render_as_string(hide_password=False))
        return make_url(ready.read_text())


def import_rooms() -> None:
    """Import every room, so that the metadata hold every table."""
    from lms import app

    for name in (*app.BLUEPRINTS, *app.COMMANDS, *app.JOBS):
        importlib.import_module(name)


def _fill(url: URL) -> None:
    from lms.core import triggers
    from lms.core.db import Model, prepare_engine
    from lms.core.jobs import durable

    import_rooms()
    engine = create_engine(url)
    prepare_engine(engine)
    with engine.begin() as connection:
        Model.metadata.create_all(connection)
        triggers.install(connection)
    durable.prepare(url)
    if url.get_backend_name() == "sqlite":
        with engine.connect() as connection:
            connection.connection.dbapi_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    engine.dispose()


def _copy(template: URL, name: str) -> URL:
    if STORE == "sqlite":
        target = run_directory() / f"{name}.sqlite3"
        shutil.copyfile(str(template.database), target)
        return URL.create("sqlite", database=str(target))
    with _only_one("template"):  # CREATE DATABASE wants its template to itself
        _create(name, template=template.database)
    return template.set(database=name)


def _create(name: str, template: str | None = "template0") -> None:
    _execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING \'UTF8\'')


def _execute(statement: str) -> None:
    from tests.postgres import connect

    with contextlib.closing(connect(_server_url())) as connection:
        connection.execute(statement.encode())


@contextmanager
def _only_one(name: str) -> Iterator[None]:
    with (run_directory() / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def drop_all() -> None:
    """Remove what this run left on a server that outlives it."""
    if STORE != "postgresql" or not os.environ.get("DATABASE_URL_TEST"):
        return
    from tests.postgres import connect

    with contextlib.closing(connect(_server_url())) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [_prefix()]
        ).fetchall()
    for (name,) in rows:
        _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
