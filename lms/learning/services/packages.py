"""Course packages: read from folders, published as course versions."""

from __future__ import annotations

from lms.learning.services.package_reader import read_package, read_packages
from lms.learning.services.publishing import publish

__all__ = ["publish", "read_package", "read_packages"]
