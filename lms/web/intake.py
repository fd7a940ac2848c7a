"""What every request must be before a view sees it."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, abort, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

LARGEST_ID = 2**31 - 1


class RowId(IntegerConverter):
    """A number in an address that can be a row's id; a larger one names no page (404)."""

    def __init__(self, map: Map, *args: int, **options: int | bool) -> None:  # noqa: A002 (werkzeug's name)
        options.setdefault("max", LARGEST_ID)
        super().__init__(map, *args, **options)  # type: ignore[arg-type]


def init_app(app: Flask) -> None:
    """Refuse what no store can hold; take the visitor's address from as many proxies as there are."""
    app.url_map.converters["int"] = RowId
    if app.config["PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=app.config["PROXIES"], x_proto=0)  # type: ignore[method-assign]

    @app.before_request
    def refuse_null_characters() -> None:
        """PostgreSQL holds no text with a null character, and nobody types one."""
        if any("\0" in text for text in _texts()):
            abort(400)


def _texts() -> Iterator[str]:
    yield request.path
    for fields in (request.args, request.form):
        for name, value in fields.items(multi=True):
            yield name
            yield value
    for brought in request.files.values():
        yield brought.filename or ""
