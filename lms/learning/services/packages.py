"""Course packages: read from folders, published as course versions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lms.learning.rules.package import Package
from lms.learning.services.package_reader import read_package, read_packages
from lms.learning.services.publishing import publish

__all__ = ["Package", "package_folders", "publish", "read_package", "read_packages"]

SHIPPED = Path(__file__).resolve().parents[3] / "courses"


def package_folders(names: Sequence[str] = ()) -> list[Path]:
    """Return the folders of packages named by code or path; all shipped ones when none is named."""
    if not names:
        return sorted(one.parent for one in SHIPPED.glob("*/course.yaml"))
    return [Path(name) if Path(name).is_dir() else SHIPPED / name for name in names]
