"""What a person asks for, before anything is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lms.core.textfile import Options
from lms.indicators.rules.kinds import Aggregate, Direction, ImportKind, IndicatorSet, Policy
from lms.scoring.document import IndicatorClass


@dataclass(frozen=True)
class IndicatorDraft:
    """An indicator to be; `base` is the code of what a change indicator is the change of."""

    code: str
    name_zh: str
    indicator_set: IndicatorSet
    unit: str
    name_en: str | None = None
    direction: Direction = Direction.MORE
    aggregate: Aggregate = Aggregate.SUM
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    whole: bool = False
    base: str | None = None
    by_hand: bool = False
    indicator_class: IndicatorClass | None = None
    point_in_time: bool | None = None


@dataclass(frozen=True)
class Held:
    """Content that is kept on disk already."""

    sha256: str
    size: int


@dataclass(frozen=True)
class UploadDraft:
    """A file and what its bringer decided about it; records name their data model."""

    kind: ImportKind
    name: str
    held: Held
    period: str
    policy: Policy = Policy.ALL_OR_NOTHING
    options: Options = field(default_factory=Options)
    split: bool = False
    data_model_id: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    compute_changes: bool = False
    supersede: bool = False
    titles: Mapping[str, str] = field(default_factory=dict)
