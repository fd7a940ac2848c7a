"""A scheme as its editor sees it, and the document of room scoring it stands for.

People choose a short form (ratio, difference, bands, rank…); the engine sees a curve. What the short forms
cannot say stands in a table of segments, and what the editor cannot say at all is kept word for word.
"""

from lms.appraisal.rules.draft.model import (
    ClauseDraft,
    CoefficientDraft,
    ConditionDraft,
    Data,
    GateDraft,
    GradeDraft,
    IndicatorDraft,
    Mode,
    PlacesDraft,
    SchemeDraft,
    SectionDraft,
    SegmentDraft,
    StandardDraft,
)
from lms.appraisal.rules.draft.reading import draft_of, mode_of
from lms.appraisal.rules.draft.writing import document_of, indicator_document

__all__ = [
    "ClauseDraft",
    "CoefficientDraft",
    "ConditionDraft",
    "Data",
    "GateDraft",
    "GradeDraft",
    "IndicatorDraft",
    "Mode",
    "PlacesDraft",
    "SchemeDraft",
    "SectionDraft",
    "SegmentDraft",
    "StandardDraft",
    "document_of",
    "draft_of",
    "indicator_document",
    "mode_of",
]
