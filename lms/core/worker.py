"""The one process that runs durable jobs and chores, and the lock that keeps it the only one.

A second launcher would "recover" the living jobs of the first and run their steps twice.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from lms.core import housekeeping
from lms.core.db import db
from lms.core.jobs import durable, runner

LOCK_NUMBER = 0x5A48_584A
"""The advisory lock on PostgreSQL: one worker for a database, whatever host it runs on."""
ATTEMPTS = 5


class Busy(Exception):
    """Another worker is running."""


@contextmanager
def only_one(home: Path, engine: Engine, *, patience: float = 0.0) -> Iterator[None]:
    """Hold the worker's lock; wait up to `patience` seconds for a dying worker, then raise Busy.

    Both locks are released by the operating system or the server when the process is killed.
    """
    home.mkdir(parents=True, exist_ok=True)
    handle = os.open(home / "worker.lock", os.O_RDWR | os.O_CREAT, 0o600)
    holder = create_engine(engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    connection = holder.connect() if engine.dialect.name == "postgresql" else None
    deadline = time.monotonic() + patience
    try:
        while not _locked(handle, connection):
            if time.monotonic() >= deadline:
                raise Busy
            time.sleep(0.1)
        yield
    finally:
        if connection is not None:
            connection.close()
        holder.dispose()
        os.close(handle)


def _locked(handle: int, connection: Any) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    if connection is None:
        return True
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": LOCK_NUMBER}))


def run(app: Flask, until: Callable[[], object], *, polling_seconds: float = 0.2) -> None:
    """Launch DBOS on the application database, do jobs and chores until `until` returns; needs a context."""
    from dbos import DBOS

    durable.prepare(db.engine.url)
    DBOS(
        config={
            "name": durable.APPLICATION,
            "system_database_url": db.engine.url.render_as_string(hide_password=False),
            "dbos_system_schema": durable.SCHEMA,
            "executor_id": durable.EXECUTOR,
            "application_version": durable.VERSION,
            "serializer": durable.serializer(),
            "notification_listener_polling_interval_sec": polling_seconds,
            "log_level": "WARNING",
        }
    )
    _register(app)
    logging.getLogger("dbos").setLevel(logging.WARNING)
    DBOS.launch()
    DBOS.register_queue(durable.QUEUE, worker_concurrency=2, polling_interval_sec=polling_seconds)
    over = Event()
    Thread(target=housekeeping.keep, args=(app, over), name="housekeeping", daemon=True).start()
    until()
    over.set()


def _register(app: Flask) -> None:
    """Tell DBOS the one workflow there is; its steps are our own transactions."""
    from dbos import DBOS, error

    # A lost connection or a locked database passes; anything else has ended the job already.
    step = partial(
        DBOS.step,
        retries_allowed=True,
        max_attempts=ATTEMPTS,
        interval_seconds=0.5,
        should_retry=lambda error: isinstance(error, OperationalError),
    )

    @step(name="plan")
    def plan(job_id: int) -> list[str]:
        with app.app_context():
            return runner.plan_now(job_id)

    @step(name="step")
    def one_step(job_id: int, key: str) -> bool:
        with app.app_context():
            return runner.step_now(job_id, key)

    @step(name="close")
    def close(job_id: int) -> None:
        with app.app_context():
            runner.close_now(job_id)

    @DBOS.workflow(name=durable.WORKFLOW)
    def run_job(job_id: int) -> None:
        try:
            for key in plan(job_id):
                if not one_step(job_id, key):
                    break
            close(job_id)
        except error.DBOSMaxStepRetriesExceeded as exhausted:
            with app.app_context():
                runner.failed(job_id, exhausted)


def init_app(app: Flask) -> None:
    """Add the command `flask worker`."""
    app.cli.add_command(worker)


@click.command()
@with_appcontext
@click.option("--patience", default=15.0, help="Seconds to wait for another worker to end.")
def worker(patience: float) -> None:
    """Run the durable jobs and the housekeeping until interrupted; there is one worker for a database."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    # The kernel may hand a signal to any thread, which would not wake the main one: the
    # interpreter's own handler writes to a pipe, and the main thread reads from it.
    asleep, awake = os.pipe()
    os.set_blocking(awake, False)
    signal.set_wakeup_fd(awake)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    try:
        with only_one(Path(app.config["ZHIXING_HOME"]), db.engine, patience=patience):
            click.echo("Worker ready.")
            run(app, until=lambda: os.read(asleep, 1))
            # What is under way is left as a kill would leave it: the next worker goes on with it.
            os._exit(0)
    except Busy:
        raise click.ClickException("Another worker is running on this database.") from None
