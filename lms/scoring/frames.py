"""The edges: Arrow tables in, checked; frames of an engine between; Arrow tables out, typed and ordered."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Literal

import duckdb
import narwhals as nw
import pyarrow as pa
import pyarrow.compute

from lms.scoring.document import Coefficient, Scheme
from lms.scoring.problems import N_, InvalidFrame, Problem

# The stubs of pyarrow refuse a plain value beside a column, which its functions take.
pc: Any = pyarrow.compute
Column = Any

Backend = Literal["arrow", "duckdb", "pandas", "polars"]
Frame = nw.LazyFrame[Any]
Lift = Callable[[pa.Table], Frame]

# Beyond this a double no longer carries cents.
LIMIT = 1e15


def schema_of(**columns: pa.DataType) -> pa.Schema:
    """A schema of these columns, in this order."""
    return pa.schema([pa.field(name, kind) for name, kind in columns.items()])


FACTS = schema_of(subject=pa.string(), measure=pa.string(), value=pa.float64())
TARGETS = schema_of(subject=pa.string(), measure=pa.string(), target=pa.float64())
COEFFICIENTS = schema_of(
    subject=pa.string(), indicator=pa.string(), name=pa.string(), value=pa.float64(), source=pa.string()
)


@contextmanager
def lifter(backend: Backend) -> Iterator[Lift]:
    """Gives a function that takes an Arrow table into the engine as a lazy frame, usable within the block."""
    if backend == "arrow":
        yield in_memory
    elif backend == "duckdb":
        with duckdb.connect() as connection:
            yield lambda table: nw.from_native(connection.from_arrow(table))
    elif backend == "pandas":
        import pandas as pd  # slow to import: only whoever asks for it needs it

        yield lambda table: nw.from_native(table.to_pandas(types_mapper=pd.ArrowDtype)).lazy()
    elif backend == "polars":
        import polars as pl  # a development dependency: only whoever asks for it needs it

        yield lambda table: nw.from_native(pl.DataFrame(pl.from_arrow(table)).lazy())
    else:
        raise ValueError(backend)


def in_memory(table: pa.Table) -> Frame:
    """The Arrow table itself as a lazy frame, without any engine."""
    return nw.from_native(table).lazy()


def collect(frame: Frame, schema: pa.Schema) -> pa.Table:
    """The lazy frame's rows as an Arrow table of exactly this schema."""
    table: pa.Table = frame.select(*schema.names).collect("pyarrow").to_native()
    columns = [pc.cast(table[name], schema.field(name).type) for name in schema.names]
    return pa.table(columns, schema=schema)


def decimals(units: Column, places: int) -> Column:
    """Integers of 10^-places as Arrow decimals with that many places."""
    unit = pa.scalar(Decimal(1).scaleb(-places), pa.decimal128(9, places))
    return pc.cast(pc.multiply(pc.cast(units, pa.decimal128(19, 0)), unit), pa.decimal128(38, places))


def checked(table: pa.Table, schema: pa.Schema, name: str) -> pa.Table:
    """The table cut to the schema's columns; raises InvalidFrame when it may not be scored.

    A subject or code must be there, a pair may come once, a number must be finite and within ±1e15.
    """
    missing = [column for column in schema.names if column not in table.column_names]
    if missing:
        raise InvalidFrame([Problem(name, N_("缺少：%(fields)s"), {"fields": ", ".join(missing)})])
    cut = table.select(schema.names).cast(schema).combine_chunks()
    problems = [*_bad_numbers(cut, name), *_bad_keys(cut, name)]
    if problems:
        raise InvalidFrame(problems)
    return cut


def check_coefficients(scheme: Scheme, table: pa.Table) -> None:
    """Raise InvalidFrame for a coefficient that no indicator declares or that lies outside its range."""
    declared = {(line.code, item.name): item for _, line in scheme.indicators() for item in line.coefficients}
    found = [
        problem
        for index, row in enumerate(table.to_pylist())
        if (problem := _coefficient(row, declared.get((row["indicator"], row["name"])), index))
    ]
    if found:
        raise InvalidFrame(found)


def subjects_table(facts: pa.Table, subjects: Collection[str] | None, waits: Collection[str]) -> pa.Table:
    """Who is scored, each once, and whether a missing figure of theirs always waits."""
    names = sorted({str(name) for name in (facts["subject"].to_pylist() if subjects is None else subjects)})
    waiting = set(waits)
    waits_too = pa.array([name in waiting for name in names], pa.bool_())
    return pa.table([pa.array(names, pa.string()), waits_too], names=["subject", "waits"])


def _coefficient(row: dict[str, Any], item: Coefficient | None, index: int) -> Problem | None:
    path = f"coefficients/{index}"
    shown = {"name": row["name"], "value": row["value"], "indicator": row["indicator"]}
    if item is None:
        return Problem(path, N_("指标 %(indicator)s 没有系数 %(name)s"), shown)
    low = 0.0 if item.low is None else item.low
    high = math.inf if item.high is None else item.high
    if row["value"] is not None and not low <= row["value"] <= high:
        return Problem(
            path,
            N_("系数 %(name)s 为 %(value)s，不在 %(low)s 至 %(high)s 之间"),
            shown | {"low": low, "high": high},
        )
    return None


def _bad_numbers(table: pa.Table, name: str) -> Iterator[Problem]:
    for column in table.schema.names:
        if table.schema.field(column).type != pa.float64():
            continue
        # NaN compares false with everything, so ask for what is right and negate.
        good = pc.fill_null(pc.less_equal(pc.abs(table[column]), LIMIT), fill_value=True)
        for index in pc.indices_nonzero(pc.invert(good)).to_pylist()[:20]:
            yield Problem(
                f"{name}/{index}/{column}",
                N_("数值 %(value)s 无法计分：必须是有限的数，绝对值不超过 1e15"),
                {"value": table[column][index].as_py()},
            )


def _bad_keys(table: pa.Table, name: str) -> Iterator[Problem]:
    kinds = (pa.string(), pa.int64())
    keys = [
        column
        for column in table.schema.names
        if table.schema.field(column).type in kinds and column not in ("source", "group")
    ]
    for key in keys:
        for index in pc.indices_nonzero(pc.is_null(table[key])).to_pylist()[:20]:
            yield Problem(f"{name}/{index}", N_("缺少：%(fields)s"), {"fields": key})
    counts = table.group_by(keys).aggregate([([], "count_all")])
    doubled = counts.filter(pc.greater(counts["count_all"], 1)).sort_by([(key, "ascending") for key in keys])
    for row in doubled.slice(0, 20).to_pylist():
        yield Problem(name, N_("重复的行：%(key)s"), {"key": " ".join(str(row[key]) for key in keys)})
