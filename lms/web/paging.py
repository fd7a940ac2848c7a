"""Lists in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import request, url_for
from sqlalchemy import Select, func, select

from lms.core.db import db

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list."""

    items: list[T]
    number: int
    pages: int
    total: int

    def url(self, number: int) -> str:
        """Return the address of another page of the same list."""
        arguments: dict[str, Any] = {**(request.view_args or {}), **request.args.to_dict(), "page": number}
        return url_for(str(request.endpoint), **arguments)


def page_of(items: Sequence[T], per_page: int = 50) -> Page[T]:
    """Return the page of a list in memory that the request's `page` asks for (1-based, clamped)."""
    pages = max(1, -(-len(items) // per_page))
    number = min(max(request.args.get("page", 1, type=int), 1), pages)
    return Page(list(items[(number - 1) * per_page : number * per_page]), number, pages, len(items))


def paginate(statement: Select[*tuple[Any, ...]], per_page: int = 50, *, scalars: bool = True) -> Page[Any]:
    """Return the page of a select that the request's `page` asks for (1-based, clamped)."""
    session = db.session()
    total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    pages = max(1, -(-total // per_page))
    number = min(max(request.args.get("page", 1, type=int), 1), pages)
    rows = session.execute(statement.limit(per_page).offset((number - 1) * per_page))
    return Page(list(rows.scalars() if scalars else rows), number, pages, total)
