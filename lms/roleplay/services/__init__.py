"""The verbs of role-play: install, schedule, rate, see."""

from lms.roleplay.services.rating import my_rating, save_draft, submit
from lms.roleplay.services.sittings import (
    install_package,
    scenarios_for,
    schedule,
    sitting_page,
    sittings,
    todo,
)
from lms.roleplay.services.view import SittingView, view_for

__all__ = [
    "SittingView",
    "install_package",
    "my_rating",
    "save_draft",
    "scenarios_for",
    "schedule",
    "sitting_page",
    "sittings",
    "submit",
    "todo",
    "view_for",
]
