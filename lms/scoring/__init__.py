"""Room scoring: pure rules from a scheme document and figures to points, grades, ranks and their trace.

    scheme = parse(document)             # dict from JSON; raises InvalidScheme(problems)
    result = score(scheme, facts, targets)
"""
