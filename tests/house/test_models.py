"""What every table keeps to."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

import lms.app
from lms.core.db import Model
from lms.core.jobs import durable
from lms.core.reach import Reach
from tests import stores

stores.import_rooms()

HOUSE = Path(lms.app.__file__).parent
PLAIN = {sa.Integer, sa.BigInteger, sa.SmallInteger, sa.Boolean, sa.Text}
"""Types of SQLAlchemy that mean the same on both stores. Money, points, moments, days and
documents have types of our own in lms.core.types: the plain ones lose digits or time zones."""


def columns() -> list[sa.Column[object]]:
    return [column for table in Model.metadata.sorted_tables for column in table.columns]


def refusal(type_: sa.types.TypeEngine[object]) -> str | None:
    """Return why a column may not have this type, or None when it may."""
    if isinstance(type_, TypeDecorator):
        return (
            None if type(type_).__module__ == "lms.core.types" else f"{type_!r} is not one of lms.core.types"
        )
    if type(type_) is sa.String:
        return None if type_.length else "a String needs a length"
    return None if type(type_) in PLAIN else f"{type_!r} differs between the stores"


@pytest.mark.parametrize("column", columns(), ids=str)
def test_a_column_means_the_same_on_both_stores(column: sa.Column[object]) -> None:
    assert refusal(column.type) is None


@pytest.mark.parametrize(
    "type_",
    [sa.Numeric(18, 2), sa.Float(), sa.DateTime(timezone=True), sa.Date(), sa.JSON(), sa.String()],
    ids=repr,
)
def test_the_plain_types_are_refused(type_: sa.types.TypeEngine[object]) -> None:
    assert refusal(type_)


def test_no_table_is_called_as_one_of_the_job_engine() -> None:
    assert not set(Model.metadata.tables) & durable.tables()


def test_the_job_engines_tables_are_left_to_it() -> None:
    assert not durable.include_name("workflow_status", "table", {})
    assert durable.include_name("employee", "table", {})
    assert durable.include_name("workflow_status", "column", {})


def narrowed() -> Iterator[tuple[str, type[Model]]]:
    """Yield every model that code names when it narrows a query to the rights of a person."""
    for path in sorted(HOUSE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not any(f"{verb}(" in text for verb in ("load", "narrow", "reachable")):
            continue
        name = ".".join(path.relative_to(HOUSE.parent).with_suffix("").parts).removesuffix(".__init__")
        module = importlib.import_module(name)
        for call in ast.walk(ast.parse(text)):
            if isinstance(call, ast.Call) and _name(call.func) in ("load", "narrow", "reachable"):
                for found in _models(module, call):
                    yield f"{name}:{call.lineno} {found.__name__}", found


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _models(module: ModuleType, call: ast.Call) -> Iterator[type[Model]]:
    for argument in call.args:
        for node in ast.walk(argument):
            found = getattr(module, node.id, None) if isinstance(node, ast.Name) else None
            if inspect.isclass(found) and issubclass(found, Model):
                yield found


def test_a_model_that_a_page_reaches_says_how_rights_reach_it() -> None:
    uses = dict(narrowed())
    assert uses, "no page narrows anything: this test looks in the wrong place"
    bare = [use for use, model in uses.items() if not isinstance(getattr(model, "__scope__", None), Reach)]
    assert not bare
