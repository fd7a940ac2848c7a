"""What the worker must know of this room: how people files are imported."""

from __future__ import annotations

from lms.admin.services import people_import

__all__ = ["people_import"]
