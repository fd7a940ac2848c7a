"""What a person sees when something is refused, missing or broken."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, flash, jsonify, redirect, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from lms.core.db import db
from lms.core.errors import Forbidden, NotFound, Refused, Rejected
from lms.web.text import say, say_problem


def wants_json() -> bool:
    """Whether the caller is a script of ours that asked for JSON."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" or request.is_json


def came_from() -> str | None:
    """Return the page of ours the request came from, or None."""
    came = urlsplit(request.referrer or "")
    if not came.path or came.netloc != request.host or came.path.startswith("//") or "\\" in came.path:
        return None  # a path of two slashes would lead to another host
    return came.path + (f"?{came.query}" if came.query else "")


def page(status: int, text: str, problems: list[Any] | None = None) -> Any:
    """Return an error page, or the same as JSON."""
    if wants_json():
        return jsonify(error=text, problems=[say_problem(p) for p in problems or []]), status
    shown = {"status": status, "text": text, "problems": problems or [], "back": came_from()}
    return render_template("error.html", **shown), status


def _too_large(app: Flask) -> str:
    limit = app.config["MAX_CONTENT_LENGTH"]
    if limit is None or (request.content_length or 0) <= limit:
        return _("提交的内容太多。")
    return _("文件超过 %(limit)s MB，没有上传。请把它拆小后再上传，例如按月份。", limit=limit >> 20)


def _is_double(error: IntegrityError) -> bool:
    """Whether two people brought the same thing at the same moment, and this one came second."""
    return getattr(error.orig, "sqlstate", "") == "23505" or "UNIQUE constraint" in str(error.orig)


def init_app(app: Flask) -> None:
    """Register the answers to errors; every one of them rolls back."""

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Any:
        db.session.rollback()
        text = say(error.message, error.params)
        back = came_from()
        if request.method != "GET" and back and not wants_json():
            flash(text, "danger")
            return redirect(back, 303)
        return page(409, text)

    @app.errorhandler(Rejected)
    def rejected(error: Rejected) -> Any:
        db.session.rollback()
        return page(422, _("提交的内容有问题，没有保存任何数据。"), list(error.problems))

    @app.errorhandler(NotFound)
    def not_found(_error: NotFound) -> Any:
        db.session.rollback()
        return page(404, _("没有找到这个页面或内容。"))

    @app.errorhandler(Forbidden)
    def forbidden(_error: Forbidden) -> Any:
        db.session.rollback()
        return page(403, _("您没有进行此操作的权限。"))

    _register_of_store(app)

    @app.errorhandler(CSRFError)
    def csrf(_error: CSRFError) -> Any:
        return page(400, _("页面已过期，请返回刷新后重试。"))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Any:
        db.session.rollback()
        texts = {
            401: _("请先登录。"),
            403: _("您没有进行此操作的权限。"),
            404: _("没有找到这个页面或内容。"),
            405: _("不支持这种请求方式。"),
            413: _too_large(app),
            500: _("系统出错，错误已记录，数据没有改动。"),
        }
        status = error.code or 500
        if 300 <= status < 400:
            return error
        return page(status, texts.get(status, _("请求有误。")))

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Any:
        db.session.rollback()
        if app.testing:
            raise error
        app.logger.exception("unhandled error")
        return page(500, _("系统出错，错误已记录，数据没有改动。"))


def _register_of_store(app: Flask) -> None:
    """Register the answers to what the database refused although every check had let it pass."""

    @app.errorhandler(StaleDataError)
    def stale(_error: StaleDataError) -> Any:
        db.session.rollback()
        return page(409, _("其他人刚刚修改了同一内容，请刷新后重试。"))

    @app.errorhandler(IntegrityError)
    def collision(error: IntegrityError) -> Any:
        if not _is_double(error):
            raise error
        db.session.rollback()
        return page(409, _("其他人刚刚修改了同一内容，请刷新后重试。"))

    @app.errorhandler(DataError)
    def unfit(error: DataError) -> Any:
        db.session.rollback()
        app.logger.warning("a value does not fit its column: %s", error.orig)
        return page(422, _("提交的内容太长或超出允许的范围，没有保存任何数据。"))
