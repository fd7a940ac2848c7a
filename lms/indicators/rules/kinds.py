"""The kinds of things there are around an indicator."""

from __future__ import annotations

from enum import StrEnum


class IndicatorSet(StrEnum):
    """The five sets; every indicator is in exactly one."""

    BASIC = "basic"
    CHANGE = "change"
    INCOME = "income"
    TRANSACTION = "transaction"
    OTHER = "other"


class Direction(StrEnum):
    """Whether more or less of it is better."""

    MORE = "more"
    LESS = "less"


class Aggregate(StrEnum):
    """How the values of a period become one figure.

    SUM, MEAN and COUNT of the values; LAST the latest value; DAILY_AVG the mean over the days
    for which a value is known, each holding until the next.
    """

    SUM = "sum"
    LAST = "last"
    DAILY_AVG = "daily_avg"
    COUNT = "count"
    MEAN = "mean"


class Source(StrEnum):
    """Where a value came from."""

    IMPORTED = "imported"
    TYPED = "typed"
    COMPUTED = "computed"


class Flag(StrEnum):
    """What is known of a value.

    A change value is calculated (both balances known) or inferred; a basic, income or
    transaction value is recorded in the change table or not yet; another value has none.
    """

    CALCULATED = "calculated"
    INFERRED = "inferred"
    RECORDED = "recorded"
    UNRECORDED = "unrecorded"


class ImportKind(StrEnum):
    """What a file holds."""

    ACTUALS = "actuals"
    TARGETS = "targets"
    PEOPLE = "people"


class Policy(StrEnum):
    """What becomes of a file with bad rows; chosen before the import."""

    ALL_OR_NOTHING = "all_or_nothing"
    GOOD_ROWS = "good_rows"


class BatchState(StrEnum):
    """Where an upload or a batch stands; only what is committed counts anywhere."""

    DRAFT = "draft"
    COMMITTED = "committed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
