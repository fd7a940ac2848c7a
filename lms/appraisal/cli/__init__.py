"""Commands of appraisal: checking cycles, and scheme files."""

from __future__ import annotations

from flask import Flask

from lms.appraisal.cli import cycles, schemes


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(cycles.group)
    app.cli.add_command(schemes.group)
