"""What every test may ask for: an app, a session that is rolled back, a client, databases of its own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from sqlalchemy import URL, event
from sqlalchemy.orm import Session

from tests import stores

pytest_plugins = ["tests.requirements"]
if importlib.util.find_spec("tests.bank"):
    pytest_plugins.append("tests.bank")

PROFILE = os.environ.get("ZHIXING_PROFILE", "small")
# Deadlines measure the machine, not the code.
settings.register_profile(
    "small", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "full", max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(PROFILE)
few = settings(max_examples=100 if PROFILE == "full" else 6)
"""For a property whose examples take long: each of them computes or imports something whole."""

_run = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """The controlling process makes the run's directory and, when asked for, starts PostgreSQL."""
    if hasattr(config, "workerinput"):
        return
    directory = Path(tempfile.mkdtemp(prefix="zhixing-test-"))
    directory.chmod(0o711)
    _run.callback(shutil.rmtree, directory, ignore_errors=True)
    os.environ["ZHIXING_TEST_RUN"] = str(directory)
    if (
        stores.STORE == "postgresql"
        and not config.option.collectonly
        and not config.getoption("--requirements")
    ):
        from tests import postgres

        cluster = directory / "postgresql"
        cluster.mkdir()
        url = _run.enter_context(postgres.server(cluster))
        os.environ["ZHIXING_TEST_SERVER"] = url.render_as_string(hide_password=False)
        _run.callback(stores.drop_all)
    elif stores.STORE not in ("sqlite", "postgresql"):
        raise pytest.UsageError(f"ZHIXING_TEST_STORE is sqlite or postgresql, not {stores.STORE}")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        _run.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what touches a database, and what drives a browser, by what it asks for."""
    if stores.STORE == "postgresql" and PROFILE == "small":
        sampled = [item for item in items if item.get_closest_marker("sampled")]
        items[:] = [item for item in items if item not in sampled]
        config.hook.pytest_deselected(items=sampled)
    for item in items:
        if "database" in getattr(item, "fixturenames", ()) or "databases" in getattr(
            item, "fixturenames", ()
        ):
            item.add_marker(pytest.mark.store)
        if "browser" in Path(str(item.path)).relative_to(Path(__file__).parent).parts:
            item.add_marker(pytest.mark.browser)


# ---------------------------------------------------------------- databases


@pytest.fixture(scope="session")
def database() -> URL:
    """The database of this test process, with every table and no row."""
    return stores.copy_of_template("shared")


@pytest.fixture
def databases() -> Iterator[Databases]:
    """Databases of a test's own, for what commits, forks or migrates."""
    made = Databases()
    yield made
    made.drop()


class Databases:
    """Gives out databases and takes them away after the test."""

    def __init__(self) -> None:
        self._made: list[URL] = []

    def filled(self) -> URL:
        """Return a database with every table, trigger and no row."""
        self._made.append(stores.copy_of_template("own"))
        return self._made[-1]

    def empty(self) -> URL:
        """Return a database with nothing in it."""
        self._made.append(stores.empty_database("empty"))
        return self._made[-1]

    def drop(self) -> None:
        for url in self._made:
            stores.drop(url)


# ---------------------------------------------------------------- the app


@pytest.fixture(scope="session")
def make_app() -> Callable[..., Flask]:
    """Return a maker of apps on a given database and home, with settings over the usual ones of a test."""

    def make(url: URL, home: Path, **over: Any) -> Flask:
        from lms.app import create_app

        return create_app(
            {
                "TESTING": True,
                "SECRET_KEY": "only for tests",
                "SQLALCHEMY_DATABASE_URI": url.render_as_string(hide_password=False),
                "ZHIXING_HOME": str(home),
                "ZHIXING_FILES": str(home / "files"),
                "SERVER_NAME": "localhost",
                **over,
            }
        )

    return make


@pytest.fixture(scope="session")
def app(
    database: URL, make_app: Callable[..., Flask], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """The app of this test process; use `session` or `client` to touch its data."""
    app = make_app(database, tmp_path_factory.mktemp("home"))
    app.test_client_class = Client
    yield app
    with app.app_context():
        from lms.core.db import db

        db.engine.dispose()


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session in an app context; what tests, requests or jobs commit is rolled back after the test."""
    from lms.core.db import db

    with app.app_context():
        engine = db.engine
        engines = db._app_engines[app]
        with engine.connect() as connection:
            outer = connection.begin()
            connection.begin_nested()  # so that sessions on this connection commit into savepoints
            event.listen(connection, "before_cursor_execute", _refuse_writes_of_reading_requests)
            engines[None] = connection  # type: ignore[assignment]
            try:
                yield db.session()
            finally:
                db.session.remove()
                engines[None] = engine
                outer.rollback()


def _refuse_writes_of_reading_requests(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    """The begin listener cannot do it here: the one transaction of a test began long before."""
    from lms.core.db import is_reading

    if is_reading() and statement.lstrip().split(maxsplit=1)[0].upper() in ("INSERT", "UPDATE", "DELETE"):
        raise AssertionError(f"a reading request writes: {statement}")


class Client(FlaskClient):
    """A client whose requests have a context of their own, as on a server, on the test's connection."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        from lms.core.db import db

        session = db.session()
        session.commit()  # into the savepoint: the request sees what the test has made
        answer = copy_context().run(self._in_own_context, *args, **kwargs)
        session.expire_all()
        return answer

    def _in_own_context(self, *args: Any, **kwargs: Any) -> Any:
        with self.application.app_context():
            return super().open(*args, **kwargs)


@pytest.fixture
def client(app: Flask, session: Session) -> Client:
    """A visitor who has not signed in."""
    return app.test_client()  # type: ignore[return-value]
