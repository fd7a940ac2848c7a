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

    SUM, MEAN and COUNT of the values; DISTINCT how many different ones there are; LAST the latest
    value; DAILY_AVG the mean over the days for which a value is known, each holding until the next.
    """

    SUM = "sum"
    LAST = "last"
    DAILY_AVG = "daily_avg"
    COUNT = "count"
    DISTINCT = "distinct"
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
    UNITS = "units"
    RECORDS = "records"


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


class Delivery(StrEnum):
    """How a new file of a data model stands to the earlier ones.

    SNAPSHOT: the whole state as of a day, in place of any earlier state of that day. REPLACE_DAY: all
    events of its days, in place of earlier ones of those days. DELTA: adds to what is there; a row with
    the key of an earlier row takes its place.
    """

    SNAPSHOT = "snapshot"
    REPLACE_DAY = "replace_day"
    DELTA = "delta"


class ModelState(StrEnum):
    """A draft takes no files; an active model does; a retired one keeps its records."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class FieldKind(StrEnum):
    """What a cell of a field is."""

    TEXT = "text"
    ID = "id"
    NUMBER = "number"
    DAY = "day"
    CHOICE = "choice"


class FieldRole(StrEnum):
    """What a field says about its row, beside the figure it may carry."""

    NONE = "none"
    EMPLOYEE = "employee"
    UNIT = "unit"
    CUSTOMER = "customer"
    ACCOUNT = "account"
    PRODUCT = "product"
    DAY = "day"
    REFERENCE = "reference"


class FieldUse(StrEnum):
    """What becomes of a field: undecided fields forbid imports; one with a role needs no indicator."""

    UNDECIDED = "undecided"
    INDICATOR = "indicator"
    ROLE = "role"
    NOT_USED = "not_used"


class CodeKind(StrEnum):
    """What a code of another system stands for."""

    EMPLOYEE = "employee"
    UNIT = "unit"


class Rhythm(StrEnum):
    """For which days a file comes."""

    DAILY = "daily"
    WORKING_DAY = "working_day"
    MONTHLY = "monthly"


class ArrivalState(StrEnum):
    """What became of an expected file. Short: fewer rows than usual, held back for a person to decide."""

    WAITING = "waiting"
    IMPORTED = "imported"
    MISSING = "missing"
    SHORT = "short"
    FAILED = "failed"
    REPLACED = "replaced"


class Answer(StrEnum):
    """What a person says to an own target."""

    ACCEPTED = "accepted"
    QUESTIONED = "questioned"
