"""Building the demo bank step by step; each step is committed by the caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from lms.access.services.accounts import HASHER
from lms.core.audit import SYSTEM
from lms.core.calendar import load_statutory_days
from lms.core.clock import midnight
from lms.core.i18n import N_
from lms.core.profile import set_profile
from lms.demo.shape import SHAPES
from lms.demo.staff import Bank, open_units, take_on

SEED = 20160901
PASSWORD = "zhixing-demo"  # noqa: S105 (a demo account; production refuses them)
SIGN_INS = ("trainee", "trainer", "trainer2", "supervisor", "hr", "hr2", "head", "admin", "security", "audit")


@dataclass(frozen=True)
class Plan:
    """What is being built and for which day."""

    size: str
    today: date

    @property
    def now(self) -> datetime:
        """The moment the demo bank believes it is: midday of its day."""
        return midnight(self.today) + timedelta(hours=12)


def build(session: Session, size: str, today: date) -> Iterator[tuple[str, int, int]]:
    """Build a variant; yield (message id, step, steps) before each step so that a caller can commit."""
    plan, shape, draw = Plan(size, today), SHAPES[size], Random(SEED)
    built: dict[str, Bank] = {}

    def people() -> None:
        set_profile(session, SYSTEM, name_zh="示例银行", name_en="Demo Bank", colour="#0b4f8a")
        load_statutory_days(session, range(today.year - 3, today.year + 1))
        bank = open_units(session, shape, date(today.year - 12, 1, 1))
        take_on(session, bank, shape, draw, password_hash=HASHER.hash(PASSWORD), now=plan.now, today=today)
        built["bank"] = bank

    steps: list[tuple[str, Callable[[], None]]] = [(N_("机构与人员"), people)]
    for at, (title, step) in enumerate(steps):
        yield title, at, len(steps)
        step()
