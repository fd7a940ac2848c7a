"""The verbs of administration, each made of verbs of lower rooms."""
