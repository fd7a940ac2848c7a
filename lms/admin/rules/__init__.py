"""What a file of people or units would do to the bank; values in, values out."""

from lms.admin.rules.columns import PEOPLE, UNITS
from lms.admin.rules.known import Asked, KnownBank, KnownPerson, Stay
from lms.admin.rules.people import plan_people
from lms.admin.rules.plan import PeoplePlan, PersonAct, PersonChange
from lms.admin.rules.units import UnitAct, UnitChange, UnitPlan, plan_units

__all__ = [
    "PEOPLE",
    "UNITS",
    "Asked",
    "KnownBank",
    "KnownPerson",
    "PeoplePlan",
    "PersonAct",
    "PersonChange",
    "Stay",
    "UnitAct",
    "UnitChange",
    "UnitPlan",
    "plan_people",
    "plan_units",
]
