"""Course packages: read from folders (here), published as course versions."""

from __future__ import annotations

from lms.learning.services.package_reader import read_package, read_packages

__all__ = ["read_package", "read_packages"]
