"""The verbs of reports: issue a document, verify it, pack those of a unit."""

from lms.reports.services.documents import (
    Verified,
    documents,
    own_published,
    published_cycles,
    units,
    verified,
)
from lms.reports.services.issuing import Draft, Printed, issuable, issue, keep, prepare, reserve
from lms.reports.services.unit_zips import failures, start, zips

__all__ = [
    "Draft",
    "Printed",
    "Verified",
    "documents",
    "failures",
    "issuable",
    "issue",
    "keep",
    "own_published",
    "prepare",
    "published_cycles",
    "reserve",
    "start",
    "units",
    "verified",
    "zips",
]
