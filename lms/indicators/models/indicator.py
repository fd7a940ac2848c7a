"""What is measured."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, String, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.core.db import Model
from lms.core.reach import Reach
from lms.core.types import EnumText, Json, Score
from lms.indicators.rules.kinds import Aggregate, Direction, IndicatorSet
from lms.scoring.document import IndicatorClass


class Indicator(Model):
    """Something that is measured, in one unit, in exactly one set.

    A derived indicator has a `formula` over other indicators (see `rules.formula`); `base` is what a
    change indicator is the change of. `income_counts` is the switch whether the income terms of a change
    formula take part. `by_hand` says that people may type its values. `point_in_time` declares whether it is
    the scale of a single day; None: as the rest of the definition tells (`rules.classes.is_point_in_time`).
    """

    __tablename__ = "indicator"
    __scope__ = Reach.shared()

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str | None] = mapped_column(String(120))
    indicator_set: Mapped[IndicatorSet] = mapped_column(EnumText(IndicatorSet))
    unit: Mapped[str] = mapped_column(String(20))
    direction: Mapped[Direction] = mapped_column(EnumText(Direction))
    aggregate: Mapped[Aggregate] = mapped_column(EnumText(Aggregate))
    minimum: Mapped[Decimal | None] = mapped_column(Score)
    maximum: Mapped[Decimal | None] = mapped_column(Score)
    whole: Mapped[bool] = mapped_column(default=False)
    base_id: Mapped[int | None] = mapped_column(ForeignKey("indicator.id"))
    formula: Mapped[Any | None] = mapped_column(Json)
    income_counts: Mapped[bool] = mapped_column(default=True, server_default=true())
    by_hand: Mapped[bool] = mapped_column(default=False, server_default=false())
    indicator_class: Mapped[IndicatorClass | None] = mapped_column(EnumText(IndicatorClass))
    point_in_time: Mapped[bool | None]

    base: Mapped[Indicator | None] = relationship(remote_side="Indicator.id")
