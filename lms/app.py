"""Putting the house together: the only place that knows every room."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect

import config
from lms.core import catalogue, ops
from lms.core.db import db, prepare_engine, read_only
from lms.web import brand, current, errors, filters, headers, intake, nav
from lms.web.text import page_language

BLUEPRINTS = (
    "lms.web.jobs",
    "lms.learning.views",
    "lms.assessment.views",
    "lms.roleplay.views",
    "lms.feedback.views",
    "lms.indicators.views",
    "lms.appraisal.views",
    "lms.reports.views",
    "lms.admin.views",
    "lms.admin.views.values",
    "lms.accounts.views",
    "lms.home.views",
)
"""Modules with a `bp`, from the bottom of the house to the top."""

COMMANDS = (
    "lms.core.cli",
    "lms.core.worker",
    "lms.learning.cli",
    "lms.assessment.cli",
    "lms.indicators.cli",
    "lms.appraisal.cli",
    "lms.admin.cli",
    "lms.demo.cli",
)
"""Modules with `init_app(app)` that add commands."""

JOBS = (
    "lms.assessment.jobs",
    "lms.appraisal.jobs",
    "lms.reports.jobs",
    "lms.admin.jobs",
    "lms.indicators.jobs",
)
"""Modules that register job kinds and chores when imported."""


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """Return the application; `overrides` go over the settings of the environment."""
    root = Path(__file__).resolve().parent.parent
    app = Flask("lms", root_path=str(root / "lms"), template_folder="../templates", static_folder="../static")
    home = Path(overrides["ZHIXING_HOME"]) if overrides and "ZHIXING_HOME" in overrides else None
    app.config.update(config.settings(home))
    app.config.update(overrides or {})
    Path(app.config["ZHIXING_HOME"]).mkdir(parents=True, exist_ok=True)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    catalogue.compile_stale(root / "translations")

    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    Migrate(app, db, directory=str(root / "migrations"))
    Bootstrap5(app)
    intake.init_app(app)
    CSRFProtect(app)
    Babel(app, locale_selector=page_language)
    current.init_app(app)
    filters.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    _transactions(app)
    app.register_blueprint(brand.bp)
    for name in BLUEPRINTS:
        app.register_blueprint(importlib.import_module(name).bp)
    for name in COMMANDS:
        importlib.import_module(name).init_app(app)
    for name in JOBS:
        importlib.import_module(name)
    nav.init_app(app)
    return app


def serve() -> Flask:
    """Return the application for a web server; in production it refuses to start over demo accounts."""
    app = create_app()
    with app.app_context():
        if app.config["PRODUCTION"]:
            with db.engine.connect() as connection:
                ops.refuse_demo_accounts(connection)
        db.engine.dispose()  # a server that forks hands no connection on
    return app


def _transactions(app: Flask) -> None:
    """Reading requests read; writing requests commit once, when the answer is not an error."""

    @app.before_request
    def begin() -> None:
        view = app.view_functions.get(request.endpoint or "")
        posted = request.method not in ("GET", "HEAD", "OPTIONS")
        read_only(reading=not posted or getattr(view, "__reads__", False))

    # Functions after a request run in the reverse order of registration: the commit comes first,
    # so that the answer goes out only when it is true.
    @app.after_request
    def commit(response: Response) -> Response:
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            if response.status_code < 400 and not g.get("keep_nothing"):
                db.session.commit()
            else:
                db.session.rollback()
        return response

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        read_only(reading=False)
